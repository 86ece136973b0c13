"""A few jobs with the real mathematics."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from job_cases import describe, end, estimate, run, train, until, until_stage

from moonviz.calibration import table
from moonviz.jobs import Cancelled, Failed, Limits, LocalEngine, Points, ResultMessage, StageMessage, Steps
from moonviz.results import LayerCard, Report
from moonviz.training import TrainReport


@pytest.fixture(scope="module")
def real_engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(Limits())
    engine.warm_up()
    yield engine
    engine.close()


def test_a_run_comes_back_whole(real_engine: LocalEngine) -> None:
    job = real_engine.submit(run(), "a")
    final = end(real_engine, job)
    assert isinstance(final, ResultMessage)
    report = Report.model_validate(final.data)
    assert [result.status for result in report.results] == ["ok", "ok"]
    assert all(result.agreement("float32") == "same" for result in report.results)
    messages = real_engine.messages(job)
    stages = {message.name for message in messages if isinstance(message, StageMessage)}
    assert {"trace", "time", "truth"} <= stages
    for result in report.results:
        streamed = [r for m in messages if isinstance(m, Steps) and m.label == result.label for r in m.records]
        assert [record.live_bytes for record in streamed] == [step.live_bytes for step in result.steps]
        assert all(record.seconds is None for record in streamed)


def test_a_dry_run_says_the_same_bytes(real_engine: LocalEngine) -> None:
    dry = Report.model_validate(end(real_engine, real_engine.submit(estimate(), "a")).data)
    real = Report.model_validate(end(real_engine, real_engine.submit(run(), "a")).data)
    assert [result.peak_bytes for result in dry.results] == [result.peak_bytes for result in real.results]
    assert all(result.predicted for result in dry.results)


def test_a_worker_keeps_what_it_predicted_beside_what_it_measured(real_engine: LocalEngine) -> None:
    before = table().runs
    end(real_engine, real_engine.submit(estimate(), "a"))
    assert table().runs == before
    end(real_engine, real_engine.submit(run(), "a"))
    assert table().runs == before + 2
    assert all(row.bytes.min == row.bytes.max == 1 for row in table().rows)


def test_describe_names_every_layer(real_engine: LocalEngine) -> None:
    cards = [LayerCard.model_validate(card) for card in end(real_engine, real_engine.submit(describe(), "a")).data]
    assert [card.index for card in cards] == list(range(len(cards)))


def test_a_long_run_can_be_cancelled_while_it_is_timed(real_engine: LocalEngine) -> None:
    job = real_engine.submit(run(repeats=101, network=run().spec.network.with_depth(60)), "a")
    until_stage(real_engine, job, "time")
    real_engine.cancel(job)
    assert isinstance(end(real_engine, job), Cancelled)


def test_a_device_that_is_not_here_is_refused(real_engine: LocalEngine) -> None:
    end(real_engine, real_engine.submit(describe(), "a"))
    final = end(real_engine, real_engine.submit(run(device="mps"), "a"))
    assert isinstance(final, Failed)
    assert final.reason == "refused"


def test_too_many_bytes_are_refused_by_method(real_engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_engine._floor, "_limits", Limits(max_bytes=1))
    final = end(real_engine, real_engine.submit(run(), "b"))
    assert [result["status"] for result in final.data["results"]] == ["too_large", "too_large"]


def test_a_training_comes_back_whole(real_engine: LocalEngine) -> None:
    job = real_engine.submit(train(), "a")
    final = end(real_engine, job)
    assert isinstance(final, ResultMessage)
    report = TrainReport.model_validate(final.data)
    streamed = [point for m in real_engine.messages(job) if isinstance(m, Points) for point in m.points]
    assert tuple(streamed) == report.points
    assert len(report.points) == 1 + 5
    assert all(one.accuracy is not None for one in report.runs)


def test_a_long_training_can_be_cancelled_while_it_trains(real_engine: LocalEngine) -> None:
    job = real_engine.submit(train(steps=2_000), "a")
    until(real_engine, job, lambda message: isinstance(message, Points) and message.points[-1].step > 2)
    real_engine.cancel(job)
    assert isinstance(end(real_engine, job), Cancelled)
