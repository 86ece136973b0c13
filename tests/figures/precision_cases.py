"""Precision reports to draw: stored ones, and what they would be if things had gone otherwise."""

from __future__ import annotations

from typing import Any

from moonviz.data.stored import stored_precision
from moonviz.precision import PrecisionReport


def report(name: str = "dense-gentle", **changes: dict[str, Any]) -> PrecisionReport:
    """A stored report with all points of some methods changed; `_` in names stands for `-`."""
    kept = stored_precision(name)
    by_method = {method.replace("_", "-"): change for method, change in changes.items()}
    points = tuple(one.model_copy(update=by_method.get(one.label, {})) for one in kept.points)
    return kept.model_copy(update={"points": points})


def error(size: float | None) -> dict[str, Any]:
    return {"relative_error": size, "relative_error_to_backprop": size}
