"""What the figures of agreement are made of: one value for each weight's gradient, or the worst of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Literal

from moonviz.results import ParameterAgreement, Report, Result
from moonviz.specs import METHODS

By = Literal["layer", "parameter"]
Against = Literal["backprop", "truth"]
Measure = Literal["relative error", "angle", "largest difference"]

AXIS: dict[Measure, str] = {
    "relative error": "relative error",
    "angle": "1 − cosine",
    "largest difference": "largest difference of one entry",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One value: of a weight's gradient, or the worst of a layer's."""

    layer: int
    name: str
    shape: tuple[int, ...]
    value: float


def is_exact(result: Result) -> bool:
    """Whether the method promises the gradient itself; an unknown method promises nothing."""
    return result.method in METHODS and METHODS[result.method].exact


def value_of(one: ParameterAgreement, measure: Measure, against: Against) -> float | None:
    """A measure of one weight's gradient; null where it was not taken. Only the error is known against backprop."""
    if measure == "angle":
        return None if one.cosine is None else max(0.0, 1.0 - one.cosine)
    if measure == "largest difference":
        return one.max_abs_error
    return one.relative_error_to_backprop if against == "backprop" else one.relative_error


def marks(result: Result, by: By, measure: Measure, against: Against) -> list[Mark]:
    """What one method's line is made of, in the order of the layers."""
    found = [
        Mark(one.layer, one.name, one.shape, value)
        for one in (result.gradient.per_parameter if result.gradient else ())
        if (value := value_of(one, measure, against)) is not None
    ]
    if by == "parameter":
        return sorted(found, key=lambda one: one.layer)
    worst: dict[int, Mark] = {}
    for one in found:
        if one.layer not in worst or one.value > worst[one.layer].value:
            worst[one.layer] = one
    return [worst[layer] for layer in sorted(worst)]


def not_finite(result: Result) -> int:
    """Weights whose gradient overflowed, so that no distance can be told."""
    places = (place.split(".") for place in result.non_finite if place.startswith("gradient.per_parameter."))
    return len({place[2] for place in places})


def knows_backprop(report: Report) -> bool:
    """Whether the errors by weight are known against backprop in the run's own dtype."""
    exact = [one for one in report.results if is_exact(one)]
    return any(marks(one, "parameter", "relative error", "backprop") for one in exact)


def typical(line: Sequence[Mark], low: int) -> float:
    """The power of ten that the right end of a line keeps around: the last layer alone is often another kind."""
    tail = sorted(max(one.value, 10.0**low) for one in line[-max(1, len(line) // 3) :])
    return log10(tail[len(tail) // 2])


def listed(names: Sequence[str]) -> str:
    """Names as a part of a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
