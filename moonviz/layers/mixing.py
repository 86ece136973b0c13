"""Invertible layers that mix, scale or permute the channels, the same at every position."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

from moonviz.layers.base import Layer, Residual, Shape, State
from moonviz.layers.checks import Factory, need_positions
from moonviz.layers.inside import affine
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsNothing, RetreatsStepwise
from moonviz.layers.placement import Placement
from moonviz.layers.solvers import QR
from moonviz.specs import layers as specs


class Conv1x1(FreshOutput, KeepsNothing, AdvancesStepwise, RetreatsStepwise):
    """y = Wx + b along the channels of `[N, C, *]`, W `[C, C]`: undone by one factorisation for all positions.

    Kingma, Dhariwal: *Glow: Generative Flow with Invertible 1×1 Convolutions*, 2018.
    """

    kind = "1×1 conv"
    saves_output = False

    def __init__(self, spec: specs.Conv1x1, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, in_shape)
        channels = in_shape[0]
        self.weight = place.empty(channels, channels)
        self.bias = place.empty(channels) if spec.bias else None

    @property
    def reason(self) -> str:
        n = self.in_shape[0]
        return f"The same {n}×{n} matrix at every position, undone by a QR factorisation. Keeps nothing."

    def initialise(self, generator: Generator) -> None:
        drawn = torch.empty(self.weight.shape, dtype=torch.float64)
        nn.init.orthogonal_(drawn, generator=generator)
        with torch.no_grad():
            self.weight.copy_(drawn)
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: State) -> State:
        return affine(x, _kernel(self.weight, x), self.bias)

    def inverse(self, y: State) -> State:
        shifted = y if self.bias is None else y - _along(self.bias, y)
        return _by_rows(QR(self.weight, self.title).solve_transposed, shifted)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return affine(cot_y, _kernel(self.weight.mT, cot_y), None)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return _by_rows(QR(self.weight, self.title).solve, cot_x)


class ActNorm(FreshOutput, KeepsNothing, AdvancesStepwise, RetreatsStepwise):
    """y = (x + b)·s per channel of `[N, C, *]` (Glow), with s = 1 and b = 0 to begin with."""

    kind = "actnorm"
    saves_output = False

    def __init__(self, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, in_shape)
        self.scale, self.bias = place.empty(in_shape[0]), place.empty(in_shape[0])

    @property
    def reason(self) -> str:
        return "Each channel has a factor, not 0: divide to undo it. Keeps nothing."

    def initialise(self, generator: Generator) -> None:
        nn.init.ones_(self.scale)
        nn.init.zeros_(self.bias)

    def forward(self, x: State) -> State:
        # x·s + b·s: x + b would be one more activation for autograd to keep
        return torch.addcmul(_along(self.bias * self.scale, x), x, _along(self.scale, x))

    def inverse(self, y: State) -> State:
        return (y / _along(self.scale, y)).sub_(_along(self.bias, y))

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return cot_y * _along(self.scale, cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return cot_x / _along(self.scale, cot_x)


class Permute(FreshOutput, KeepsNothing, AdvancesStepwise, RetreatsStepwise):
    """A fixed permutation of the channels of `[N, C, *]`: y[i] = x[order[i]]."""

    kind = "permute"
    saves_output = False

    def __init__(self, spec: specs.Permute, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, in_shape)
        self.spec = spec
        order = torch.arange(in_shape[0], device=place.device).flip(0)
        # saved with the weights: a random order cannot be had again from the spec of this layer alone
        self.register_buffer("order", order)
        self.register_buffer("back", order.clone())

    @property
    def reason(self) -> str:
        words = "turns them round" if self.spec.order == "reverse" else "moves them"
        return f"Only {words}, the {self.in_shape[0]} channels, and can move them back. Keeps nothing."

    def initialise(self, generator: Generator) -> None:
        if self.spec.order == "random":
            order = torch.randperm(len(self.order), generator=generator)
            self.order.copy_(order)
            self.back.copy_(order.argsort())

    def forward(self, x: State) -> State:
        return x.index_select(1, self.order)

    def inverse(self, y: State) -> State:
        return y.index_select(1, self.back)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self.inverse(cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.forward(cot_x)


def _by_rows(solve: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """What a solver for rows makes of the channels at every position of `[N, C, *]`."""
    rows = z.movedim(1, -1)
    return solve(rows.flatten(0, -2)).view(rows.shape).movedim(-1, 1).contiguous()


def _along(numbers: Tensor, x: Tensor) -> Tensor:
    """One number per channel, to be broadcast over batch and positions."""
    return numbers.view(-1, *[1] * (x.dim() - 2))


def _kernel(matrix: Tensor, x: Tensor) -> Tensor:
    """A matrix as a convolution of kernel 1."""
    return matrix[(..., *[None] * (x.dim() - 2))]


def _conv1x1(spec: specs.Conv1x1, in_shape: Shape, place: Placement) -> Layer:
    need_positions("a 1×1 convolution", in_shape)
    return Conv1x1(spec, in_shape, place)


FACTORIES: dict[type, Factory] = {
    specs.Conv1x1: _conv1x1,
    specs.ActNorm: lambda spec, in_shape, place: ActNorm(in_shape, place),
    specs.Permute: Permute,
}
