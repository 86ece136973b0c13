"""What can be wrong with a report, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, ValidationError

from moonviz.errors import InvalidSpec
from moonviz.events import StepRecord
from moonviz.results import Agreement, Environment, LayerSample, Plain, Report, Result, Seconds
from moonviz.specs import METHODS, method_options
from moonviz.specs.base import explain
from moonviz.specs.network import DType

MAX_RESULTS = 20
MAX_STEPS = 100_000
MAX_LAYERS = 20_002
MAX_TEXT = 200
MOST = 2**53
"""Largest count: every JSON reader writes it exactly."""

Faults = Iterator[tuple[str, str]]


class _LayerDrawn(Plain):
    kind: Annotated[str, Field(max_length=40, pattern=r"^[\w\-]+$")]


class _BlockDrawn(Plain):
    layers: Annotated[tuple[_LayerDrawn, ...], Field(max_length=64, fail_fast=True)]
    repeat: Annotated[int, Field(ge=1, le=10_000)] = 1


class _NetworkDrawn(Plain):
    """What is said and drawn of a network's spec, whatever its version."""

    name: Annotated[str, Field(max_length=80)] = "Network"
    batch: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    dtype: DType = "float32"
    body: Annotated[tuple[_BlockDrawn, ...], Field(max_length=512, fail_fast=True)] = ()


def check_report(report: Report) -> None:
    """Refuse a report that no figure could draw.

    Raises:
        InvalidSpec: Naming the first place that is wrong and what is allowed.
    """
    for place, says in _faults(report):
        raise InvalidSpec(f"`{place}` {says}")


def _faults(report: Report) -> Faults:
    """(place, what is wrong), from the outside in: later checks may rely on earlier ones."""
    yield from _network(report)
    last = len(report.network.layers) - 1
    if not 1 <= len(report.results) <= MAX_RESULTS:
        yield "results", f"has {len(report.results)} entries; 1 to {MAX_RESULTS} can be shown"
    labels = [one.label for one in report.results]
    for n, one in enumerate(report.results):
        if labels.index(one.label) != n:
            yield f"results.{n}.label", f"is `{one.label}` a second time; each method stands once"
        yield from _result(one, last, f"results.{n}")
    yield from _samples(report.truth_sample, last, "truth_sample")
    here = report.environment
    for name in ("python", "torch", "moonviz", "system", "machine", "device"):
        yield from _text(getattr(here, name), f"environment.{name}")
    yield from _counts(here, "environment", "cores", "threads", "memory_bytes")


def _network(report: Report) -> Faults:
    layers = report.network.layers
    if not 2 <= len(layers) <= MAX_LAYERS:
        yield "network.layers", f"has {len(layers):,} entries; a network has 2 (stem and head) to {MAX_LAYERS:,}"
    for n, one in enumerate(layers):
        place = f"network.layers.{n}"
        yield from _numbered(one.index, n, place)
        yield from _text(one.name, f"{place}.name")
        yield from _text(one.kind, f"{place}.kind")
        yield from _count(one.parameters, f"{place}.parameters")
        for shape in (one.in_shape, one.out_shape):
            yield from _shape(shape, f"{place}.shape")
    try:
        _NetworkDrawn.model_validate(report.network.spec)
    except ValidationError as error:
        yield "network.spec", f"cannot be read: {explain(error)}"


def _result(one: Result, last: int, place: str) -> Faults:
    if one.method not in METHODS:
        yield f"{place}.method", f"is `{one.method[:40]}`; this version knows {', '.join(METHODS)}"
    try:
        label = method_options(one.method, one.options).label
    except InvalidSpec as error:
        yield f"{place}.options", f"cannot be read: {error}"
    if one.label != label:
        yield f"{place}.label", f"is `{one.label[:80]}`, but its method and options make `{label}`"
    names = ("peak", "activation_peak", "gradient", "parameter", "input", "allocator_peak")
    yield from _counts(one, place, *(f"{name}_bytes" for name in names))
    for count in one.peak_bytes_range or ():
        yield from _count(count, f"{place}.peak_bytes_range")
    yield from _count(one.flops, f"{place}.flops", 10**24)
    yield from _number(one.loss, f"{place}.loss", -1e38, 1e38)
    for n, name in enumerate(one.non_finite):
        yield from _text(name, f"{place}.non_finite.{n}")
    if one.status == "ok" and not one.peak_bytes:
        yield f"{place}.peak_bytes", "is missing, but the method finished"
    yield from _seconds(one.seconds, f"{place}.seconds")
    yield from _gradient(one.gradient, last, f"{place}.gradient")
    yield from _steps(one.steps, last, f"{place}.steps")


def _seconds(seconds: Seconds | None, place: str) -> Faults:
    if seconds is None:
        return
    yield from _count(seconds.repeats, f"{place}.repeats", 10_000)
    for name in ("min", "median", "max"):
        yield from _number(getattr(seconds, name), f"{place}.{name}", 1e-12, 1e9)
    if not seconds.min <= seconds.median <= seconds.max:
        yield place, "has a median outside of its least and most"


def _gradient(gradient: Agreement | None, last: int, place: str) -> Faults:
    if gradient is None:
        return
    yield from _agreement(gradient, place)
    if len(gradient.per_parameter) > MAX_STEPS:
        yield f"{place}.per_parameter", f"has more than {MAX_STEPS:,} entries"
    for n, one in enumerate(gradient.per_parameter):
        here = f"{place}.per_parameter.{n}"
        yield from _layer(one.layer, last, here)
        yield from _text(one.name, f"{here}.name")
        yield from _shape(one.shape, f"{here}.shape")
        yield from _agreement(one, here)
    yield from _samples(gradient.sample, last, f"{place}.sample")


def _agreement(one: Any, place: str) -> Faults:
    for name in ("relative_error", "max_abs_error", "relative_error_to_backprop"):
        yield from _number(getattr(one, name), f"{place}.{name}", 0.0, 1e300)
    yield from _number(one.cosine, f"{place}.cosine", -1.001, 1.001)


def _samples(samples: tuple[LayerSample, ...], last: int, place: str) -> Faults:
    if sum(len(one.values) for one in samples) > MAX_STEPS:
        yield place, f"has more than {MAX_STEPS:,} entries"
    for n, one in enumerate(samples):
        yield from _layer(one.layer, last, f"{place}.{n}")
        for value in one.values:
            yield from _number(value, f"{place}.{n}.values", -1e300, 1e300)


def _steps(steps: tuple[StepRecord, ...], last: int, place: str) -> Faults:
    if len(steps) > MAX_STEPS:
        yield place, f"has {len(steps):,} entries; at most {MAX_STEPS:,} can be shown"
    for n, step in enumerate(steps):
        here = f"{place}.{n}"
        yield from _numbered(step.index, n, here)
        yield from _layer(step.layer, last, here)
        yield from _number(step.seconds, f"{here}.seconds", 0.0, 1e9)
        yield from _count(step.peak_bytes, f"{here}.peak_bytes")
        if not 0 <= step.live_bytes <= step.peak_bytes:
            yield f"{here}.live_bytes", f"is {step.live_bytes:,}; it lies between 0 and the step's peak"
        if not 0 <= step.passes <= MOST:
            yield f"{here}.passes", f"is {step.passes:,}; at least 0 is allowed"
        if any(count < 0 for count in step.by_category.values()) or sum(step.by_category.values()) != step.live_bytes:
            yield f"{here}.by_category", "does not sum to live_bytes"
        for held in (*step.held_added, *step.held_removed):
            yield from _layer(held.layer, last, f"{here}.held")
            yield from _count(held.bytes, f"{here}.held.bytes")


def _numbered(index: int, n: int, place: str) -> Faults:
    if index != n:
        yield f"{place}.index", f"is {index}, but this is number {n}"


def _layer(layer: int, last: int, place: str) -> Faults:
    if not 0 <= layer <= last:
        yield f"{place}.layer", f"is {layer}; the network's layers are numbered 0 to {last}"


def _count(value: int | None, place: str, most: int = MOST) -> Faults:
    if value is not None and not 0 <= value <= most:
        yield place, f"is out of range; 0 to {most:,} are allowed"


def _counts(thing: Result | Environment, place: str, *names: str) -> Faults:
    for name in names:
        yield from _count(getattr(thing, name), f"{place}.{name}")


def _number(value: float | None, place: str, low: float, high: float) -> Faults:
    if value is not None and not low <= value <= high:  # false for what is not a number, too
        yield place, f"is {value:g}; {low:g} to {high:g} are allowed"


def _shape(shape: tuple[int, ...], place: str) -> Faults:
    if len(shape) > 8 or any(not 0 <= size <= MOST for size in shape):
        yield place, "is no shape; up to 8 sizes of 0 and more are"


def _text(text: str, place: str) -> Faults:
    if len(text) > MAX_TEXT:
        yield place, f"is {len(text):,} letters long; at most {MAX_TEXT} are read"
    if any(letter in text for letter in "<>&") or not text.isprintable():
        yield place, "holds letters that names do not have, such as < or a line's end"
