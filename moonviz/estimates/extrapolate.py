"""From a few dry runs to any depth and batch. Fast enough for a page. No torch here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.estimates.curves import Curve
from moonviz.estimates.lines import along_lines
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.replay import UnknownWalk

SURE_DEPTH = 7
"""From here on what is put together is the dry run to the byte. A shorter walk lacks some classes of steps, and what
is put together for it can be off by a sixth: ask for a dry run, which takes no time at such depths."""
MOST_CURVES = 64
_curves: OrderedDict[tuple[Any, ...], Curve | None] = OrderedDict()
Prepared = tuple[list[PeakPoint], dict[tuple[int, int], PeakPoint], Curve | None]
"""The points that tell something, those of them that are the very answer by (depth, batch), and what is learned."""
_known: OrderedDict[tuple[int, ...], tuple[tuple[PeakPoint, ...], Prepared]] = OrderedDict()


def at(points: Sequence[PeakPoint], depth: int, batch: int) -> PeakPoint:
    """What a method takes at a depth and batch: a dry run where one is among the points, else put together.

    Args:
        points: Dry runs of one method on one network family; those of `samples` let walks be put together step by step.
        depth: Blocks.
        batch: Examples.

    Returns:
        The dry run itself; or a point whose `how` says whether it was put together from repeated blocks or read off a
        line through others, which is less certain.

    Raises:
        InvalidSpec: If there is no point to go by.
    """
    usable, run, curve = _prepared(points)
    if not usable:
        if points:
            return points[0].model_copy(update={"depth": depth, "batch": batch})
        raise InvalidSpec("there is no dry run to go by; sweep a depth or two first")
    if (depth, batch) in run:
        return run[depth, batch]
    try:
        return along_lines(usable, depth, batch) if curve is None else curve.at(depth, batch)
    except UnknownWalk:
        return along_lines(usable, depth, batch)


def _prepared(points: Sequence[PeakPoint]) -> Prepared:
    """What is asked of the same points again and again, kept by the very objects: a page asks hundreds of times."""
    key = tuple(map(id, points))
    known = _known.get(key)
    if known is None:
        usable = [point for point in points if point.status == "ok"]
        run = {(point.depth, point.batch): point for point in reversed(usable) if point.asked}
        # The points are kept with what was made of them, so that no other object gets one of their identities.
        known = _known[key] = tuple(points), (usable, run, _curve(usable) if usable else None)
        while len(_known) > MOST_CURVES:
            _known.popitem(last=False)
    return known[1]


def _curve(points: Sequence[PeakPoint]) -> Curve | None:
    """What is learned from the points, kept for the next question; null where they hold no walks written out."""
    sampled = [point for point in points if point.books]
    key = tuple(_identity(point) for point in sampled)
    if key not in _curves:
        try:
            _curves[key] = Curve(sampled) if sampled else None
        except UnknownWalk:
            _curves[key] = None
        while len(_curves) > MOST_CURVES:
            _curves.popitem(last=False)
    _curves.move_to_end(key)
    return _curves[key]


def _identity(point: PeakPoint) -> tuple[Any, ...]:
    """Numbers that no two points of different networks share."""
    return (
        point.label, point.depth, point.batch, point.segment, point.anchor_every, point.peak_bytes,
        point.peak_bytes_range, point.flops, point.parameter_bytes, point.gradient_bytes, point.input_bytes,
        point.rounding_bytes,
    )  # fmt: skip
