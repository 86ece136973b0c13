"""Is this machine's moonviz right? Exactness, memory and times, checked on every preset."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import torch

from moonviz.calibration import Table, table
from moonviz.errors import UnsupportedPair
from moonviz.estimates.dry import estimate_methods
from moonviz.networks import build
from moonviz.results import SCHEMA, TOLERANCE, Environment, Result
from moonviz.runs import gradients, run_methods
from moonviz.runs.environment import environment, resolve_device, set_flags
from moonviz.specs import METHODS, PRESETS, NetworkSpec, RunSpec, preset

TESTED_TORCH = "2.13"
"""The release that every byte count was checked with."""
TEST_SIZE: dict[str, Any] = {"depth": 3, "batch": 4}
"""What the presets are shrunk to, unless the full size is asked for."""
SLOW = ("forward", "moonwalk-pure")
"""Methods whose passes grow with the weights or inputs."""
TINY: dict[str, dict[str, Any]] = {
    "digits-revnet": {"depth": 2, "batch": 2, "channels": 2},
    "digits-dense": {"depth": 2, "batch": 2, "width": 4},
    "dense-pyramid": {"depth": 2, "batch": 2, "width": 6, "last": 4},
}
"""Where the slow methods are checked, at any size that is asked for."""
ALLOCATOR_SLACK_BYTES = 64 * 2**20
"""What an allocator may take beyond the tensors: rounding and the kernels' own scratch space."""


class Progress(Protocol):
    """Hears how far the examination is."""

    def stage(self, name: str, done: int, total: int, label: str | None = None) -> None:
        """Part `done` of `total`."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is, the same on every machine.
        ok: Whether it holds; true also where it does not apply here, and `message` says so.
        value: What was found; null where it does not apply.
        limit: The largest value that is right; null where nothing is demanded.
        message: The same in words.
    """

    name: str
    ok: bool
    value: float | int | str | None
    limit: float | int | str | None
    message: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All checks, the machine they were made on, and what its runs have predicted and measured so far."""

    environment: Environment
    checks: tuple[Check, ...]
    calibration: Table = field(default_factory=Table)

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def to_json(self) -> str:
        """Strict JSON under the schema of results."""
        data = {
            "schema": SCHEMA,
            "environment": self.environment.model_dump(mode="json"),
            "checks": [asdict(check) for check in self.checks],
            "calibration": asdict(self.calibration),
        }
        return json.dumps(data, indent=2, allow_nan=False)


def examine(device: str = "auto", *, full: bool = False, observer: Progress | None = None) -> Findings:
    """Check versions, exactness of every method on every preset, the memory ledger, times, and past predictions.

    Args:
        device: Where to check, as a run spec names it.
        full: Check the presets at their own size instead of `TEST_SIZE`.
        observer: Hears how far the examination is.

    Raises:
        InvalidSpec: If there is no such device here.
    """
    threads = torch.get_num_threads()
    # The test size is too small for more than one thread, and on a busy machine threads wait for each other.
    set_flags(threads=None if full else 1)
    try:
        return _examine(resolve_device(device), {} if full else TEST_SIZE, observer)
    finally:
        torch.set_num_threads(threads)


def _examine(device: str, size: dict[str, Any], observer: Progress | None) -> Findings:
    here, past = environment(device), table()
    found = [_versions(here), _past_predictions(past)]
    for done, name in enumerate(PRESETS):
        if observer is not None:
            observer.stage("check", done, len(PRESETS), name)
        # Apple's GPUs have no float64.
        dtype = "float32" if device == "mps" else "float64"
        found += _exactness(preset(name, **size, dtype=dtype), device, [m for m in METHODS if m not in SLOW])
        if name in TINY:
            found += _exactness(preset(name, **TINY[name], dtype=dtype), device, SLOW)
        found += _memory_and_times(preset(name, **size), device, repeats=1 if size else 3)
    return Findings(here, tuple(found), past)


def _past_predictions(past: Table) -> Check:
    """On the CPU every run's bytes are to be what was predicted; elsewhere, and of seconds, it is only told."""
    name = "past predictions: bytes on the CPU"
    if past.note:
        return Check(name, True, None, None, f"does not apply: {past.note}")
    spreads = [row.bytes for row in past.rows if row.device == "cpu" and row.bytes]
    ratios = [ratio for spread in spreads for ratio in (spread.min, spread.max)]
    if not ratios:
        return Check(name, True, None, None, f"does not apply: no run on the CPU is kept in {past.path} yet")
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    words = f"{past.runs:,} kept, of them on the CPU at worst {worst:.6g} times what was measured"
    advice = "" if worst == 1 else f"; delete {past.path} once the cause is found"
    return Check(name, worst == 1, worst, 1, words + advice)


def _versions(here: Environment) -> Check:
    ok = here.torch.startswith(f"{TESTED_TORCH}.")
    words = f"Python {here.python}, torch {here.torch}, moonviz {here.moonviz} on {here.device} ({here.machine})"
    advice = "" if ok else f"; checked with torch {TESTED_TORCH} only: bytes may differ, the gradients should not"
    return Check("versions", ok, here.torch, TESTED_TORCH, words + advice)


def _exactness(spec: NetworkSpec, device: str, methods: Sequence[str]) -> Iterator[Check]:
    """Methods against plain torch autograd on the same weights and batch."""
    net = build(spec, device)
    x, target = net.batch(seed=0)
    names, weights = zip(*net.named_parameters(), strict=True)
    truth = dict(zip(names, torch.autograd.grad(net.loss(x, target), weights), strict=True))
    for method in methods:
        name = f"exactness: {method} on {spec.name}"
        try:
            found = gradients(net, x, target, method=method)
        except UnsupportedPair as refusal:
            yield Check(name, True, None, None, f"does not apply: {refusal}")
            continue
        if not METHODS[method].exact:
            yield Check(name, True, None, None, "does not apply: a noisy estimate by design")
            continue
        error, limit = relative_error(found, truth), TOLERANCE[spec.dtype]
        words = f"relative error {error:.1e} in {spec.dtype}, at most {limit:.0e} is allowed"
        yield Check(name, error <= limit, error if math.isfinite(error) else None, limit, words)


def relative_error(found: dict[str, torch.Tensor], truth: dict[str, torch.Tensor]) -> float:
    """‖g − t‖ / ‖t‖ over all parameters; infinite where a parameter is missing."""
    if found.keys() != truth.keys():
        return math.inf
    wrong = sum(float((found[name].double() - right.double()).square().sum()) for name, right in truth.items())
    return math.sqrt(wrong / sum(float(right.double().square().sum()) for right in truth.values()))


def _memory_and_times(spec: NetworkSpec, device: str, repeats: int) -> Iterator[Check]:
    """The ledger against the dry run and the device's allocator, and each method's time beside backprop's."""
    asked = {
        "network": spec.model_dump(),
        "methods": [{"name": name} for name in METHODS if name not in SLOW],
        "device": device,
    }
    run = RunSpec.read(asked | {"repeats": repeats})
    measured = [result for result in run_methods(run).results if result.status != "refused"]
    predicted = {result.label: result for result in estimate_methods(run).results}
    for result in measured:
        where = f"{result.label} on {spec.name}"
        if result.status != "ok":
            why = result.error.message if result.error else result.status
            yield Check(f"run: {where}", False, result.status, "ok", why)
            continue
        yield _ledger_equals_dry_run(where, result, predicted[result.label])
        yield _ledger_against_allocator(where, result)
        yield _time(where, result, measured)


def _ledger_equals_dry_run(where: str, result: Result, predicted: Result) -> Check:
    found, (low, high) = result.peak_bytes or 0, predicted.peak_bytes_range or (predicted.peak_bytes,) * 2
    apart = max(low - found, found - high, 0)
    expected = f"{low:,}" if low == high else f"between {low:,} and {high:,}"
    words = f"peak {found:,} bytes counted, {expected} predicted"
    return Check(f"ledger equals dry run: {where}", apart == 0, apart, 0, words)


def _ledger_against_allocator(where: str, result: Result) -> Check:
    """An allocator hands out at least what the tensors take, and not much more."""
    name = f"ledger and allocator: {where}"
    if result.allocator_peak_bytes is None or result.peak_bytes is None:
        return Check(name, True, None, None, "does not apply: this device's allocator has no counters")
    more = result.allocator_peak_bytes - result.peak_bytes
    words = f"the allocator's peak is {more:,} bytes above the ledger's {result.peak_bytes:,}"
    return Check(name, 0 <= more <= ALLOCATOR_SLACK_BYTES, more, ALLOCATOR_SLACK_BYTES, words)


def _time(where: str, result: Result, measured: Sequence[Result]) -> Check:
    """Told, never judged: a busy machine is not a wrong one."""
    name = f"time: {where}"
    backprop = next((one.seconds for one in measured if one.method == "backprop"), None)
    if result.seconds is None or backprop is None:
        return Check(name, True, None, None, "does not apply: not timed")
    ratio = result.seconds.median / backprop.median
    words = f"{ratio:.2f} times backprop's, median of {result.seconds.repeats} repeats"
    return Check(name, True, ratio, None, words)
