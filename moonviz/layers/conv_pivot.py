"""Convolutions with a pivot tap along every axis: their vjp can be undone without keeping anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from moonviz.layers.base import Residual, Shape, State, SubmersiveLayer
from moonviz.layers.blocks import Blocks
from moonviz.layers.causal import fill_rows, solve_everywhere, solve_tiles
from moonviz.layers.conv_base import AllTaps, on_grid
from moonviz.layers.mixins import AdvancesStepwise, RetreatsStepwise
from moonviz.layers.placement import Placement
from moonviz.layers.solvers import RowSolver, SquareSolver
from moonviz.specs import layers as specs
from moonviz.specs.pivot import Axis, Tap

_WORDS = {"diagonal": "all at once", "lower": "first to last", "upper": "last to first"}


def pivots(axes: Sequence[Axis]) -> tuple[Tap, ...] | None:
    """The pivot tap of each axis; None if one has none."""
    found = tuple(axis.pivot for axis in axes)
    return None if None in found else found


def describe_pivot(taps: Sequence[Tap]) -> str:
    """Which tap, and in which order outputs are solved for: "tap (1, 2): down first to last, across all at once"."""
    orders = [_WORDS[tap.order or "diagonal"] for tap in taps]
    places = ", ".join(str(tap.place) for tap in taps)
    if len(taps) == 1:
        return f"tap {places}, {orders[0]}"
    order = orders[0] if orders[0] == orders[1] else f"down {orders[0]}, across {orders[1]}"
    return f"tap ({places}), {order}"


def describe_no_pivot(axes: Sequence[Axis]) -> str:
    """Which axes lack a pivot tap, and why: "down, each of its 6 taps reads padding for some output"."""
    faults = [axis.why_no_pivot for axis in axes]
    if len(set(faults)) == 1:
        return faults[0]
    return "; ".join(f"{name}, {fault}" for name, fault in zip(("down", "across"), faults, strict=True) if fault)


def solve_from_pivot(
    cot_x: Tensor, kernel: Tensor, axes: Sequence[Axis], taps: Sequence[Tap], solver: RowSolver
) -> Tensor:
    """The h with h J = h_in, from h_in where the pivot tap reads.

    Args:
        cot_x: h_in `[N, i, L]` or `[N, i, H, W]`.
        kernel: The taps `[o, i, k]` or `[o, i, k, k]`.
        axes: The convolution along each axis.
        taps: The pivot along each.
        solver: Of the pivot's matrix.
    """
    upward = []
    for number, (axis, tap) in enumerate(zip(axes, taps, strict=True), 2):
        first, last = tap.place, tap.place + axis.stride * tap.earlier + 1
        if tap.order == "upper":
            upward.append(number)
            first, last = tap.place - axis.stride * tap.later, tap.place + 1
        kernel = _slice(kernel, number, slice(first, last, axis.stride))
        start = tap.place - axis.padding
        cot_x = _slice(cot_x, number, slice(start, start + axis.stride * (axis.outputs - 1) + 1, axis.stride))
    # solved from last to first is solved from first to last, seen from the other end
    if upward:
        kernel, cot_x = kernel.flip(upward), cot_x.flip(upward)
    h = _solve(on_grid(cot_x), on_grid(kernel), solver)
    h = h if cot_x.dim() == 4 else h.squeeze(-1)
    return h.flip(upward) if upward else h


def _slice(tensor: Tensor, axis: int, part: slice) -> Tensor:
    return tensor[(*(slice(None),) * axis, part)]


def _solve(right: Tensor, taps: Tensor, solver: RowSolver) -> Tensor:
    high, wide = taps.shape[2:]
    if high == wide == 1:
        return solve_everywhere(solver, right)
    if high == 1:
        return _solve(right.mT, taps.mT, solver).mT.contiguous()
    batch, _, rows, columns = right.shape
    if wide == 1:
        h = right.new_empty(batch, taps.shape[0], rows, columns)
        fill_rows(h, right, taps, solver, Blocks(rows))
        return h
    return solve_tiles(_nothing, right, taps, solver, Blocks(rows), Blocks(columns))


def _nothing(h: Tensor) -> None:
    """No part of h is known beforehand."""


class PivotConv(AllTaps, AdvancesStepwise, SubmersiveLayer):
    """A convolution of no more outputs than inputs per position, with a pivot tap along every axis."""

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement, taps: tuple[Tap, ...]) -> None:
        super().__init__(spec, in_shape, place, tuple(tap.place for tap in taps))
        self.taps = taps

    @property
    def reason(self) -> str:
        return f"{self.words}: solved from {describe_pivot(self.taps)}. Keeps nothing."

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        kernel = self.kernel().detach()
        solver = self.pivot.solver(self.pivot.matrix(kernel), self.title)
        return solve_from_pivot(cot_x, kernel, self.axes, self.taps, solver)


class PointwiseConv(AllTaps, AdvancesStepwise, RetreatsStepwise):
    """Kernel 1, stride 1, as many outputs as inputs: one square matrix, the same at every position."""

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement) -> None:
        super().__init__(spec, in_shape, place, (0,) * len(in_shape[1:]))

    @property
    def reason(self) -> str:
        return f"Kernel 1: the same {self.out_shape[0]}×{self.in_shape[0]} matrix at every position. Keeps nothing."

    def inverse(self, y: State) -> State:
        rows = y.movedim(1, -1)
        if self.bias is not None:
            rows = rows - self.bias.detach()
        return self._at_each(self._solver().solve_transposed, rows)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._at_each(self._solver().solve, cot_x.movedim(1, -1))

    def _solver(self) -> SquareSolver:
        return self.pivot.square(self.pivot.matrix(self.kernel().detach()), self.title)

    def _at_each(self, solve: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
        solved = solve(rows.reshape(-1, rows.shape[-1])).view(rows.shape)
        return solved.movedim(-1, 1).contiguous()
