"""Numbers along lines through dry runs. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod

from moonviz.errors import InvalidSpec
from moonviz.estimates.points import PeakPoint

Read = Callable[[PeakPoint], float]
NUMBERS = (
    "peak_bytes", "gradient_bytes", "parameter_bytes", "input_bytes", "rounding_bytes", "parameter_rounding_bytes",
    "input_rounding_bytes", "largest_tensor_bytes", "flops",
)  # fmt: skip


def along_lines(points: Sequence[PeakPoint], depth: int, batch: int) -> PeakPoint:
    """Every number along the line through the nearest points: first by depth, then by batch."""
    asked = [point for point in points if point.asked] or points
    rows: dict[int, dict[int, PeakPoint]] = {}
    for point in asked:
        rows.setdefault(point.batch, {}).setdefault(point.depth, point)
    if batch in rows:
        rows = {batch: rows[batch]}
    most = max(map(len, rows.values()))
    rows = {size: row for size, row in rows.items() if len(row) == most}

    def value(read: Read) -> int:
        by_batch = {size: line({d: read(point) for d, point in row.items()}, depth) for size, row in rows.items()}
        return max(0, round(bent_line(by_batch, batch)))

    kinds = dict.fromkeys(kind for point in asked for kind in point.by_category)
    parts = {kind: value(lambda point, kind=kind: point.by_category.get(kind, 0)) for kind in kinds}
    numbers = {name: value(lambda point, name=name: getattr(point, name)) for name in NUMBERS}
    numbers["peak_bytes"] = sum(parts.values())
    changed = {"depth": depth, "batch": batch, "by_category": parts, "exact": False, "how": "line", "books": (),
               "peak_bytes_range": None}  # fmt: skip
    return asked[0].model_copy(update=numbers | changed)


def line(values: dict[int, float], x: int) -> float:
    """The value at x on the line through the two nearest places; the only value where there is one."""
    if x in values or len(values) == 1:
        return values.get(x, next(iter(values.values())))
    below, above = [place for place in values if place < x], [place for place in values if place > x]
    if below and above:
        left, right = max(below), min(above)
    else:
        left, right = sorted(below)[-2:] if below else sorted(above)[:2]
    return _through(values, left, right, x)


def bent_line(values: dict[int, float], x: int) -> float:
    """The value at x of numbers that are the larger of two lines, as memory over the batch is.

    Raises:
        InvalidSpec: If there is only one other place.
    """
    if x in values:
        return values[x]
    return max(_through(values, left, right, x) for left, right in pairs_around(sorted(values), x))


def pairs_around(places: Sequence[int], x: int) -> list[tuple[int, int]]:
    """The two places below x, and the two above; where there are not two, those nearest to x.

    Raises:
        InvalidSpec: If there are not two places.
    """
    if len(places) < 2:
        raise InvalidSpec(
            f"only batch {places[0]:,} has been dry-run, so nothing is known of {x:,}; sweep another batch"
        )
    below, above = [place for place in places if place < x], [place for place in places if place > x]
    pairs = [tuple(below[-2:])] if len(below) > 1 else []
    pairs += [tuple(above[:2])] if len(above) > 1 else []
    return pairs or [(below[0], above[0])]


def polynomial(values: dict[int, float], x: int, degree: int) -> float:
    """The value at x of the polynomial through the outermost places; the largest value for degree 0."""
    if x in values or degree == 0:
        return values.get(x, max(values.values()))
    return sum(values[place] * weight for place, weight in _weights(tuple(values), x, degree))


@lru_cache(maxsize=4_096)
def _weights(known: tuple[int, ...], x: int, degree: int) -> tuple[tuple[int, float], ...]:
    """How much each place counts: the same for every number that is known at the same places."""
    ordered = sorted(known)
    places = [ordered[0], ordered[-1]] if degree == 1 else [ordered[0], ordered[len(ordered) // 2], ordered[-1]]
    places = list(dict.fromkeys(places))
    return tuple((a, prod((x - b) / (a - b) for b in places if b != a)) for a in places)


def _through(values: dict[int, float], left: int, right: int, x: int) -> float:
    return values[left] + (values[right] - values[left]) * (x - left) / (right - left)
