"""Dense layers as plain data."""

from __future__ import annotations

from typing import Literal

from moonviz.specs.base import Spec
from moonviz.specs.layers.fields import Scale, Width


class Dense(Spec):
    """y = Wx + b on the last axis."""

    kind: Literal["dense"] = "dense"
    width: Width
    bias: bool = True
    init: Literal["orthogonal", "triangular", "gaussian"] = "orthogonal"
    """How the weights are drawn: orthogonal, as a product of triangles (LU) with unit diagonal, or Gaussian."""
    gain: Scale = 1.0
