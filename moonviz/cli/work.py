"""What commands do with torch: check first, then measure or predict. Imported only by commands that work."""

from __future__ import annotations

from moonviz.calibration import entries_of, record
from moonviz.cli.deadline import Deadline
from moonviz.errors import InvalidSpec
from moonviz.estimates.dry import estimate_methods
from moonviz.jobs.admission import Limits, checks, planned_flops
from moonviz.jobs.compute import Torch
from moonviz.jobs.messages import Failed, Run, Train
from moonviz.methods import require
from moonviz.networks import build
from moonviz.results import Report
from moonviz.runs import run_methods
from moonviz.runs.environment import resolve_device
from moonviz.runs.observer import Observer
from moonviz.runs.train import train_methods
from moonviz.specs import RunSpec
from moonviz.specs.train import TrainSpec
from moonviz.training import TrainReport


def measure(spec: RunSpec, observer: Observer) -> Report:
    """Run every method, after a look at what can be known before any work; predictions are kept beside it.

    Raises:
        InvalidSpec: If the device is not here, or a limit forbids the run's shape.
        UnsupportedPair: If a method cannot train the network.
        TimeoutError: If it would take, or takes, longer than the limits allow.
    """
    limits, rate = _admit(Run(spec=spec))
    deadline = Deadline(observer, limits.max_seconds, _line(limits.overtime(Run(spec=spec))))
    report = run_methods(spec, deadline, limits.bytes_now())
    record(entries_of(report, rate))
    return report


def teach(spec: TrainSpec, observer: Observer) -> TrainReport:
    """Train by two methods, after the same look; raises what `measure` does."""
    limits, _ = _admit(Train(spec=spec))
    deadline = Deadline(observer, limits.max_seconds, _line(limits.overtime(Train(spec=spec))))
    return train_methods(spec, deadline, limits.bytes_now())


def predict(spec: RunSpec) -> Report:
    """Dry-run every method.

    Raises:
        UnsupportedPair: If a method cannot train the network.
    """
    require_all(spec)
    return estimate_methods(spec)


def _admit(job: Run | Train) -> tuple[Limits, float | None]:
    """The limits of this machine, once they admit the job, and its rate in FLOPs a second."""
    device = resolve_device(job.spec.device)
    dry = checks(job)
    require_all(dry)
    limits = Limits.from_environment()
    if refused := limits.refuse_shape(job):
        raise InvalidSpec(_line(refused))
    rate = Torch().prepare("measure", device).flops_per_second
    planned = planned_flops(job.spec, estimate_methods(dry).model_dump())
    if refused := limits.refuse_time(planned, rate, job):
        raise TimeoutError(_line(refused))
    return limits, rate


def require_all(spec: RunSpec) -> None:
    """Refuse a run before any work.

    Raises:
        UnsupportedPair: If a method cannot train the network.
    """
    shapes = build(spec.network, "meta")
    for choice in spec.methods:
        require(choice.resolved, shapes)


def _line(refused: Failed) -> str:
    return f"{refused.error.message} {refused.error.remedy or ''}"
