"""From a few dry runs to any depth and batch. Fast enough for a page. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moonviz.errors import InvalidSpec
from moonviz.estimates.points import PeakPoint


def at(points: Sequence[PeakPoint], depth: int, batch: int) -> PeakPoint:
    """What a method takes at a depth and batch: a dry run where one is among the points, else put together.

    Args:
        points: Dry runs of one method on one network family.
        depth: Blocks.
        batch: Examples.

    Raises:
        InvalidSpec: If there is no point to go by.
    """
    usable = [point for point in points if point.status == "ok"]
    if not usable:
        if points:
            return points[0].model_copy(update={"depth": depth, "batch": batch})
        raise InvalidSpec("there is no dry run to go by; sweep a depth or two first")
    same = [point for point in usable if (point.depth, point.batch) == (depth, batch)]
    return same[0] if same else _along_lines(usable, depth, batch)


NUMBERS = (
    "peak_bytes", "gradient_bytes", "parameter_bytes", "input_bytes", "rounding_bytes", "parameter_rounding_bytes",
    "largest_tensor_bytes", "flops",
)  # fmt: skip


def _along_lines(points: Sequence[PeakPoint], depth: int, batch: int) -> PeakPoint:
    """Every number along the line through the nearest points: first by depth, then by batch."""
    by_batch: dict[int, dict[int, PeakPoint]] = {}
    for point in points:
        by_batch.setdefault(point.batch, {}).setdefault(point.depth, point)
    rows = {
        size: (lambda read, row=row: _line({d: read(p) for d, p in row.items()}, depth))
        for size, row in by_batch.items()
        if len(row) == max(map(len, by_batch.values()))
    }

    def value(read: Callable[[PeakPoint], float]) -> int:
        return max(0, round(_line({size: row(read) for size, row in rows.items()}, batch)))

    kinds = {kind: None for point in points for kind in point.by_category}
    parts = {kind: value(lambda point, kind=kind: point.by_category.get(kind, 0)) for kind in kinds}
    numbers = {name: value(lambda point, name=name: getattr(point, name)) for name in NUMBERS}
    numbers["peak_bytes"] = sum(parts.values()) or numbers["peak_bytes"]
    changed = {"depth": depth, "batch": batch, "by_category": parts, "exact": False, "how": "line", "books": ()}
    return points[0].model_copy(update=numbers | changed)


def _line(values: dict[int, float], x: int) -> float:
    """The value at x on the line through the two nearest places; the only value where there is one."""
    if len(values) == 1:
        return next(iter(values.values()))
    below = [place for place in values if place <= x] or [min(values)]
    above = [place for place in values if place > x] or [max(values)]
    left, right = max(below), min(above)
    if left == right:
        left, right = sorted(values)[:2] if x < min(values) else sorted(values)[-2:]
    return values[left] + (values[right] - values[left]) * (x - left) / (right - left)
