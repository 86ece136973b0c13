"""The steps of a walk through a network of any depth, each with the code of its neighbourhood. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from moonviz.estimates.points import Book

Array = np.ndarray
_EDGE = 2
"""So many blocks at either end of a run of equal blocks are told from those in the middle."""
_STEM, _HEAD, _UP, _DOWN = "stem", "head", "up", "down"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a walk is built.

    Attributes:
        groups: By block of the spec: how often it is repeated.
        segment: Blocks per segment; null without segments.
        anchor_every: Blocks from anchor to anchor; null without.
    """

    groups: tuple[int, ...]
    segment: int | None = None
    anchor_every: int | None = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """Layers per block, by group: of a group's first block and of each other (which may begin with a split or join)."""

    first: tuple[int, ...]
    other: tuple[int, ...]

    @classmethod
    def of(cls, book: Book) -> Blocks:
        """As in a short walk."""
        sizes = np.diff(book.ends, prepend=0)
        starts = np.cumsum((0, *book.groups[:-1]))
        first = tuple(int(sizes[start]) for start in starts)
        other = tuple(
            int(sizes[start + min(1, repeat - 1)]) for start, repeat in zip(starts, book.groups, strict=True)
        )
        return cls(first, other)


class Plan:
    """The layers of a network of some shape, each with the code of its neighbourhood."""

    def __init__(self, shape: Shape, blocks: Blocks) -> None:
        groups = np.asarray(shape.groups)
        total = int(groups.sum())
        group = np.repeat(np.arange(len(groups)), groups)
        place = np.arange(total) - np.repeat(np.cumsum(groups) - groups, groups)
        left = np.repeat(groups, groups) - 1 - place
        sizes = np.where(place == 0, np.asarray(blocks.first)[group], np.asarray(blocks.other)[group])
        code = group * (_EDGE + 1) + np.minimum(place, _EDGE)
        code = code * (_EDGE + 1) + np.minimum(left, _EDGE)
        code = code * 32 + self._in_segment(shape.segment, total)
        code = code * 8 + self._anchors(shape.anchor_every, total)
        self.ends = np.cumsum(sizes)
        self.length = int(self.ends[-1])
        self.block = np.repeat(np.arange(total), sizes)
        offset = self.ends[self.block] - 1 - np.arange(self.length)
        self.codes = code[self.block] * 128 + offset
        """By layer of the body, the first at 0."""

    def _in_segment(self, segment: int | None, total: int) -> Array:
        if segment is None:
            self.segments = [(0, total)]
            return np.zeros(total, int)
        number = np.arange(total) // segment
        last = number[-1]
        starts = range(0, total, segment)
        self.segments = [(start, min(start + segment, total)) for start in starts]
        first = np.arange(total) % segment == 0
        ends = np.arange(total) % segment == segment - 1
        ends[-1] = True
        return 1 + (first * 2 + ends) * 4 + (number == 0) * 2 + (number == last)

    def _anchors(self, every: int | None, total: int) -> Array:
        kept = np.zeros(total + 2, int)
        if every is not None:
            kept[every : total : every] = 1  # block b's anchor is at b + 1; the last layer needs none
        return kept[1:-1] * 4 + kept[:-2] * 2 + kept[2:]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a walk: the stem, the head, or the body up or down; in a loop over segments where `looped`."""

    phase: str
    turn: int
    way: str
    looped: bool = False


def pieces_of(book: Book, segmented: bool) -> tuple[Piece, ...]:
    """The stretches of a walk in order, those of a loop over its segments once."""
    length = book.ends[-1]
    runs: list[tuple[str, str, int, int]] = []
    for row in book.rows:
        kind = _STEM if row.layer == 0 else _HEAD if row.layer > length else "body"
        if kind == "body" and runs and runs[-1][1] not in (_STEM, _HEAD) and runs[-1][0] == row.phase:
            phase, way, first, last = runs[-1]
            if way in (_UP, "body") and row.layer == last + 1:
                runs[-1] = (phase, _UP, first, row.layer)
                continue
            if way in (_DOWN, "body") and row.layer == last - 1:
                runs[-1] = (phase, _DOWN, first, row.layer)
                continue
        runs.append((row.phase, kind, row.layer, row.layer))
    found: list[Piece] = []
    turns: dict[tuple[str, str], int] = {}
    for phase, way, first, last in runs:
        looped = segmented and way in (_UP, _DOWN, "body") and {first, last} != {1, length}
        way = _way_of(phase, runs) if way == "body" else way
        if looped:
            piece = Piece(phase, 0, way, looped=True)
            if piece not in found:
                found.append(piece)
            continue
        turn = turns.get((phase, way), 0)
        turns[phase, way] = turn + 1
        found.append(Piece(phase, turn, way))
    return tuple(found)


def _way_of(phase: str, runs: Sequence[tuple[str, str, int, int]]) -> str:
    """Which way a stretch of one layer goes: as longer ones of its phase, upwards if there are none."""
    return next((way for other, way, *_ in runs if other == phase and way in (_UP, _DOWN)), _UP)


_PIECE = 2**40
"""Codes of different stretches never meet."""


def steps_of(plan: Plan, pieces: Sequence[Piece]) -> tuple[Array, Array]:
    """(class codes, layers) of a whole walk, in order."""
    codes: list[Array] = []
    layers: list[Array] = []

    def add(number: int, begin: int, end: int, way: str) -> None:
        inside = np.arange(begin, end)
        if way == _DOWN:
            inside = inside[::-1]
        codes.append(number * _PIECE + 1 + plan.codes[inside])
        layers.append(inside + 1)

    def end(number: int, layer: int) -> None:
        codes.append(np.asarray([number * _PIECE]))
        layers.append(np.asarray([layer]))

    done = False
    for number, piece in enumerate(pieces):
        if piece.way == _STEM:
            end(number, 0)
        elif piece.way == _HEAD:
            end(number, plan.length + 1)
        elif not piece.looped:
            add(number, 0, plan.length, piece.way)
        elif not done:
            done = True
            loop = [(n, other.way) for n, other in enumerate(pieces) if other.looped]
            for first, last in reversed(plan.segments):
                begin = int(plan.ends[first - 1]) if first else 0
                for n, way in loop:
                    add(n, begin, int(plan.ends[last - 1]), way)
    return np.concatenate(codes), np.concatenate(layers)
