"""Convolutions as plain data; 1-D or 2-D is decided by the input's shape."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moonviz.specs.base import Spec
from moonviz.specs.layers.fields import Kernel, Padding, Stride, Width


class Conv(Spec):
    """A convolution with zero padding; the pivot-tap rule per axis decides what Moonwalk can do with it."""

    kind: Literal["conv"] = "conv"
    channels: Width
    kernel: Kernel = 3
    stride: Stride = 1
    padding: Padding = 1
    bias: bool = True
    pivot: Literal["free", "unit", "softplus"] = "free"
    """The pivot tap's matrix: free, or triangular with a diagonal of ones or of softplus + ε."""
    bounded: bool = False
    """Scale the other taps' initial weights below the pivot's smallest singular value: the walk is stable. Windows that
    share no input, and are undone whole, start orthogonal."""
    block: Annotated[int, Field(ge=2, le=4_096)] = 8
    """Stride 1 keeps a fragment of h at the head of each block of so many positions (rows, in 2-D)."""
    layout: Literal["rows", "tiles"] = "rows"
    """2-D fragments: whole rows (the taps above the pivot are zero), or tiles with all taps free."""
