"""How deep, and with how large a batch, a method fits into a memory. Fast enough for a page. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from moonviz.errors import InvalidSpec
from moonviz.estimates.devices import Device, Need, Optimizer, needs
from moonviz.estimates.extrapolate import at
from moonviz.estimates.points import PeakPoint
from moonviz.results import Plain

MOST_DEPTH, MOST_BATCH = 10_000, 1_000_000
"""The most a network's spec allows."""


class Fit(Plain):
    """The answer to "how deep" or "how large a batch".

    Attributes:
        limit_bytes: What there is.
        varied: What was looked for.
        depth: Blocks that fit, the batch as given; or as given, where the batch was looked for. 0: not even one.
        batch: Examples, in the same way.
        bytes: What that takes in all; null where not even one fits.
        bytes_one_deeper: What one more of what was looked for takes; null where no more is allowed.
        limited_by: What runs out next: the largest part (a `Term`'s key) of those that grow with one more; `most`
            where all that is allowed fits.
        exact: True where both numbers come from dry runs.
    """

    limit_bytes: int
    varied: Literal["depth", "batch"] = "depth"
    depth: int
    batch: int
    bytes: int | None
    bytes_one_deeper: int | None
    limited_by: str
    exact: bool


def deepest(
    points: Sequence[PeakPoint],
    limit_bytes: int,
    device: Device,
    optimizer: Optimizer = "none",
    batch: int | None = None,
    most: int = MOST_DEPTH,
) -> Fit:
    """The most blocks with which one training step of a method fits.

    Args:
        points: Dry runs of one method on one network family.
        limit_bytes: What there is.
        device: What kind of device: on CUDA more than tensors counts.
        optimizer: What is kept for each weight.
        batch: Examples; by default as many as the first point has.
        most: No more blocks than these are looked for.

    Raises:
        InvalidSpec: If there is no point to go by.
    """
    examples = batch or _usable(points)[0].batch
    count, fits, more = _most_that_fits(
        lambda depth: _needed(points, depth, examples, device, optimizer), limit_bytes, most
    )
    return _fit(limit_bytes, "depth", (count, examples), fits, more)


def largest_batch(
    points: Sequence[PeakPoint],
    limit_bytes: int,
    device: Device,
    optimizer: Optimizer = "none",
    depth: int | None = None,
    most: int = MOST_BATCH,
) -> Fit:
    """The most examples with which one training step of a method fits; as `deepest`, with the depth given."""
    blocks = depth or _usable(points)[0].depth
    count, fits, more = _most_that_fits(
        lambda batch: _needed(points, blocks, batch, device, optimizer), limit_bytes, most
    )
    return _fit(limit_bytes, "batch", (blocks, count), fits, more)


Needed = tuple[Need, bool]
"""What is needed, and whether that is known from a dry run."""


def _usable(points: Sequence[PeakPoint]) -> list[PeakPoint]:
    usable = [point for point in points if point.status == "ok"]
    if not usable:
        label = points[0].label if points else "the method"
        raise InvalidSpec(f"`{label}` has no dry run to go by; sweep a depth or two first")
    return usable


def _needed(points: Sequence[PeakPoint], depth: int, batch: int, device: Device, optimizer: Optimizer) -> Needed:
    point = at(points, depth, batch)
    return needs(point, device, optimizer), point.exact


def _most_that_fits(need: Callable[[int], Needed], limit: int, most: int) -> tuple[int, Needed | None, Needed | None]:
    """(count, its need, the need of one more) for the largest count in 1…most within the limit; 0 if none is.

    Needs grow nearly along a line, so guesses go along the line through both ends; every second one halves instead,
    which keeps a bent line from being followed too long.
    """
    known = {1: need(1), most: need(most)}
    if known[1][0].total_bytes > limit:
        return 0, None, known[1]
    if known[most][0].total_bytes <= limit:
        return most, known[most], None
    low, high, turn = 1, most, 0
    while high - low > 1:
        below, above = known[low][0].total_bytes, known[high][0].total_bytes
        share = (limit - below) / (above - below) if turn % 3 != 2 and above > below else 0.5
        guess = min(high - 1, max(low + 1, low + int(share * (high - low)) + turn % 3 % 2))
        known[guess] = need(guess)
        low, high = (guess, high) if known[guess][0].total_bytes <= limit else (low, guess)
        turn += 1
    return low, known[low], known[high]


def _fit(
    limit: int, varied: Literal["depth", "batch"], place: tuple[int, int], fits: Needed | None, more: Needed | None
) -> Fit:
    return Fit(
        limit_bytes=limit,
        varied=varied,
        depth=place[0],
        batch=place[1],
        bytes=fits[0].total_bytes if fits else None,
        bytes_one_deeper=more[0].total_bytes if more else None,
        limited_by=_limiting(fits[0] if fits else None, more[0]) if more else "most",
        exact=all(known[1] for known in (fits, more) if known),
    )


def _limiting(fits: Need | None, more: Need) -> str:
    before = {term.key: term.bytes for term in fits.terms} if fits else {}
    grows = [term for term in more.terms if term.bytes > before.get(term.key, 0)]
    return max(grows or more.terms, key=lambda term: term.bytes).key
