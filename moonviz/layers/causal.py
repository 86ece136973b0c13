"""Solving for h in convolutions that look back only, on a grid of rows and columns.

r = Σ_{a,b} h[t−a, u−b] W_{ab}, W_{00} = W* the pivot, h `[N, o, T, U]`, r `[N, i, T, U]`, W `[o, i, ·, ·]`: positions
are solved for one after the other, and all at once what does not depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.layers.blocks import Blocks
from moonviz.layers.solvers import RowSolver


def solve_everywhere(solver: RowSolver, right: Tensor) -> Tensor:
    """The h with h[t,u] W* = r[t,u]: one solve for all positions."""
    batch, _, rows, columns = right.shape
    solved = solver.solve(right.permute(0, 2, 3, 1).reshape(-1, right.shape[1]))
    return solved.view(batch, rows, columns, -1).permute(0, 3, 1, 2).contiguous()


def fill_rows(h: Tensor, right: Tensor, taps: Tensor, solver: RowSolver, blocks: Blocks) -> None:
    """Solve r[t,u] = h[t,u] W* + Σ_{a≥1,b} h[t−a, u+w−b] W_{ab} for the unknown rows of h, all blocks in parallel.

    Args:
        h: `[N, o, T, U]`, its known rows set; the others are written.
        right: r of the rows from `blocks.first` on: `[N, i, ≥ T − first, U]`.
        taps: W `[o, i, K, 2w+1]`; of row a = 0 only the pivot acts, whatever stands there.
        solver: Of W*.
        blocks: The rows in blocks.
    """
    reach, margin = taps.shape[2] - 1, taps.shape[3] // 2
    back = taps[:, :, 1:].flip(2, 3).transpose(0, 1).contiguous()  # the farthest row first
    for part in blocks.unknown:
        at, rows = part.start, blocks.numbers(part)
        rest = (
            right[:, :, at - blocks.first :: blocks.length][:, :, :rows]
            .permute(0, 2, 3, 1)
            .clone(memory_format=torch.contiguous_format)
        )
        depth = min(reach, at)
        if depth:
            past = h[:, :, at - depth :].unfold(2, depth, blocks.length)[:, :, :rows]
            _subtract(rest, past, back[:, :, reach - depth :], margin)
        solved = solver.solve(rest.view(-1, rest.shape[3]))
        h[:, :, part] = solved.view(*rest.shape[:3], -1).permute(0, 3, 1, 2)


def _subtract(rest: Tensor, past: Tensor, back: Tensor, margin: int) -> None:
    """rest `[N, m, U, i]` −= what the rows before, past `[N, o, m, U, depth]`, add through back `[i, o, depth, ·]`."""
    if not margin:
        flat = past.permute(0, 2, 3, 1, 4).reshape(-1, back[0].numel())
        rest.view(-1, rest.shape[3]).addmm_(flat, back.reshape(len(back), -1).mT, alpha=-1)
        return
    windows = past.permute(0, 2, 1, 4, 3).flatten(0, 1)
    rest.flatten(0, 1).sub_(F.conv2d(windows, back, padding=(0, margin)).squeeze(2).mT)


def solve_tiles(
    put_known: Callable[[Tensor], None], right: Tensor, taps: Tensor, solver: RowSolver, rows: Blocks, columns: Blocks
) -> Tensor:
    """Solve r[t,u] = Σ_{a,b} h[t−a, u−b] W_{ab} along the anti-diagonals of tiles, all tiles in parallel.

    Args:
        put_known: Writes the known rows and columns into an h `[N, o, T, U]` of zeros.
        right: r from the first unknown row and column on: `[N, i, ≥ T − first, ≥ U − first]`.
        taps: W `[o, i, K, L]`.
        solver: Of W*.
        rows: The rows in blocks.
        columns: The columns in blocks.

    Returns:
        h in new memory.
    """
    channels, _, *(high, wide) = taps.shape
    # zeros before the first row and column stand for what lies outside, those after the last make all tiles whole
    spare = rows.count * rows.length - rows.size, columns.count * columns.length - columns.size
    sides = rows.size + spare[0] + high - 1, columns.size + spare[1] + wide - 1
    # channels last, so that a window is read in long runs
    padded = right.new_zeros((len(right), *sides, channels))
    h = padded.permute(0, 3, 1, 2)[:, :, high - 1 : high - 1 + rows.size, wide - 1 : wide - 1 + columns.size]
    put_known(h)
    right = F.pad(right, (0, spare[1], 0, spare[0])) if any(spare) else right.contiguous()
    # the pivot meets the 0 of a position still unsolved
    weights = taps.flip(2, 3).permute(2, 3, 0, 1).flatten(0, 2)
    for row_group in rows.groups:
        for column_group in columns.groups:
            tiles = _Tiles(padded, right, (rows, columns), row_group, column_group)
            for diagonal in tiles.diagonals:
                windows, rest, target = tiles.views(diagonal, (high, wide))
                rest = rest.clone(memory_format=torch.contiguous_format).view(-1, right.shape[1])
                rest.addmm_(windows.reshape(-1, len(weights)), weights, alpha=-1)
                target.copy_(solver.solve(rest).view(target.shape))
    return h.contiguous()


@dataclass(frozen=True, slots=True)
class _Plane:
    """A contiguous tensor as examples of rows, columns and channels, and how far memory moves along each.

    Torch's own strides may be anything where a side is 1.
    """

    tensor: Tensor
    example: int
    row: int
    column: int
    channel: int
    channels: int


class _Tiles:
    """Tiles that are solved alike, and their anti-diagonals as views: along one, memory moves by equal steps."""

    def __init__(
        self,
        padded: Tensor,
        right: Tensor,
        blocks: tuple[Blocks, Blocks],
        row_group: tuple[int, int, int],
        column_group: tuple[int, int, int],
    ) -> None:
        """Take h `[N, T, U, o]` with its margins, r `[N, i, T, U]`, the blocks and one group of each."""
        _, high, wide, channels = padded.shape
        self._h = _Plane(padded, high * wide * channels, wide * channels, channels, 1, channels)
        _, channels, high, wide = right.shape
        self._r = _Plane(right, channels * high * wide, wide, 1, high * wide, channels)
        self._high, self._wide = (axis.length for axis in blocks)
        self._firsts = tuple(axis.first for axis in blocks)
        (row, self._down, self._top), (column, self._along, self._left) = row_group, column_group
        self._row, self._column = row * self._high, column * self._wide

    @property
    def diagonals(self) -> range:
        """The sums of row and column within a tile, of unknown positions."""
        empty = self._top >= self._high or self._left >= self._wide
        return range(0) if empty else range(self._top + self._left, self._high + self._wide - 1)

    def views(self, diagonal: int, window: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """(windows of h that end at each position, its r, h itself), each `[N, tiles, tiles, positions, ·, c]`."""
        start = max(self._top, diagonal - self._wide + 1)
        count = min(self._high - 1, diagonal - self._left) - start + 1
        t, u = self._row + start, self._column + diagonal - start
        return (
            self._view(self._h, (t, u), count, window),
            self._view(self._r, (t - self._firsts[0], u - self._firsts[1]), count, ()),
            self._view(self._h, (t + window[0] - 1, u + window[1] - 1), count, ()),
        )

    def _view(self, on: _Plane, at: tuple[int, int], count: int, window: tuple[int, ...]) -> Tensor:
        return on.tensor.as_strided(
            (len(on.tensor), self._down, self._along, count, *window, on.channels),
            (
                *(on.example, on.row * self._high, on.column * self._wide, on.row - on.column),
                *(on.row, on.column)[: len(window)],
                on.channel,
            ),
            on.tensor.storage_offset() + at[0] * on.row + at[1] * on.column,
        )
