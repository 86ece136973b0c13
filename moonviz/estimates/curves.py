"""What a method takes at any depth and batch, learned from short dry runs. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from moonviz.estimates.lines import NUMBERS, bent_line, pairs_around, polynomial
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.replay import Peak, Table, UnknownWalk, Walked, peak_of
from moonviz.estimates.samples import anchor_every, segment_of, segmented
from moonviz.estimates.steps import Array, Blocks, Piece, Plan, Shape, pieces_of, steps_of
from moonviz.specs.methods import ForwardOptions, method_options


class Curve:
    """A method on a network family, as learned from points whose walks are written out.

    Args:
        points: Dry runs of `samples`, of one method and family.

    Raises:
        UnknownWalk: If their steps do not come in stretches that can be put together.
    """

    def __init__(self, points: Sequence[PeakPoint]) -> None:
        self._first = points[0]
        self._options = method_options(points[0].method, points[0].options)
        self._by_batch: dict[int, list[PeakPoint]] = {}
        for point in points:
            self._by_batch.setdefault(point.batch, []).append(point)
        fullest = max(map(len, self._by_batch.values()))
        self._by_batch = {size: row for size, row in self._by_batch.items() if len(row) == fullest}
        self._numbers = {
            name: {size: {point.depth: getattr(point, name) for point in row} for size, row in self._by_batch.items()}
            for name in NUMBERS
        }
        self._books = min(len(point.books) for row in self._by_batch.values() for point in row)
        self._groups = _group_lines(points)
        self._pieces = self._find_pieces(points)
        self._tables = [
            {
                size: Table([_walked(point, which) for point in row], self._pieces)
                for size, row in self._by_batch.items()
            }
            for which in range(self._books)
        ]
        some = self._tables[0]
        self._blocks = next(iter(some.values())).blocks
        self._quadratic = isinstance(self._options, ForwardOptions)
        self.consistent = all(table.consistent for tables in self._tables for table in tables.values())
        self.at = lru_cache(maxsize=4_096)(self._at)

    def _find_pieces(self, points: Sequence[PeakPoint]) -> tuple[Piece, ...]:
        """The stretches of a walk, from the longest that has three segments, so that loops can be told."""
        loops = segmented(self._options)
        ordered = sorted(points, key=lambda point: point.depth, reverse=True)
        if loops:
            ordered = [p for p in ordered if p.segment and 1 < p.segment * 2 < sum(p.books[0].groups)] or ordered
        return pieces_of(ordered[0].books[0], loops)

    def _at(self, depth: int, batch: int) -> PeakPoint:
        """The point at a depth and batch.

        Raises:
            UnknownWalk: If a walk of this depth has steps that no sample has.
        """
        groups = tuple(round(base + slope * depth) for base, slope in self._groups)
        if min(groups) < 1:
            raise UnknownWalk
        weights = self._weights(batch)
        shape = Shape(groups, segment_of(self._options, sum(groups), weights), anchor_every(self._options))
        peaks = [self._peak(tables, shape, depth, batch) for tables in self._tables]
        numbers = {name: self._number(name, depth, batch) for name in NUMBERS}
        found = {
            "peak_bytes": peaks[0].peak_bytes,
            "by_category": peaks[0].by_category,
            "rounding_bytes": peaks[0].rounding_bytes,
            "peak_bytes_range": tuple(peak.peak_bytes for peak in peaks[1:]) or None,
            "segment": shape.segment,
            "segment_weights": weights,
            "anchor_every": shape.anchor_every,
        }
        changed = {"depth": depth, "batch": batch, "exact": False, "how": "repeated blocks", "books": (), "asked": True}
        return self._first.model_copy(update=numbers | found | changed)

    def _peak(self, tables: dict[int, Table], shape: Shape, depth: int, batch: int) -> Peak:
        codes = next(iter(tables.values())).codes
        return peak_of(_steps(shape, self._blocks, self._pieces), codes, self._bytes(tables, depth, batch))

    def _bytes(self, tables: dict[int, Table], depth: int, batch: int) -> Array:
        """What each class takes at a depth and batch, `[classes, 3, columns]`.

        What is highest in a step may be one thing for few examples and another for many: of the lines through smaller
        and through larger batches the higher one counts.
        """
        if batch in tables:
            return tables[batch].at(depth)
        lines = [
            tables[one].at(depth) + (tables[two].at(depth) - tables[one].at(depth)) * ((batch - one) / (two - one))
            for one, two in pairs_around(sorted(tables), batch)
        ]
        best = lines[0].copy()
        for other in lines[1:]:
            for moment in (0, 2):
                higher = other[:, moment, :-1].sum(1) > best[:, moment, :-1].sum(1)
                best[higher, moment, :-1] = other[higher, moment, :-1]
                best[:, moment, -1] = np.maximum(best[:, moment, -1], other[:, moment, -1])
        return best

    def _number(self, name: str, depth: int, batch: int) -> int:
        degree = 0 if name == "largest_tensor_bytes" else 2 if self._quadratic and name == "flops" else 1
        by_batch = {size: polynomial(row, depth, degree) for size, row in self._numbers[name].items()}
        return max(0, round(bent_line(by_batch, batch)))

    def _weights(self, batch: int) -> tuple[int, int] | None:
        """Bytes of a block's input and residuals."""
        known = {size: row[0].segment_weights for size, row in self._by_batch.items()}
        if None in known.values():
            return None
        return tuple(round(bent_line({size: pair[n] for size, pair in known.items()}, batch)) for n in (0, 1))


@lru_cache(maxsize=256)
def _steps(shape: Shape, blocks: Blocks, pieces: tuple[Piece, ...]) -> Array:
    return steps_of(Plan(shape, blocks), pieces)[0]


def _walked(point: PeakPoint, which: int) -> Walked:
    book = point.books[which]
    return Walked(point.depth, Shape(book.groups, point.segment, point.anchor_every), book)


def _group_lines(points: Sequence[PeakPoint]) -> tuple[tuple[float, float], ...]:
    """For each block of the spec how its repeats grow with depth: (at depth 0, slope).

    Raises:
        UnknownWalk: If the number of blocks of the spec itself depends on depth.
    """
    shallow, deep = (choose(points, key=lambda point: point.depth) for choose in (min, max))
    few, many = shallow.books[0].groups, deep.books[0].groups
    if len(few) != len(many):
        raise UnknownWalk
    run = max(1, deep.depth - shallow.depth)
    slopes = [(b - a) / run for a, b in zip(few, many, strict=True)]
    return tuple((a - slope * shallow.depth, slope) for a, slope in zip(few, slopes, strict=True))
