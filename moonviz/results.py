"""What a run gives, as plain data, and its strict JSON. No torch here."""

from __future__ import annotations

import json
import math
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moonviz.errors import InvalidSpec
from moonviz.events import StepRecord
from moonviz.specs.base import explain

SCHEMA = 1
MAX_RESULT_BYTES = 64_000_000
"""Largest result file that is read at all."""

TOLERANCE: dict[str, float] = {"float64": 1e-9, "float32": 1e-5, "bfloat16": 2e-2, "float16": 2e-2}
"""Largest `relative_error_to_backprop` that is called the same gradient, by dtype."""

Status = Literal["ok", "refused", "too_large", "cancelled", "lost", "failed"]


class Plain(BaseModel):
    """Base of what is measured: frozen, and tolerant of keys that a newer version added."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


PlainKind = TypeVar("PlainKind", bound=Plain)


class Failure(Plain):
    """Why a result is not ok, and what to do. `limit_bytes`: what was allowed where a method needed more."""

    message: str
    layer: str | None = None
    remedy: str | None = None
    limit_bytes: int | None = None


class Seconds(Plain):
    """Wall time of one training step over the timed passes."""

    median: float
    min: float
    max: float
    repeats: int


class ParameterAgreement(Plain):
    """How one parameter's gradient compares, as in `Agreement`. `layer`: 0 stem, 1…L body, L+1 head."""

    name: str
    layer: int
    shape: tuple[int, ...]
    relative_error: float | None
    cosine: float | None
    max_abs_error: float | None
    relative_error_to_backprop: float | None = None


class LayerSample(Plain):
    """Some entries of what one layer's parameters have, the same ones for every method and for the truth.

    In `Report.truth_sample` these are the true gradient's entries; in `Agreement.sample` they are what a method's
    gradient has more, g − g64, so that a few digits tell it exactly. Null where a difference is not finite.
    """

    layer: int
    values: tuple[float | None, ...]


class Agreement(Plain):
    """How a gradient compares with float64 autograd on the same weights and batch.

    Attributes:
        reference: What it was compared with; null where the truth is too large to compute.
        relative_error: ‖g − g64‖ / ‖g64‖ over all parameters.
        cosine: Cosine of the angle between the two.
        max_abs_error: Largest difference of one entry.
        relative_error_to_backprop: ‖g − b‖ / ‖b‖ against backprop in the run's own dtype; null if that did not fit.
        per_parameter: The same by parameter.
        sample: Some entries of g − g64 by layer (see `Report.pairs`); empty without a truth, and in older files.
    """

    reference: Literal["float64 autograd", "float64 checkpointed autograd"] | None
    relative_error: float | None
    cosine: float | None
    max_abs_error: float | None
    relative_error_to_backprop: float | None
    per_parameter: tuple[ParameterAgreement, ...] = ()
    sample: tuple[LayerSample, ...] = ()


class Result(Plain):
    """One method on one network. Bytes are tensor bytes as the contracts define them; `None`: not measured."""

    method: str
    options: dict[str, Any] = {}
    label: str
    status: Status = "ok"
    error: Failure | None = None
    peak_bytes: int | None = None
    peak_bytes_range: tuple[int, int] | None = None
    """Least and most of a dry run whose fragments depend on the data; `peak_bytes` is then what is expected."""
    activation_peak_bytes: int | None = None
    gradient_bytes: int | None = None
    parameter_bytes: int | None = None
    input_bytes: int | None = None
    allocator_peak_bytes: int | None = None
    flops: int | None = None
    loss: float | None = None
    seconds: Seconds | None = None
    gradient: Agreement | None = None
    steps: tuple[StepRecord, ...] = ()
    predicted: bool = False
    """True for a dry run: bytes and FLOPs of the real schedule, no arithmetic done."""
    shared_machine: bool = False
    """True if another lane worked while this was timed."""
    non_finite: tuple[str, ...] = ()
    """Places whose number was not finite and is null here."""

    def agreement(self, dtype: str) -> Literal["same", "drifting", "not the gradient"] | None:
        """Agreement with backprop in words: `same` up to `TOLERANCE`, `drifting` below 1, else not the gradient."""
        if self.gradient is None:
            return None
        if any(place.startswith("gradient.") for place in self.non_finite):
            return "not the gradient"
        error = self.gradient.relative_error_to_backprop
        if error is None:
            return None
        return "same" if error <= TOLERANCE[dtype] else "drifting" if error < 1 else "not the gradient"


class LayerCard(Plain):
    """One layer of a network, as the engine sees it. Shapes are of one example."""

    index: int
    name: str
    kind: str
    capability: Literal["invertible", "submersive", "fragmental", "ordinary", "outside the walk"]
    reason: str
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    parameters: int


class NetworkCard(Plain):
    """A network's spec as plain data, and its layers."""

    spec: dict[str, Any]
    layers: tuple[LayerCard, ...] = ()


class Environment(Plain):
    """The machine and versions a result was measured with."""

    python: str
    torch: str
    moonviz: str
    system: str
    machine: str
    """The processor's or accelerator's name."""
    device: str
    cores: int
    threads: int
    memory_bytes: int
    flags: dict[str, Any] = {}


class Report(Plain):
    """All results of one run on one network, with the machine they come from."""

    schema_: Literal[1] = Field(SCHEMA, alias="schema")
    environment: Environment
    network: NetworkCard
    results: tuple[Result, ...]
    run: dict[str, Any] | None = None
    """How it was asked for, next to network and methods: `device`, `repeats`, `batch_seed`; null in older files."""
    truth_sample: tuple[LayerSample, ...] = ()
    """Some entries of the true gradient by layer; what each method has more is in its `Agreement.sample`."""

    def pairs(self, label: str, layer: int) -> tuple[tuple[float, float], ...]:
        """(true, found) for the sampled entries of a layer's gradient, as one method found them.

        Empty where nothing was sampled: no truth, an older file, a method that did not finish, or a layer without
        parameters. Entries that are not finite are left out.
        """
        truth = next((one.values for one in self.truth_sample if one.layer == layer), ())
        for result in self.results:
            if result.label == label and result.gradient is not None:
                more = next((one.values for one in result.gradient.sample if one.layer == layer), ())
                both = zip(truth, more, strict=False)
                return tuple((t, t + d) for t, d in both if t is not None and d is not None)
        return ()

    def to_json(self, indent: int | None = None) -> str:
        """Strict JSON: what is not finite becomes null and is named in `non_finite`, in a list by the list's name."""
        data = self.model_dump(by_alias=True)
        for result in data["results"]:
            lost: list[str] = []
            _drop_non_finite(result, "", lost)
            result["non_finite"] = [*result["non_finite"], *lost]
        _drop_non_finite(data, "", [])
        return json.dumps(data, indent=indent, separators=(",", ":") if indent is None else None, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read a report.

        Raises:
            InvalidSpec: If the text is too long, is not JSON, or lacks what a report has.
        """
        return read_file(cls, text, "result")


def read_file(kind: type[PlainKind], text: str | bytes, name: str) -> PlainKind:
    """Read a result file of some kind, `name` in messages.

    Raises:
        InvalidSpec: If the text is too long, is not JSON, or lacks what such a file has.
    """
    if len(text) > MAX_RESULT_BYTES:
        raise InvalidSpec(f"the result is {len(text):,} bytes long; at most {MAX_RESULT_BYTES:,} are read")
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise InvalidSpec(f"not a moonviz {name}: {explain(error)}") from None


def _drop_non_finite(node: Any, place: str, lost: list[str]) -> Any:
    """Replace non-finite floats by None, in place, noting where they stood."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list | tuple) else ()
    kept = {}
    for key, value in list(pairs):
        here = f"{place}.{key}" if place else str(key)
        if isinstance(value, float) and not math.isfinite(value):
            name = here if isinstance(node, dict) else place
            if name not in lost[-1:]:
                lost.append(name)
            kept[key] = None
        elif isinstance(value, dict | list | tuple):
            kept[key] = _drop_non_finite(value, here, lost)
    if isinstance(node, tuple):
        return tuple(kept.get(n, value) for n, value in enumerate(node))
    for key, value in kept.items():
        node[key] = value
    return node
