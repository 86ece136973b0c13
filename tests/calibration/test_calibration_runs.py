"""Every run is recorded, by a worker and by the command line, and on the CPU its bytes are what was predicted."""

from __future__ import annotations

import math

import pytest

from moonviz import calibration
from moonviz.calibration import Spread, file, table
from moonviz.cli import main
from moonviz.jobs.compute import Torch
from moonviz.runs import run_methods
from moonviz.runs.observer import Nobody
from moonviz.specs import PRESETS, RunSpec, preset

EXACTLY = Spread(1.0, 1.0, 1.0, 1)
METHODS = ("backprop", "checkpointing", "revbackprop", "projforward", "moonwalk-mixed")


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("MOONVIZ_STATE", str(tmp_path))
    monkeypatch.setattr(calibration, "_said", set())
    return tmp_path


def race(name: str, *methods: str) -> RunSpec:
    network = preset(name, depth=2, batch=3)
    asked = {"network": network.model_dump(), "methods": [{"name": method} for method in methods]}
    return RunSpec.read(asked | {"device": "cpu", "repeats": 1})


@pytest.mark.parametrize("name", PRESETS)
def test_bytes_on_the_cpu_are_what_was_predicted(name):
    report = Torch().run(race(name, *METHODS), Nobody(), None)
    done = [result for result in report.results if result.status == "ok"]
    assert len(done) >= 4
    assert [result.predicted_peak_bytes for result in done] == [result.peak_bytes for result in done]
    assert all(result.predicted_allocator_bytes is None for result in done)
    assert {row.method: row.bytes for row in table().rows} == {result.label: EXACTLY for result in done}


def test_a_worker_predicts_seconds_by_the_rate_that_it_measured():
    worker = Torch()
    hello = worker.prepare("measure", "cpu")
    (result,) = worker.run(race("digits-dense", "backprop"), Nobody(), None).results
    (row,) = table().rows
    predicted = result.flops / hello.flops_per_second
    assert row.seconds.median == pytest.approx(predicted / result.seconds.median)


def test_the_command_line_records_a_run():
    assert main(["run", "digits-dense", "--depth", "2", "--method", "backprop", "--repeats", "1"]) == 0
    (row,) = table().rows
    assert (row.method, row.bytes) == ("backprop", EXACTLY)
    assert row.seconds.count == 1
    assert math.isfinite(row.seconds.median)


def test_a_run_goes_on_where_nothing_can_be_kept(own_state, monkeypatch, capsys):
    monkeypatch.setenv("MOONVIZ_STATE", str(own_state / "file" / "below"))
    (own_state / "file").touch()
    assert main(["run", "digits-dense", "--depth", "2", "--method", "backprop", "--repeats", "1"]) == 0
    assert "backprop" in capsys.readouterr().out


def test_what_is_only_predicted_or_called_from_python_is_not_recorded(own_state):
    assert main(["estimate", "digits-dense", "--depth", "2", "--method", "backprop"]) == 0
    run_methods(race("digits-dense", "backprop"))
    assert not (own_state / file.NAME).exists()


@pytest.mark.cuda
def test_on_cuda_the_rounded_prediction_is_held_against_the_allocator():
    spec = race("photo-revnet", "backprop").model_copy(update={"device": "cuda"})
    (result,) = Torch().run(spec, Nobody(), None).results
    (row,) = table().rows
    assert result.predicted_allocator_bytes >= result.predicted_peak_bytes
    assert row.bytes.median == result.predicted_allocator_bytes / result.allocator_peak_bytes
