"""What commands do with torch: check first, then measure or predict. Imported only by commands that work."""

from __future__ import annotations

from moonviz.cli.deadline import Deadline
from moonviz.errors import InvalidSpec
from moonviz.estimates import estimate_methods
from moonviz.jobs.admission import Limits
from moonviz.jobs.messages import Run
from moonviz.methods import require
from moonviz.networks import build
from moonviz.results import Report
from moonviz.runs import run_methods
from moonviz.runs.environment import resolve_device, set_flags
from moonviz.runs.observer import Observer
from moonviz.specs import RunSpec


def measure(spec: RunSpec, observer: Observer) -> Report:
    """Run every method, after a look at what can be known before any work.

    Raises:
        InvalidSpec: If the device is not here, or a limit forbids the run's shape.
        UnsupportedPair: If a method cannot train the network.
        TimeoutError: If it takes longer than the limits allow.
    """
    resolve_device(spec.device)
    _require_all(spec)
    limits = Limits.from_environment()
    refused = limits.refuse_shape(Run(spec=spec))
    if refused is not None:
        raise InvalidSpec(f"{refused.error.message} {refused.error.remedy}")
    set_flags()
    late = limits.overtime().error
    watch = Deadline(observer, limits.max_seconds, f"{late.message} {late.remedy}")
    return run_methods(spec, watch, limits.bytes_now())


def predict(spec: RunSpec) -> Report:
    """Dry-run every method.

    Raises:
        UnsupportedPair: If a method cannot train the network.
    """
    _require_all(spec)
    return estimate_methods(spec)


def _require_all(spec: RunSpec) -> None:
    shapes = build(spec.network, "meta")
    for choice in spec.methods:
        require(choice.resolved, shapes)
