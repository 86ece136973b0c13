"""An axis cut into blocks whose heads are known, and taking and putting parts of a tensor along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Blocks:
    """`size` positions in `count` blocks of equal length (the last may be shorter).

    The length is ⌈size/count⌉, so that the count alone says where the blocks are.

    Attributes:
        size: How many positions.
        count: How many blocks.
        first: How many positions at the head of the first block are known.
        head: How many at the head of every other block.
    """

    size: int
    count: int = 1
    first: int = 0
    head: int = 0

    @classmethod
    def of_length(cls, size: int, length: int, first: int, head: int) -> Self:
        """As few blocks as there can be of at most this length."""
        return cls(size, -(-size // length), first, head)

    @classmethod
    def of_known(cls, size: int, known: int, first: int, head: int) -> Self:
        """The blocks of which this many positions are known."""
        counts = (cls(size, count, first, head) for count in range(1, size + 1))
        return next(blocks for blocks in counts if blocks.known_count == known)

    @property
    def length(self) -> int:
        """Positions of a block, the last apart."""
        return -(-self.size // self.count)

    @property
    def known(self) -> list[slice]:
        """The known positions: the first block's together, then those at the same place of all other blocks."""
        if self.first >= self.length:
            return [slice(0, self.size)]  # all of it, in an order that does not depend on the blocks
        others = (slice(self.length + at, self.size, self.length) for at in range(min(self.head, self.length)))
        return [part for part in (slice(0, self.first), *others) if self.numbers(part)]

    @property
    def known_count(self) -> int:
        """How many positions are known."""
        return sum(map(self.numbers, self.known))

    @property
    def unknown(self) -> list[slice]:
        """The other positions, in the order of solving: those at the same place of all blocks that lack it together."""
        return [
            slice(at, at + 1 if at < self.head else self.size, self.length) for at in range(self.first, self.length)
        ]

    @property
    def groups(self) -> list[tuple[int, int, int]]:
        """(first block, how many, known positions at the head) of blocks that are solved alike."""
        return [(0, 1, self.first), *([(1, self.count - 1, self.head)] if self.count > 1 else [])]

    def numbers(self, part: slice) -> int:
        """How many positions a slice has."""
        return len(range(self.size)[part])


def take(tensor: Tensor, parts: list[slice], axis: int) -> Tensor:
    """Parts of a tensor along an axis, one after the other, in new memory."""
    before = (slice(None),) * axis
    return torch.cat([tensor[(*before, part)] for part in parts], axis)


def put(tensor: Tensor, parts: list[slice], axis: int, pieces: Tensor) -> None:
    """Write what `take` gave back to where it was."""
    before = (slice(None),) * axis
    at = 0
    for part in parts:
        target = tensor[(*before, part)]
        target.copy_(pieces.narrow(axis, at, target.shape[axis]))
        at += target.shape[axis]
