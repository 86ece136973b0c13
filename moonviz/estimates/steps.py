"""The steps of a walk through a network of any depth, each with the code of its neighbourhood. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from moonviz.estimates.points import Book

Array = np.ndarray
_EDGE = 2
"""So many blocks at either end of a run of equal blocks are told from those in the middle."""
_STEM, _HEAD, _UP, _DOWN, _BODY = "stem", "head", "up", "down", "body"


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
        other = tuple(int(sizes[start + min(1, repeat - 1)]) for start, repeat in zip(starts, book.groups, strict=True))
        return cls(first, other)


class Plan:
    """The layers of a network of some shape, each with the code of its neighbourhood.

    What came before a step matters more than what comes after it, so blocks walked through downwards are told apart by
    how many are left above them.

    Attributes:
        length: Layers of the body.
        ends: Number of the last layer of each block.
        segments: First block of each segment and the one behind its last.
        up: Codes by layer of the body (the first at 0) where it is walked upwards.
        down: The same where it is walked downwards.
        outside: Code of stem and head.
    """

    def __init__(self, shape: Shape, blocks: Blocks) -> None:
        groups = np.asarray(shape.groups)
        total = int(groups.sum())
        group = np.repeat(np.arange(len(groups)), groups)
        place = np.arange(total) - np.repeat(np.cumsum(groups) - groups, groups)
        left = np.repeat(groups, groups) - 1 - place
        sizes = np.where(place == 0, np.asarray(blocks.first)[group], np.asarray(blocks.other)[group])
        self.ends = np.cumsum(sizes)
        self.length = int(self.ends[-1])
        self.segments, self.outside, inside = _segments(shape.segment, total)
        common = (group * 256 + inside) * 32 + _anchors(shape.anchor_every, total)
        block = np.repeat(np.arange(total), sizes)
        offset = self.ends[block] - 1 - np.arange(self.length)
        self.up, self.down = (
            ((common * 6 + _near(before, after)) * 6 + within)[block] * 128 + offset
            for (before, after), within in zip(
                ((place, left), (left, place)), _within_segments(self.segments, total), strict=True
            )
        )


def same_layer(codes: Array, wanted: int) -> tuple[Array, Array]:
    """(whether each class is of the same layer in the same sweep as a wanted one, in how much it differs otherwise).

    Where the block lies in its segment and where the anchors are counts most, then where it lies among its like, then
    which segment it is.
    """
    mine, theirs = _parts(np.asarray([wanted])), _parts(codes)
    same = (mine[0] == theirs[0]) & (mine[1] == theirs[1]) & (mine[2] == theirs[2])
    marks = sum(weight * (a != b) for weight, a, b in zip((8, 16, 4, 1), mine[3:], theirs[3:], strict=True))
    return same, marks


def _parts(codes: Array) -> tuple[Array, ...]:
    """(stretch, group, offset, place in the segment, anchors, place among its like, which segment) of classes."""
    piece, code = np.divmod(codes, _PIECE)
    outside, code = code < _INSIDE, np.maximum(code - _INSIDE, 0)
    code, offset = np.divmod(code, 128)
    code, in_segment = np.divmod(code, 6)
    code, in_group = np.divmod(code, 6)
    code, anchors = np.divmod(code, 32)
    group, which = np.divmod(code, 256)
    return piece * 2 + outside, group, offset, in_segment, anchors, in_group, np.where(outside, codes % _PIECE, which)


def _near(before: Array, after: Array) -> Array:
    """Code of a place among its like: the first, second or a later one; the last or not."""
    return np.minimum(before, _EDGE) * 2 + np.minimum(after, 1)


def _within_segments(segments: Sequence[tuple[int, int]], total: int) -> tuple[Array, Array]:
    """Codes of each block's place in its segment, upwards and downwards."""
    begins, ends = (np.repeat(side, np.diff(segments).ravel()) for side in np.asarray(segments).T)
    place, left = np.arange(total) - begins, ends - 1 - np.arange(total)
    return _near(place, left), _near(left, place)


def _segments(segment: int | None, total: int) -> tuple[list[tuple[int, int]], int, Array]:
    """(segments, code of their lengths, code of each block's segment)."""
    if segment is None:
        return [(0, total)], 0, np.zeros(total, int)
    segments = [(start, min(start + segment, total)) for start in range(0, total, segment)]
    number = np.arange(total) // segment
    last = len(segments) - 1
    lengths = 1 + min(segment, _EDGE + 1, total) * 4 + min(segments[-1][1] - segments[-1][0], _EDGE + 1)
    at_end = number >= last - 1  # where the length of the last one matters
    code = 1 + (number == 0) * 1 + (number == last) * 2 + (number == last - 1) * 4
    return segments, lengths * 2 + (last == 0), code * 16 + np.where(at_end, lengths, lengths // 4 * 4)


def _anchors(every: int | None, total: int) -> Array:
    """Code of the anchors at each block and those next to it."""
    kept = np.zeros(total + 4, int)
    if every is not None:
        kept[every + 1 : total + 1 : every] = 1  # block b's anchor is at b + 2; the last layer needs none
    return sum(kept[2 + n : total + 2 + n] * weight for n, weight in ((0, 1), (-1, 2), (1, 4), (-2, 8), (2, 16)))


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
    for number, layer, *_ in book.rows:
        kind = _STEM if layer == 0 else _HEAD if layer > length else _BODY
        phase, way, first, last = runs[-1] if runs else ("", _STEM, 0, 0)
        step = _UP if layer == last + 1 else _DOWN if layer == last - 1 else None
        if kind == _BODY and step and way in (step, _BODY) and phase == book.phases[number]:
            runs[-1] = (phase, step, first, layer)
        else:
            runs.append((book.phases[number], kind, layer, layer))
    found: list[Piece] = []
    turns: dict[tuple[str, str], int] = {}
    for phase, way, first, last in runs:
        known = _way_of(phase, runs) if way == _BODY else way
        if segmented and way not in (_STEM, _HEAD) and {first, last} != {1, length}:
            piece = Piece(phase, 0, known, looped=True)
            found += [piece] if piece not in found else []
            continue
        turn = turns.get((phase, known), 0)
        turns[phase, known] = turn + 1
        found.append(Piece(phase, turn, known))
    return tuple(found)


def _way_of(phase: str, runs: Sequence[tuple[str, str, int, int]]) -> str:
    """Which way a stretch of one layer goes: as longer ones of its phase, upwards if there are none."""
    return next((way for other, way, *_ in runs if other == phase and way in (_UP, _DOWN)), _UP)


_PIECE, _INSIDE = 2**44, 2**10
"""Codes of different stretches never meet, nor those of stem and head with those of the body."""


def steps_of(plan: Plan, pieces: Sequence[Piece]) -> tuple[Array, Array]:
    """(class codes, layers) of a whole walk, in order."""
    codes: list[Array] = []
    layers: list[Array] = []

    def add(number: int, begin: int, end: int, way: str) -> None:
        inside = np.arange(begin, end) if way == _UP else np.arange(begin, end)[::-1]
        codes.append(number * _PIECE + _INSIDE + (plan.up if way == _UP else plan.down)[inside])
        layers.append(inside + 1)

    def end(number: int, layer: int) -> None:
        codes.append(np.asarray([number * _PIECE + plan.outside]))
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
