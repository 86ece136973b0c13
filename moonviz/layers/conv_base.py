"""What all convolutions share."""

from __future__ import annotations

from abc import abstractmethod

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from moonviz.layers.base import Layer, Residual, Shape, State
from moonviz.layers.mixins import FreshOutput, KeepsNothing
from moonviz.layers.pivots import PIVOTS, Pivot
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs
from moonviz.specs.pivot import Axis

_FORWARD = {1: F.conv1d, 2: F.conv2d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d}


class Convolution(FreshOutput, KeepsNothing, Layer):
    """y = W ∗ x + b, x `[N, C, L]` or `[N, C, H, W]`, taps W `[o, i, k]` or `[o, i, k, k]`; linear in x."""

    kind = "conv"
    saves_output = False

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement) -> None:
        channels, *extent = in_shape
        self.axes = tuple(Axis(size, spec.kernel, spec.stride, spec.padding) for size in extent)
        super().__init__(in_shape, (spec.channels, *(axis.outputs for axis in self.axes)))
        self.spec = spec
        self.weight = place.empty(spec.channels, channels, *(spec.kernel for _ in extent))
        self.bias = place.empty(spec.channels) if spec.bias else None

    @abstractmethod
    def kernel(self) -> Tensor:
        """The taps that act, from the weights. Differentiable."""

    @abstractmethod
    def shape_weights(self, drawn: Tensor, generator: Generator) -> None:
        """Change weights drawn with variance 1/fan-in, in place, in float64."""

    def initialise(self, generator: Generator) -> None:
        drawn = torch.empty(self.weight.shape, dtype=torch.float64)
        drawn.normal_(0, self.weight[0].numel() ** -0.5, generator=generator)
        self.shape_weights(drawn, generator)
        with torch.no_grad():
            self.weight.copy_(drawn)
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: State) -> State:
        return _FORWARD[len(self.axes)](x, self.kernel(), self.bias, self.spec.stride, self.spec.padding)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        spare = tuple(axis.spare for axis in self.axes)
        return _TRANSPOSED[len(self.axes)](
            cot_y, self.kernel(), stride=self.spec.stride, padding=self.spec.padding, output_padding=spare
        )

    @property
    def words(self) -> str:
        """Its numbers, to begin a sentence with."""
        return f"Kernel {self.spec.kernel}, stride {self.spec.stride}, padding {self.spec.padding}"


class WithPivot(Convolution):
    """A convolution solved from one of its taps.

    Attributes:
        pivot: How the pivot tap's matrix is made.
    """

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement, taps: tuple[int, ...]) -> None:
        """Take the pivot's place along each axis."""
        super().__init__(spec, in_shape, place)
        at = 0
        for tap in taps:
            at = at * spec.kernel + tap
        self.pivot: Pivot = PIVOTS[spec.pivot](at)


class AllTaps(WithPivot):
    """Mixin: every tap is free, the pivot's matrix apart."""

    def kernel(self) -> Tensor:
        return self.pivot.kernel(self.weight)

    def shape_weights(self, drawn: Tensor, generator: Generator) -> None:
        self.pivot.initialise(drawn, self.spec.bounded, generator)


def on_grid(tensor: Tensor) -> Tensor:
    """A state or taps on rows and columns: in 1-D one column, no copy."""
    return tensor if tensor.dim() == 4 else tensor.unsqueeze(-1)
