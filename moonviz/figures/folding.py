"""Runs of equal layers that were written out one by one: a long network shows the first of each and folds the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from zlib import crc32

MANY_ROWS = 32
"""Networks of so many rows are shown whole."""
LONGEST_UNIT = 8
"""The most layers that are told to come again and again."""
LEAST_TIMES = 4
_SAME = ("part", "title", "subtitle", "shape", "badge", "tone", "reason", "values", "form", "dim", "facts")
"""What two rows have in common where one may stand for the other."""

Run = tuple[int, int, int]
"""The first row, rows of a unit, units."""


def folded(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the stack, each with its place in a run: `fold`, null outside one.

    A run has an `id` that says what comes again, its `size` (rows of a unit) and `count` (units); `at` counts its rows.
    A row behind the first unit says which one it is `like`, and what is other: hundreds of rows go to the page.
    """
    shown = [dict(row, fold=None) for row in rows]
    if len(rows) <= MANY_ROWS:
        return shown
    looks = [_look(row) for row in rows]
    for first, size, count in runs(looks):
        # Named by what was written alone, so that a run that was opened stays open while facts come and go.
        unit = [(row["form"], row["values"]) for row in shown[first : first + size]]
        name = f"{crc32(json.dumps(unit).encode()):x}"
        for at in range(size * count):
            shown[first + at]["fold"] = {"id": name, "size": size, "count": count, "at": at}
        for at in range(size, size * count):
            like = first + at % size
            other = {name: value for name, value in shown[first + at].items() if value != shown[like][name]}
            shown[first + at] = {"like": like, **other}
    return shown


def runs(looks: Sequence[str | None]) -> list[Run]:
    """Where the same comes again and again, from left to right; of several ways the one that hides most.

    Args:
        looks: What each row looks like; null for one that stays as it is.
    """
    found: list[Run] = []
    first = 0
    while first < len(looks):
        ways = (_run(looks, first, size) for size in range(1, LONGEST_UNIT + 1))
        best = max(ways, key=lambda run: run[1] * (run[2] - 1))
        if best[2] >= LEAST_TIMES:
            found.append(best)
            first += best[1] * best[2]
        else:
            first += 1
    return found


def _run(looks: Sequence[str | None], first: int, size: int) -> Run:
    unit, count = looks[first : first + size], 1
    if None in unit or len(unit) < size:
        return first, size, 1
    while looks[first + count * size : first + (count + 1) * size] == unit:
        count += 1
    return first, size, count


def _look(row: dict[str, Any]) -> str | None:
    """A row of the body that is not repeated already, and that needs no repair."""
    if row["part"] != "body" or row["tone"] == "warn" or (row["group"] or {}).get("repeat", 1) > 1:
        return None
    return json.dumps([row[name] for name in _SAME])
