"""Layers without weights that move or average numbers."""

from __future__ import annotations

from math import prod

import torch

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Layer, Residual, Shape, State, SubmersiveLayer
from moonviz.layers.checks import Factory, need_positions, words
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsNothing, RetreatsStepwise, WithoutWeights
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class Flatten(FreshOutput, KeepsNothing, AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    """All of an example's numbers as one vector."""

    kind = "flatten"

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, (prod(in_shape),))

    @property
    def reason(self) -> str:
        return "Only gives the numbers another shape. Keeps nothing."

    def forward(self, x: State) -> State:
        return x.flatten(1)

    def inverse(self, y: State) -> State:
        return y.unflatten(1, self.in_shape)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self.inverse(cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.forward(cot_x)


class GlobalMeanPool(FreshOutput, KeepsNothing, AdvancesStepwise, WithoutWeights, SubmersiveLayer):
    """The mean over all positions: `[N, C, *]` → `[N, C]`."""

    kind = "global mean pool"
    saves_output = False

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape[:1])

    @property
    def reason(self) -> str:
        places = prod(self.in_shape[1:])
        return f"Each output is the mean of {places} inputs of its own: their cotangents add up to it. Keeps nothing."

    def forward(self, x: State) -> State:
        return x.flatten(2).mean(2)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        spread = cot_y / prod(self.in_shape[1:])
        return spread.unflatten(1, (-1, *[1] * len(self.in_shape[1:]))).expand(-1, *self.in_shape).contiguous()

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return cot_x.flatten(2).sum(2)


class Squeeze(FreshOutput, KeepsNothing, AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    """Space to depth: `[N, C, H, W]` → `[N, C·f², H/f, W/f]`, and `[N, C, L]` → `[N, C·f, L/f]`.

    The places inside a square become channels: y[c·f² + a·f + b, i, j] = x[c, i·f + a, j·f + b].
    """

    kind = "squeeze"

    def __init__(self, spec: specs.Squeeze, in_shape: Shape) -> None:
        channels, *extent = in_shape
        self.factor, self.axes = spec.factor, len(extent)
        super().__init__(in_shape, (channels * spec.factor**self.axes, *(n // spec.factor for n in extent)))

    @property
    def reason(self) -> str:
        return f"Only moves each {'×'.join([str(self.factor)] * self.axes)} group into the channels. Keeps nothing."

    def forward(self, x: State) -> State:
        groups = [part for n in self.out_shape[1:] for part in (n, self.factor)]
        x = x.reshape(-1, self.in_shape[0], *groups)
        outer, inner = range(2, x.dim(), 2), range(3, x.dim(), 2)
        return x.permute(0, 1, *inner, *outer).reshape(-1, *self.out_shape)

    def inverse(self, y: State) -> State:
        y = y.reshape(-1, self.in_shape[0], *[self.factor] * self.axes, *self.out_shape[1:])
        pairs = [axis for inner in range(2, 2 + self.axes) for axis in (inner + self.axes, inner)]
        return y.permute(0, 1, *pairs).reshape(-1, *self.in_shape)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self.inverse(cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.forward(cot_x)


class Split(FreshOutput, KeepsNothing, AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    """One tensor into two halves of its channels, each with memory of its own.

    A view would keep the whole tensor alive, and an in-place half of a chunk raises in autograd.
    """

    kind = "split"
    pairs_output = True

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape)

    @property
    def reason(self) -> str:
        return "Only takes the channels apart. Keeps nothing."

    def forward(self, x: State) -> State:
        first, second = x.chunk(2, 1)
        return first.clone(memory_format=torch.contiguous_format), second.clone(memory_format=torch.contiguous_format)

    def inverse(self, y: State) -> State:
        return torch.cat(y, 1)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self.inverse(cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.forward(cot_x)


class Join(FreshOutput, KeepsNothing, AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    """Two halves into one tensor: the inverse of `Split`."""

    kind = "join"
    paired = True

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape)
        self._split = Split(in_shape)

    @property
    def reason(self) -> str:
        return "Only puts the channels together. Keeps nothing."

    def forward(self, x: State) -> State:
        return torch.cat(x, 1)

    def inverse(self, y: State) -> State:
        return self._split(y)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self._split(cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return torch.cat(cot_x, 1)


def _pool(spec: specs.GlobalMeanPool, in_shape: Shape, place: Placement) -> Layer:
    need_positions("a global mean pool", in_shape)
    return GlobalMeanPool(in_shape)


def _squeeze(spec: specs.Squeeze, in_shape: Shape, place: Placement) -> Layer:
    need_positions("a squeeze", in_shape)
    if any(n % spec.factor for n in in_shape[1:]):
        raise InvalidSpec(
            f"a squeeze by {spec.factor} takes positions that {spec.factor} divides, but gets {words(in_shape)}. Take "
            "another `factor`."
        )
    return Squeeze(spec, in_shape)


FACTORIES: dict[type, Factory] = {
    specs.Flatten: lambda spec, in_shape, place: Flatten(in_shape),
    specs.GlobalMeanPool: _pool,
    specs.Squeeze: _squeeze,
}
