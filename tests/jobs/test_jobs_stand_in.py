"""How `forward` is foretold without its own dry run, and how fast a device is said to be."""

from __future__ import annotations

import pytest
from job_cases import end, run_spec

import moonviz
from moonviz.estimates.dry import estimate_methods
from moonviz.jobs import LocalEngine, Run
from moonviz.jobs.compute import Torch
from moonviz.jobs.engine import Speed
from moonviz.jobs.stand_in import as_asked, forward_steps, stand_in
from moonviz.networks import describe
from moonviz.specs import MethodChoice, RunSpec

SIZES = {
    "digits-dense": {"depth": 4, "width": 12},
    "digits-revnet": {"depth": 3, "channels": 4},
    "conv1d-fragments": {"depth": 2, "channels": 4},
    "reversible-transformer": {"depth": 1, "width": 8},
}


def race(network, *names, **options):
    methods = tuple(MethodChoice(name=name, options=options if name == "projforward" else {}) for name in names)
    return RunSpec(network=network, methods=methods)


@pytest.mark.parametrize("name", SIZES)
def test_forward_is_foretold_within_twice_of_its_own_dry_run(name):
    network = moonviz.preset(name, **SIZES[name])
    spec = race(network, "backprop", "forward")
    told = as_asked(spec, estimate_methods(stand_in(spec)).model_dump())
    own = moonviz.estimate(network, "forward")
    first, second = told["results"]
    assert (first["label"], second["label"]) == ("backprop", "forward")
    assert own.flops / 2 < second["flops"] < 2 * own.flops
    assert second["peak_bytes"] is None
    layers = [card.model_dump() for card in describe(network)]
    listed = sum(step.passes for step in own.steps if step.phase == "tangent")
    assert forward_steps(layers) == listed


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        ({"names": ("backprop", "moonwalk-mixed")}, ["backprop", "moonwalk-mixed"]),
        ({"names": ("forward",)}, ["projforward"]),
        ({"names": ("forward", "projforward")}, ["projforward"]),
        ({"names": ("forward", "projforward"), "directions": 8}, ["projforward:directions=8", "projforward"]),
    ],
)
def test_what_is_dry_run_in_place_of_a_race(asked, done):
    spec = race(run_spec().network, *asked.pop("names"), **asked)
    assert [choice.label for choice in stand_in(spec).methods] == done
    report = {"results": [{"label": label, "flops": 3} for label in done], "network": {"layers": [{"parameters": 2}]}}
    told = as_asked(spec, report)
    assert [one["label"] for one in told["results"]] == [choice.label for choice in spec.methods]
    assert {one["flops"] for one in told["results"] if one["label"] == "forward"} <= {6}


def test_a_speed_tells_seconds():
    speed = Speed(1e9, 1e-4)
    assert speed.seconds(2 * 10**9, 5_000) == pytest.approx(2.5)
    assert speed.seconds(2 * 10**9, 5_000, "float64") == pytest.approx(4.5)


def test_an_engine_knows_its_speed_once_a_worker_is_up(fresh_engine: LocalEngine):
    spec = run_spec()
    assert fresh_engine.speed(spec) is None
    end(fresh_engine, fresh_engine.submit(Run(spec=spec), "a"))
    assert fresh_engine.speed(spec) == Speed(1e9, 0.0)


def test_a_worker_measures_what_little_work_takes():
    hello = Torch().prepare("measure", "cpu")
    assert hello.seconds_per_step > 0
    assert Torch().prepare("estimate", "cpu").seconds_per_step is None
