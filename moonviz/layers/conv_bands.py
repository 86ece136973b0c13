"""Convolutions of stride 1 that keep the size: undone from a fragment at the head of every block of positions.

They have no more output channels than input channels. Their Jacobian has full rank in general, but solving without a
fragment would be unstable: the fragment cuts the substitution into blocks that run in parallel. Stable at every block
size if Σ_other ‖W_j‖ ≤ σ_min(pivot), which `bounded` draws. Derived, checked in tests.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from moonviz.layers.base import BlockFragmentalLayer, Residual, Shape, State
from moonviz.layers.blocks import Blocks, put, take
from moonviz.layers.causal import fill_rows, solve_tiles
from moonviz.layers.conv_base import AllTaps, WithPivot, on_grid
from moonviz.layers.mixins import AdvancesStepwise
from moonviz.layers.placement import Placement
from moonviz.layers.solvers import RowSolver
from moonviz.specs import layers as specs

_WHY = "Little of h is erased, but solved for without them the others would grow errors from one to the next."


def _heads(blocks: Blocks) -> str:
    """What is kept of each block, in words before their kind."""
    if blocks.known_count == blocks.size:
        return "all"
    head = min(blocks.length, blocks.head if blocks.count > 1 else blocks.first)
    return f"the first {head} of {'every' if blocks.count > 1 else 'the'} {blocks.length}"


class _Banded(WithPivot, AdvancesStepwise, BlockFragmentalLayer):
    """What rows and tiles share: p known positions in the first block, k−1 in every other."""

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return self.fragment_in_blocks(residual, cot_y, self.spec.block)

    def _blocks(self, axis: int, length: int) -> Blocks:
        return Blocks.of_length(self.axes[axis].size, length, self.spec.padding, self.spec.kernel - 1)

    def _blocks_of(self, axis: int, known: int) -> Blocks:
        return Blocks.of_known(self.axes[axis].size, known, self.spec.padding, self.spec.kernel - 1)

    def _factorised(self) -> tuple[Tensor, RowSolver]:
        kernel = self.kernel().detach()
        return on_grid(kernel), self.pivot.solver(self.pivot.matrix(kernel), self.title)


class _InRows(_Banded):
    """Blocks along the first axis: h[t,u] = (h_in[t−p,u] − Σ_{a≥1,b} h[t−a,u+p−b] W_{ab}) W_{0p}⁻¹.

    The fragment is `[N, C, rows kept, W]`, or `[N, C, positions kept]` in 1-D.
    """

    def fragment_in_blocks(self, residual: Residual, cot_y: State, block: int) -> Residual:
        return (take(cot_y, self._blocks(0, block).known, 2),)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        blocks = self._blocks_of(0, fragment[0].shape[2])
        taps, solver = self._factorised()
        h = cot_x.new_empty(len(cot_x), *self.out_shape)
        put(h, blocks.known, 2, fragment[0])
        fill_rows(on_grid(h), on_grid(cot_x), taps, solver, blocks)
        return h

    def _kept(self, what: str) -> str:
        blocks = self._blocks(0, self.spec.block)
        share = f"{blocks.known_count / blocks.size:.0%} of it"
        return f"{self.words}: keeps {_heads(blocks)} {what} of h, {share}. {_WHY}"


class BandedConv1d(AllTaps, _InRows):
    """1-D, solved from tap 0 in blocks of positions."""

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement) -> None:
        super().__init__(spec, in_shape, place, (0,))

    @property
    def reason(self) -> str:
        return self._kept("positions")


class BandedConv2d(_InRows):
    """2-D, solved in blocks of rows from the middle tap of the top row, whose other taps are 0."""

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement) -> None:
        super().__init__(spec, in_shape, place, (0, spec.padding))
        acts = torch.ones(spec.kernel, spec.kernel, dtype=place.dtype, device=place.device)
        acts[0] = 0
        acts[0, spec.padding] = 1
        self.register_buffer("acts", acts, persistent=False)

    @property
    def reason(self) -> str:
        return self._kept("rows")

    def kernel(self) -> Tensor:
        return self.pivot.kernel(self.weight * self.acts)

    def shape_weights(self, drawn: Tensor, generator: Generator) -> None:
        drawn.mul_(self.acts.to(drawn))
        self.pivot.initialise(drawn, self.spec.bounded, generator)


class TiledConv2d(AllTaps, _Banded):
    """2-D, all taps free, solved from tap (0, 0) along the anti-diagonals of square tiles.

    h[t,u] = (h_in[t−p,u−p] − Σ_{(a,b)≠(0,0)} h[t−a,u−b] W_{ab}) W_{00}⁻¹. The fragment is the known rows
    `[N, C, ·, W]` and, of the other rows, the known columns `[N, C, ·, ·]`.
    """

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement) -> None:
        super().__init__(spec, in_shape, place, (0, 0))

    @property
    def reason(self) -> str:
        rows, columns = self._blocks(0, self.spec.block), self._blocks(1, self.spec.block)
        share = 1 - (1 - rows.known_count / rows.size) * (1 - columns.known_count / columns.size)
        return (
            f"{self.words}: keeps {_heads(rows)} rows and {_heads(columns)} columns of h, {share:.0%} of it in tiles "
            f"of {rows.length}×{columns.length}. {_WHY}"
        )

    def fragment_in_blocks(self, residual: Residual, cot_y: State, block: int) -> Residual:
        rows, columns = self._blocks(0, block), self._blocks(1, block)
        sides = take(cot_y, columns.known, 3)
        # where every row is known there are no others
        others = take(sides, rows.unknown, 2) if rows.unknown else sides[:, :, :0].clone()
        return take(cot_y, rows.known, 2), others

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        whole_rows, sides = fragment
        rows = self._blocks_of(0, whole_rows.shape[2])
        columns = self._blocks_of(1, sides.shape[3])
        taps, solver = self._factorised()

        def put_known(h: Tensor) -> None:
            put(h, rows.known, 2, whole_rows)
            spread = sides.new_zeros((*sides.shape[:3], columns.size))
            put(spread, columns.known, 3, sides)
            put(h, rows.unknown, 2, spread)

        return solve_tiles(put_known, cot_x, taps, solver, rows, columns)
