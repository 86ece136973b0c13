"""Races to draw: the stored one, and what it would be if things had gone otherwise."""

from __future__ import annotations

from typing import Any

from moonviz.data.stored import stored
from moonviz.results import Failure, Report, Result

BOTH = ("backprop", "moonwalk-mixed")

NAME = "digits-revnet"


def race(**by_method: dict[str, Any] | None) -> Report:
    """The stored race with some of its numbers replaced; None takes the method out. `_` in names stands for `-`."""
    report = stored(NAME, BOTH)
    changes = {name.replace("_", "-"): change for name, change in by_method.items()}
    results = [
        one.model_copy(update=changes.get(one.method) or {})
        for one in report.results
        if changes.get(one.method, {}) is not None
    ]
    return report.model_copy(update={"results": tuple(results)})


def result(method: str) -> Result:
    return next(one for one in stored(NAME, BOTH).results if one.method == method)


def gradient(error: float | None, method: str = "moonwalk-mixed") -> dict[str, Any]:
    """A gradient that differs so much from backprop's."""
    update = {"relative_error": error, "relative_error_to_backprop": error}
    return {"gradient": result(method).gradient.model_copy(update=update)}


def seconds(median: float, method: str = "moonwalk-mixed") -> dict[str, Any]:
    return {"seconds": result(method).seconds.model_copy(update={"median": median})}


def fell(status: str, message: str = "It cannot.", **more: Any) -> dict[str, Any]:
    empty = {"peak_bytes": None, "seconds": None, "gradient": None, "steps": (), "flops": None}
    return empty | {"status": status, "error": Failure(message=message)} | more
