"""Methods that would take too long in a race: they keep their place with what was predicted, and the others run."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from moonviz.jobs.admission import Limits, planned_flops
from moonviz.jobs.messages import ResultMessage, Run
from moonviz.results import Failure
from moonviz.specs.methods import MoonwalkPureOptions
from moonviz.specs.run import MethodChoice

Plain = dict[str, Any]
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def slow_methods(job: Run, dry: Mapping[str, Any], rate: float | None, limits: Limits) -> dict[str, Plain]:
    """The results of the methods that are left out, by label; empty where leaving some out does not help.

    Args:
        job: A race that takes too long as it is.
        dry: The report of its dry run, as plain data.
        rate: FLOPs a second; null where that is not known.
        limits: What a job may cost.
    """
    if not rate:
        return {}

    def takes(results: list[Plain]) -> float:
        return planned_flops(job.spec, {"results": results}) / rate

    left_out = {one["label"]: one for one in dry["results"] if one.get("flops") and takes([one]) > limits.max_seconds}
    rest = [one for one in dry["results"] if one["label"] not in left_out]
    if not left_out or not any(one.get("flops") for one in rest) or takes(rest) > limits.max_seconds:
        return {}
    choices = {choice.label: choice for choice in job.spec.methods}
    layers = dry.get("network", {}).get("layers", [])
    return {label: _told(one, choices[label], layers, one["flops"] / rate) for label, one in left_out.items()}


def without(job: Run, left_out: Mapping[str, Any]) -> Run:
    """The race without some of its methods."""
    rest = tuple(choice for choice in job.spec.methods if choice.label not in left_out)
    return job.model_copy(update={"spec": job.spec.model_copy(update={"methods": rest})})


def with_left_out(message: ResultMessage, job: Run, left_out: Mapping[str, Plain]) -> ResultMessage:
    """The result of the race with the methods that were left out in their places."""
    found = {one["label"]: one for one in message.data["results"]} | dict(left_out)
    results = [found[choice.label] for choice in job.spec.methods if choice.label in found]
    return message.model_copy(update={"data": message.data | {"results": results}})


def _told(one: Plain, choice: MethodChoice, layers: list[Plain], seconds: float) -> Plain:
    """A dry run's result as that of a method that is only estimated."""
    error = Failure(
        message=f"{_passes(choice, layers)}at least {_duration(seconds)} a step (predicted): estimate only.",
        remedy="Race without it, or take a smaller network.",
    )
    return one | {"status": "too_large", "error": error.model_dump(), "steps": []}


def _passes(choice: MethodChoice, layers: list[Plain]) -> str:
    """How often the slowest methods go through the network, to begin a sentence with."""
    if choice.name == "forward" and layers:
        return f"{sum(layer['parameters'] for layer in layers):,} weights with a pass for each, "
    if isinstance(choice.resolved, MoonwalkPureOptions) and len(layers) > 1:
        return f"{prod(layers[1]['in_shape']):,} directions, "
    return ""


def _duration(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    count = round(seconds / size)
    return f"{count:,} {unit}{'s' * (count != 1)}"
