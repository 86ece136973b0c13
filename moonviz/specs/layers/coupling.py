"""Couplings and residual blocks as plain data, with what is inside them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moonviz.specs.base import Spec
from moonviz.specs.layers.fields import Scale, Slope, Width


class ConvInside(Spec):
    """The function inside a coupling: conv, LeakyReLU, conv, all of the same height and width."""

    kind: Literal["conv"] = "conv"
    hidden: Width | None = None
    """Channels between the two convolutions; null: as many as a half has."""
    kernel: Literal[1, 3, 5, 7] = 3
    slope: Slope = 0.2
    last_scale: Scale = 0.25
    """What the last convolution's initial weights are multiplied with: deep nets need it below 1."""


class MlpInside(Spec):
    """Dense, LeakyReLU, dense along the channels (position by position)."""

    kind: Literal["mlp"] = "mlp"
    hidden: Width | None = None
    """Units between the two; null: twice as many as a half has channels."""
    slope: Slope = 0.2
    last_scale: Scale = 0.5


class AttentionInside(Spec):
    """Causal self-attention over the positions, written as products and a softmax."""

    kind: Literal["attention"] = "attention"
    heads: Annotated[int, Field(ge=1, le=64)] = 2
    last_scale: Scale = 0.5


Inside = Annotated[ConvInside | MlpInside | AttentionInside, Field(discriminator="kind")]


class Coupling(Spec):
    """One half moves by a function of the other, then the halves change places (RevNet, RealNVP)."""

    kind: Literal["coupling"] = "coupling"
    form: Literal["additive", "affine"] = "additive"
    inside: Inside = ConvInside()


class Residual(Spec):
    """y = x + F(x) with the Lipschitz bound of F below 1 (i-ResNet): undone by iteration."""

    kind: Literal["residual"] = "residual"
    hidden: Width | None = None
    bound: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """q: spectral norms are scaled so that F changes distances by at most this factor."""
    iterations: Annotated[int, Field(ge=1, le=200)] = 60
