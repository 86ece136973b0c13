"""Elementwise layers, softmax and dropout as plain data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moonviz.specs.base import Spec
from moonviz.specs.layers.fields import Slope


class LeakyReLU(Spec):
    """y = x where x > 0, slope·x elsewhere."""

    kind: Literal["leaky_relu"] = "leaky_relu"
    slope: Slope = 0.2


class Elementwise(Spec):
    """A smooth function with a slope that is never 0, unit by unit."""

    kind: Literal["elu", "softplus", "tanh", "sigmoid"]


class ReLU(Spec):
    """y = x where x > 0, 0 elsewhere: dead units erase their cotangent."""

    kind: Literal["relu"] = "relu"


class Gated(Spec):
    """GELU or SiLU: the slope vanishes at a point and in the left tail, so cotangents there are kept."""

    kind: Literal["gelu", "silu"]
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.2
    """τ: the cotangent is kept where the slope's size is below it."""


class Softmax(Spec):
    """y = exp(x) / Σ exp(x) over an example's features."""

    kind: Literal["softmax"] = "softmax"


class Dropout(Spec):
    """Each unit is dropped with a probability, the others scaled up; a recomputed sweep sees the same draw."""

    kind: Literal["dropout"] = "dropout"
    probability: Annotated[float, Field(ge=0, lt=1)] = 0.1
