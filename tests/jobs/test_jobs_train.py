"""Trainings: background work in the measure lane, which streams its points and gives way to runs."""

from __future__ import annotations

import time

import pytest
from fake_compute import ERRORS
from job_cases import end, run, train, until, until_stage
from test_jobs_queue import Puppets, puppets  # noqa: F401 (a fixture)

from moonviz.jobs import Cancelled, Failed, LocalEngine, Lost, Points, Queued, ResultMessage, StageMessage
from moonviz.jobs.messages import JOB
from moonviz.training import TrainReport


def steps(engine: LocalEngine, job: str) -> list[int]:
    return [point.step for m in engine.messages(job) if isinstance(m, Points) for point in m.points]


def test_a_training_streams_its_points_and_ends_with_its_report(engine: LocalEngine) -> None:
    job = engine.submit(train(steps=2_000), "a")
    began = time.monotonic()
    final = end(engine, job)
    took = time.monotonic() - began
    assert isinstance(final, ResultMessage)
    report = TrainReport.model_validate(final.data)
    assert steps(engine, job) == [point.step for point in report.points] == list(range(2_001))
    assert len(engine.messages(job)) <= 20 * took + 20
    assert report.runs[0].peak_bytes > 1_000_000, "the byte limit reaches it"
    assert JOB.validate_json(train().model_dump_json()) == train()


@pytest.mark.parametrize("name", ["pause train", "stuck train"])
def test_a_training_can_be_cancelled_even_if_it_does_not_listen(engine: LocalEngine, name: str) -> None:
    job = engine.submit(train(name), "a")
    until(engine, job, lambda message: isinstance(message, Points) and message.points[-1].step == 2)
    began = time.monotonic()
    engine.cancel(job)
    final = end(engine, job)
    assert time.monotonic() - began < 2
    assert isinstance(final, Cancelled)
    assert final.at == "at stage `train`, 2 of 5"


def test_a_training_whose_worker_dies_is_lost(engine: LocalEngine) -> None:
    assert isinstance(end(engine, engine.submit(train("crash train"), "a")), Lost)


@pytest.mark.parametrize(("name", "reason"), [("raise pair", "refused"), ("raise large", "too_large")])
def test_a_training_that_is_refused_says_why(engine: LocalEngine, name: str, reason: str) -> None:
    final = end(engine, engine.submit(train(name), "a"))
    assert isinstance(final, Failed)
    assert final.reason == reason
    assert final.error.layer == getattr(ERRORS[name.split()[1]], "layer", None)


def test_a_training_that_is_surely_too_long_is_refused_before_any_work(engine: LocalEngine) -> None:
    job = engine.submit(train("huge"), "a")
    final = end(engine, job)
    assert final.reason == "too_large"
    assert "Fewer `steps`" in final.error.remedy
    assert not any(isinstance(message, StageMessage) and message.name == "train" for message in engine.messages(job))


@pytest.mark.parametrize("name", ["linger train", "stuck train"])
def test_a_training_gives_way_to_a_run_and_begins_again(engine: LocalEngine, name: str) -> None:
    job = engine.submit(train(name), "a")
    until(engine, job, lambda message: isinstance(message, Points) and message.points[-1].step == 2)
    race = engine.submit(run("pause trace"), "b")
    until_stage(engine, race, "trace")
    assert engine.final(job) is None
    assert isinstance(engine.messages(job)[-1], Queued)
    assert engine.submit(train(name), "a") == job, "it is still the same job"
    engine.cancel(race)
    assert isinstance(end(engine, race), Cancelled)
    if name.startswith("stuck"):
        until(engine, job, lambda message: steps(engine, job).count(2) == 2)
        engine.cancel(job)
        assert isinstance(end(engine, job), Cancelled)
    else:
        assert isinstance(end(engine, job), ResultMessage)
    assert steps(engine, job)[:4] == [0, 1, 2, 0], "from the beginning"


def test_who_gave_way_can_be_cancelled_at_any_time(engine: LocalEngine) -> None:
    job = engine.submit(train("pause train"), "a")
    until(engine, job, lambda message: isinstance(message, Points) and message.points[-1].step == 2)
    race = engine.submit(run("pause trace"), "b")
    until_stage(engine, race, "trace")
    engine.cancel(job)
    assert isinstance(end(engine, job), Cancelled)
    assert engine.final(race) is None
    engine.cancel(race)
    end(engine, race)


def test_waiting_trainings_let_runs_go_first(puppets: Puppets) -> None:  # noqa: F811
    engine = puppets.engine
    first = engine.submit(run(), "a")
    puppets.all[0].greet()
    for worker in puppets.living:
        if not worker.greeted:
            worker.greet()
    later = engine.submit(train(), "b"), engine.submit(run(), "c")
    measure = next(worker for worker in puppets.living if worker.lane.startswith("measure"))
    check = next(worker for worker in puppets.living if worker.lane == "estimate")
    while check.job:
        check.finish()
    assert measure.job == first
    measure.finish()
    assert measure.job == later[1], "the run, though the training came first"
    measure.finish()
    assert measure.job == later[0]
    puppets.settle()


def test_who_is_giving_way_can_be_cancelled_meanwhile(puppets: Puppets) -> None:  # noqa: F811
    engine = puppets.engine
    engine.warm_up()
    for worker in puppets.living:
        worker.greet()
    check, measure = sorted(puppets.living, key=lambda worker: worker.lane)
    job = engine.submit(train(), "a")
    check.finish()
    assert measure.job == job
    race = engine.submit(run(), "b")
    check.finish()
    assert measure.asked_to_stop, "it is to give way"
    engine.cancel(job)
    measure.finish()
    assert isinstance(engine.final(job), Cancelled)
    assert measure.job == race
