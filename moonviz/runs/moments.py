"""More of a step than its record says: what a longer walk is put together from, and what CUDA's allocator adds."""

from __future__ import annotations

from dataclasses import dataclass

from moonviz.events import Kind

ROUNDED_TO = 512
"""Bytes that CUDA's allocator in PyTorch rounds every storage up to (`kMinBlockSize` of its source)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One step beyond its record: bytes by kind where it was highest, and its storages rounded up as CUDA does.

    Attributes:
        by_category: Bytes by kind at the step's highest moment; they sum to the record's `peak_bytes`.
        rounded_peak: The highest sum of rounded storages inside the step.
        rounded_live: The same sum at its end.
        fullest: Bytes by kind at the highest of the moments with the most gradients: what is highest in a network that
            is deep enough.
        rounded_fullest: The sum of rounded storages there.
    """

    by_category: dict[Kind, int]
    rounded_peak: int
    rounded_live: int
    fullest: dict[Kind, int]
    rounded_fullest: int


def rounded(size: int) -> int:
    """A storage's bytes once rounded up to whole blocks of `ROUNDED_TO`."""
    return -(-size // ROUNDED_TO) * ROUNDED_TO
