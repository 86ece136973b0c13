"""Put a long walk together from short ones, step by step. No torch here.

What a step adds to memory, and how high it reaches above where it began, depends on its neighbourhood alone: its sweep,
its layer's place in the block, whether the block is among the first or last of its kind, how it lies in a segment, and
whether an anchor is kept there. Short walks show every such *class* of steps. The steps of a long walk are sorted into
the same classes and their bytes are added up, which gives its peak, the parts of it, and where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from moonviz.estimates.points import Book
from moonviz.estimates.steps import Array, Blocks, Piece, Plan, Shape, same_layer, steps_of
from moonviz.events import KINDS


@dataclass(frozen=True, slots=True)
class Walked:
    """A short walk and how it is built.

    Attributes:
        depth: Its depth.
        shape: Its shape.
        book: What it took, step by step.
    """

    depth: int
    shape: Shape
    book: Book


class Table:
    """What each class of steps adds to memory and how high it reaches, learned from short walks of one batch.

    Bytes are arrays `[classes, 3, columns]`, counted from where the step begins: at the step's highest moment, at its
    end, and where it has the most gradients; columns are the kinds, then the sum of rounded storages. A step that
    belongs to no block may take more the deeper the network is.

    Attributes:
        codes: The classes in rising order.
        consistent: Whether all steps of a class took the same.
    """

    def __init__(self, walks: Sequence[Walked], pieces: Sequence[Piece]) -> None:
        self.blocks = Blocks.of(max(walks, key=lambda walked: walked.depth).book)
        found = [self._read(walked, pieces) for walked in walks]
        codes = np.concatenate([one[0] for one in found])
        depths = np.concatenate([np.full(len(one[0]), walked.depth) for one, walked in zip(found, walks, strict=True)])
        bytes_ = np.concatenate([one[1] for one in found])
        self.codes, where = np.unique(codes, return_inverse=True)
        self.base, self.slope, self.consistent = _lines(where, depths, bytes_, len(self.codes))

    def _read(self, walked: Walked, pieces: Sequence[Piece]) -> tuple[Array, Array]:
        """Codes and bytes `[steps, 3, columns]` of a walk."""
        codes, layers = steps_of(Plan(walked.shape, self.blocks), pieces)
        rows = np.asarray(walked.book.rows)
        if not np.array_equal(rows[:, 1], layers):
            raise UnknownWalk
        width = len(walked.book.kinds) + 1
        places = [*(KINDS.index(kind) for kind in walked.book.kinds), len(KINDS)]
        found = np.zeros((len(rows), 3, len(KINDS) + 1))
        found[:, :, places] = rows[:, 2:].reshape(len(rows), 3, width)
        starts = np.vstack([np.zeros_like(found[:1, 1]), found[:-1, 1]])
        return codes, found - starts[:, None]

    def at(self, depth: int) -> Array:
        """Bytes `[classes, 3, columns]` in a network of a depth."""
        return self.base + self.slope * depth


class UnknownWalk(Exception):
    """A walk whose steps do not come in the stretches that were found, or come in classes that no short walk has."""


def _lines(where: Array, depths: Array, values: Array, classes: int) -> tuple[Array, Array, bool]:
    """For each class the line through its values by depth: (at depth 0, slope, whether all lie on the lines)."""
    order = np.lexsort((depths, where))
    where, depths, values = where[order], depths[order], values[order].astype(float)
    first = np.searchsorted(where, np.arange(classes), "left")
    last = np.searchsorted(where, np.arange(classes), "right") - 1
    rise = values[last] - values[first]
    run = np.maximum(depths[last] - depths[first], 1)
    slope = rise / run[:, None, None]
    base = values[first] - slope * depths[first][:, None, None]
    told = base[where] + slope[where] * depths[:, None, None]
    return base, slope, bool(np.abs(told - values).max() < 1)


@dataclass(frozen=True, slots=True)
class Peak:
    """The peak of a walk that was put together.

    Attributes:
        by_category: Bytes by kind at the peak.
        rounding_bytes: How much higher the highest sum of rounded storages is.
    """

    by_category: dict[str, int]
    rounding_bytes: int

    @property
    def peak_bytes(self) -> int:
        """All kinds together."""
        return sum(self.by_category.values())


def peak_of(wanted: Array, codes: Array, bytes_: Array) -> Peak:
    """Add up a walk.

    Args:
        wanted: The class of each step, in order.
        codes: The classes that are known, in rising order.
        bytes_: What they take, `[classes, 3, columns]`.

    Raises:
        UnknownWalk: If it has steps of a class that is not known.
    """
    row = np.searchsorted(codes, wanted)
    row[row == len(codes)] = 0
    missed = codes[row] != wanted
    if missed.any():
        likest = {int(code): _likest(codes, int(code)) for code in np.unique(wanted[missed])}
        row[missed] = [likest[int(code)] for code in wanted[missed]]
    totals = bytes_[:, :, :-1].sum(2)
    high = np.where(totals[:, 2] > totals[:, 0], 2, 0)
    at = int((_before(totals[row, 1]) + totals[row, high[row]]).argmax())
    counts = np.bincount(row[:at], minlength=len(codes))
    kinds = counts @ bytes_[:, 1, :-1] + bytes_[row[at], high[row[at]], :-1]
    rounded = np.maximum(bytes_[:, 0, -1], bytes_[:, 2, -1])
    whole = float((_before(bytes_[row, 1, -1]) + rounded[row]).max())
    by_category = {kind: round(size) for kind, size in zip(KINDS, kinds, strict=True) if round(size)}
    return Peak(by_category, max(0, round(whole) - sum(by_category.values())))


def _before(changes: Array) -> Array:
    """What is alive when each step begins."""
    return np.cumsum(changes) - changes


def _likest(codes: Array, wanted: int) -> int:
    """Where the class stands that is most like one that no sample has.

    Raises:
        UnknownWalk: If no class is of the same layer in the same sweep.
    """
    same, marks = same_layer(codes, wanted)
    if not same.any():
        raise UnknownWalk
    return int(np.where(same, marks, np.inf).argmin())
