"""Jobs and questions that the tests of jobs share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from moonviz.jobs import AnyMessage, Describe, Estimate, Final, LocalEngine, Probe, Run, StageMessage, Train
from moonviz.jobs.process import WorkerProcess
from moonviz.specs import MethodChoice, RunSpec, preset
from moonviz.specs.train import TrainSpec

start_fake = partial(WorkerProcess, engine="fake_compute:Compute", path=(str(Path(__file__).parent),))
"""Starts real processes that compute nothing."""
PATIENCE = 60.0
"""Seconds until a test that waits for a job gives up; far more than anything here takes."""


def run_spec(name: str = "plain", **fields: object) -> RunSpec:
    network = preset("digits-dense", depth=2).changed(name=name)
    methods = (MethodChoice(name="backprop"), MethodChoice(name="moonwalk-mixed"))
    return RunSpec(**({"network": network, "methods": methods, "device": "cpu"} | fields))


def run(name: str = "plain", **fields: object) -> Run:
    return Run(spec=run_spec(name, **fields))


def train(name: str = "plain", **fields: object) -> Train:
    whole = run_spec(name)
    given = {"network": whole.network, "methods": whole.methods, "device": "cpu", "steps": 5, "learning_rate": 0.05}
    return Train(spec=TrainSpec(**(given | fields)))


def estimate(name: str = "plain", **fields: object) -> Estimate:
    return Estimate(spec=run_spec(name, **fields))


def describe(name: str = "plain") -> Describe:
    return Describe(network=run_spec(name).network)


def probe(name: str = "plain", number: int = 1) -> Probe:
    return Probe(network=run_spec(name).network, number=number)


def end(engine: LocalEngine, job: str) -> Final:
    final = engine.wait(job, PATIENCE)
    assert final is not None, f"no end in sight after {engine.messages(job)}"
    return final


def until(engine: LocalEngine, job: str, seen: Callable[[AnyMessage], bool]) -> AnyMessage:
    """Wait for a message; fails if the job ends without it."""
    start = 0
    with engine._changed:
        while True:
            for message in engine.messages(job, start):
                start += 1
                if seen(message):
                    return message
            assert engine.final(job) is None, f"ended without it: {engine.messages(job)}"
            assert engine._changed.wait(PATIENCE), f"still without it: {engine.messages(job)}"


def until_stage(engine: LocalEngine, job: str, name: str) -> None:
    """Wait until the worker itself, not the size check before it, is at a stage."""
    until(engine, job, lambda m: isinstance(m, StageMessage) and m.name == name and m.label is not None)
