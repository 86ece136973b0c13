"""Where a chain of layers has its stem, body and head, and which runs of it repeat. Functions of plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

MAX_PERIOD = 32
"""The longest run of layers that is looked for again right behind itself."""
LOOK_AHEAD = 8
"""How far before a longer run a shorter one gives way to it."""
LONGEST_BLOCK = 64


def parts(weighted: Sequence[bool], sizes: Sequence[tuple[int, int]], flat: bool) -> tuple[int, int]:
    """Where the body begins and ends.

    The last layer with weights and all behind it become the head. A first layer with weights that gives more numbers
    than it takes becomes the stem, with all before it.

    Args:
        weighted: Of each layer, whether it has weights that mix numbers.
        sizes: Its numbers in and out.
        flat: Whether the first layer only flattens, and so belongs to the stem.
    """
    heavy = [at for at, is_weighted in enumerate(weighted) if is_weighted]
    end = heavy[-1] if len(heavy) > 1 else len(weighted)
    start = int(flat)
    if len(heavy) > 2 and sizes[heavy[0]][1] > sizes[heavy[0]][0]:
        start = heavy[0] + 1
    if start >= end:
        start = 0 if flat >= end else int(flat)
    return start, end


def runs(keys: Sequence[object], weighted: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """(length, repeats) of each run, from the first layer to the last.

    Equal runs are folded; what is left comes in groups that begin with a layer that has weights.

    Args:
        keys: Equal for equal layers.
        weighted: As in `parts`.
    """
    at = 0
    while at < len(keys):
        period, repeat = _best_run(keys, at)
        ahead = next((n for n in range(1, LOOK_AHEAD) if _folds(keys, at + n) > period * repeat), 0)
        if ahead and repeat > 1:
            period, repeat = ahead, 1  # a short run must not break a longer one up
        elif repeat == 1:
            period = _group(keys, weighted, at)
        yield period, repeat
        at += period * repeat


def _best_run(keys: Sequence[object], at: int) -> tuple[int, int]:
    """(length, repeats) of the run from here that folds the most layers, the shortest of those."""
    best = (1, 1)
    for period in range(1, min(MAX_PERIOD, (len(keys) - at) // 2) + 1):
        run, repeat = keys[at : at + period], 1
        while keys[at + repeat * period : at + (repeat + 1) * period] == run:
            repeat += 1
        if repeat > 1 and repeat * period > best[0] * best[1]:
            best = (period, repeat)
    return best


def _folds(keys: Sequence[object], at: int) -> int:
    period, repeat = _best_run(keys, at)
    return period * repeat


def _group(keys: Sequence[object], weighted: Sequence[bool], at: int) -> int:
    """How many layers from here stay together: up to the next with weights, or the next run."""
    for length, (_, is_weighted) in enumerate(pairwise(weighted[at : at + LONGEST_BLOCK]), 1):
        if is_weighted or _best_run(keys, at + length)[1] > 1:
            return length
    return min(LONGEST_BLOCK, len(keys) - at)
