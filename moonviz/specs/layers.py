"""Layers as plain data. A factory in `layers/` turns each into a module."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moonviz.specs.base import Spec

Width = Annotated[int, Field(ge=1, le=65_536)]
Slope = Annotated[float, Field(gt=0, le=1)]
Scale = Annotated[float, Field(gt=0, le=100)]


class Dense(Spec):
    """y = Wx + b on vectors."""

    kind: Literal["dense"] = "dense"
    width: Width
    bias: bool = True
    init: Literal["orthogonal", "gaussian"] = "orthogonal"
    gain: Scale = 1.0


class LeakyReLU(Spec):
    """y = x where x > 0, slope·x elsewhere."""

    kind: Literal["leaky_relu"] = "leaky_relu"
    slope: Slope = 0.2


class Conv(Spec):
    """A 2-D convolution with zero padding."""

    kind: Literal["conv"] = "conv"
    channels: Width
    kernel: Annotated[int, Field(ge=1, le=31)] = 3
    stride: Annotated[int, Field(ge=1, le=16)] = 1
    padding: Annotated[int, Field(ge=0, le=31)] = 1
    bias: bool = True


class ConvInside(Spec):
    """The function inside a coupling: conv, LeakyReLU, conv, all of the same height and width."""

    kind: Literal["conv"] = "conv"
    hidden: Width | None = None
    """Channels between the two convolutions; null: as many as a half has."""
    kernel: Literal[1, 3, 5, 7] = 3
    slope: Slope = 0.2
    last_scale: Scale = 0.25
    """What the last convolution's initial weights are multiplied with: deep nets need it below 1."""


class Coupling(Spec):
    """Additive coupling (RevNet): one half moves by a function of the other, then the halves change places."""

    kind: Literal["coupling"] = "coupling"
    form: Literal["additive"] = "additive"
    inside: ConvInside = ConvInside()


class Flatten(Spec):
    """All of an example's numbers as one vector."""

    kind: Literal["flatten"] = "flatten"


class GlobalMeanPool(Spec):
    """The mean over height and width."""

    kind: Literal["global_mean_pool"] = "global_mean_pool"


LayerSpec = Annotated[Dense | LeakyReLU | Conv | Coupling | Flatten | GlobalMeanPool, Field(discriminator="kind")]
