"""What is dry-run in place of `forward`, whose dry run is too long to wait for.

`forward` goes from every weight's layer to the loss, once for each weight. Its dry run takes three passes for each
array of weights, from every layer on, which is minutes for a deep network. `projforward` pushes one direction through
all layers once; how many weights a layer has tells the rest. No torch here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moonviz.jobs.admission import checks, planned_flops
from moonviz.jobs.engine import AnyJob
from moonviz.specs.run import MethodChoice, RunSpec

_SLOW, _QUICK = "forward", MethodChoice(name="projforward")
_UNKNOWN = ("peak_bytes", "peak_bytes_range", "activation_peak_bytes", "gradient_bytes")
"""What the one says nothing about of the other."""

Plain = dict[str, Any]


def stand_in(spec: RunSpec) -> RunSpec:
    """The race to dry-run: with one random direction in the place of `forward`."""
    rest = tuple(choice for choice in spec.methods if choice.name != _SLOW)
    if len(rest) == len(spec.methods):
        return spec
    there = any(choice.label == _QUICK.label for choice in rest)
    return spec.model_copy(update={"methods": rest if there else (*rest, _QUICK)})


def as_asked(spec: RunSpec, report: Mapping[str, Any]) -> Plain:
    """The report of that dry run with `forward` in its place, as plain data.

    Args:
        spec: The race.
        report: What the dry run of `stand_in(spec)` told.
    """
    if all(choice.name != _SLOW for choice in spec.methods):
        return dict(report)
    found = {one["label"]: one for one in report["results"]}
    if _QUICK.label in found:
        found[_SLOW] = _forward(found[_QUICK.label], report.get("network", {}).get("layers", ()))
    results = [found[choice.label] for choice in spec.methods if choice.label in found]
    return {**report, "results": results}


def _forward(quick: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> Plain:
    """The result of `forward`: each weight's pass takes as much of a whole pass as there are layers from its own on."""
    steps = forward_steps(layers)
    flops = round(quick["flops"] * steps / len(layers)) if quick.get("flops") and steps else None
    unknown = dict.fromkeys(_UNKNOWN)
    return {**quick, "method": _SLOW, "label": _SLOW, "options": {}, "steps": [], "flops": flops} | unknown


def forward_steps(layers: Sequence[Mapping[str, Any]]) -> int:
    """Steps of `forward`: for every weight, one through each layer from its own on, the head included."""
    return sum(layer["parameters"] * (len(layers) - at) for at, layer in enumerate(layers))


def checked(job: AnyJob, report: Mapping[str, Any]) -> tuple[int, Plain]:
    """FLOPs of a whole job, and the report of its dry run without its steps, which are long and needed no more."""
    whole = as_asked(checks(job), report)
    bare = {**whole, "results": [one | {"steps": []} for one in whole["results"]]}
    return planned_flops(job.spec, bare), bare
