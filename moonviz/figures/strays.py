"""Single layers whose gradient is further off than the whole, in words: one sentence for a verdict of `same`."""

from __future__ import annotations

from moonviz.figures.style import error_text
from moonviz.results import TOLERANCE, Result


def strays(one: Result, backprop: Result | None, dtype: str) -> str:
    """How many layers differ by more than rounding allows, and by how much; empty where none does or nobody knows.

    A result without single comparisons with backprop is held against the truth, at layers where backprop is true.
    """
    beside = _worst(one, beside=True)
    limit = TOLERANCE[dtype]
    if beside:
        return _words({n: error for n, error in beside.items() if error > limit}, len(beside), "backprop")
    true, own = _worst(one), _worst(backprop) if backprop else {}
    return _words(
        {n: error for n, error in true.items() if error > limit and own.get(n, error) <= limit}, len(true), "float64"
    )


def _worst(one: Result, beside: bool = False) -> dict[int, float]:
    """The largest error of each layer's parameters, against backprop or the truth; empty where one is missing."""
    worst: dict[int, float] = {}
    for each in one.gradient.per_parameter if one.gradient else ():
        error = each.relative_error_to_backprop if beside else each.relative_error
        if error is None:
            return {}
        worst[each.layer] = max(worst.get(each.layer, 0.0), error)
    return worst


def _words(over: dict[int, float], count: int, what: str) -> str:
    if not over:
        return ""
    verb = "differ" if len(over) > 1 else "differs"
    return (
        f"{len(over)} of {count} layers {verb} from {what} by more than rounding allows, "
        f"at most {error_text(max(over.values()))}."
    )
