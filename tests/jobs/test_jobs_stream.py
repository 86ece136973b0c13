from __future__ import annotations

import time

import pytest
from fake_compute import ERRORS, STAGES
from job_cases import describe, end, estimate, run, until, until_stage

from moonviz.jobs import (
    FINAL,
    Cancelled,
    Failed,
    LocalEngine,
    Lost,
    Queued,
    ResultMessage,
    StageMessage,
    Steps,
)
from moonviz.results import Report


def test_a_run_tells_its_story_in_order(engine: LocalEngine) -> None:
    end(engine, engine.submit(describe(), "a"))  # both workers are up, so nothing waits
    job = engine.submit(run(), "a")
    final = end(engine, job)
    messages = engine.messages(job)
    assert [message.number for message in messages] == list(range(len(messages)))
    assert isinstance(messages[0], Queued)
    assert [isinstance(message, FINAL) for message in messages].index(True) == len(messages) - 1
    stages = [message.name for message in messages if isinstance(message, StageMessage)]
    assert list(dict.fromkeys(stages)) == list(STAGES)
    records = [record.index for m in messages if isinstance(m, Steps) and m.label == "backprop" for record in m.records]
    assert records == [1]
    assert isinstance(final, ResultMessage)
    assert Report.model_validate(final.data).results[1].method == "moonwalk-mixed"


def test_a_result_is_strict_json_and_the_byte_limit_reaches_the_run(engine: LocalEngine) -> None:
    final = end(engine, engine.submit(run(), "a"))
    result = final.data["results"][0]
    assert result["loss"] is None
    assert result["non_finite"] == ["loss"]
    assert result["peak_bytes"] > 1_000_000  # the fake writes its limit there


def test_describe_gives_layer_cards(engine: LocalEngine) -> None:
    (card,) = end(engine, engine.submit(describe(), "a")).data
    assert card["name"] == "stem"


def test_equal_dry_runs_are_answered_from_memory(engine: LocalEngine) -> None:
    ends = [end(engine, engine.submit(estimate("again", repeats=n), "a")) for n in (3, 4, 3)]
    first, second, third = (final.data["results"][0]["peak_bytes"] for final in ends)  # the fake counts its dry runs
    assert second == first + 1
    assert third == first


def test_a_reader_comes_back_and_asks_from_a_number(engine: LocalEngine) -> None:
    job = engine.submit(run("pause trace"), "a")
    until_stage(engine, job, "trace")
    seen = engine.messages(job)
    engine.cancel(job)
    end(engine, job)
    later = engine.messages(job, len(seen))
    assert [message.number for message in [*seen, *later]] == list(range(len(seen) + len(later)))
    assert engine.messages(job, 1_000) == []
    assert engine.messages(job, -5) == engine.messages(job)


def test_an_unknown_job_is_lost_and_nobody_waits_for_it(engine: LocalEngine) -> None:
    (message,) = engine.messages("nothing", 7)
    assert isinstance(message, Lost)
    assert message.number == 7
    assert isinstance(engine.final("nothing"), Lost)
    engine.cancel("nothing")


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("invalid", "refused", "no such thing"),
        ("pair", "refused", "layer 3 (dense)"),
        ("large", "too_large", "1,024.0 MiB of 1.0 MiB"),
        ("singular", "failed", "singular"),
        ("memory", "too_large", "ran out"),
        ("ours", "failed", "RuntimeError: a secret"),
    ],
)
def test_an_exception_becomes_words(engine: LocalEngine, name: str, reason: str, words: str) -> None:
    final = end(engine, engine.submit(run(f"raise {name}"), "a"))
    assert isinstance(final, Failed)
    assert final.reason == reason
    assert words in final.error.message
    assert "\n" not in final.error.message
    assert "Traceback" not in final.error.message
    assert final.error.layer == getattr(ERRORS[name], "layer", None)
    remedy = getattr(ERRORS[name], "remedy", None)
    if remedy:
        assert final.error.remedy == remedy
        assert remedy not in final.error.message


def test_stray_prints_do_not_reach_the_messages(engine: LocalEngine, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(end(engine, engine.submit(run("print"), "a")), ResultMessage)
    assert not caplog.records


def test_a_flood_is_merged_and_nothing_of_it_is_lost(engine: LocalEngine) -> None:
    began = time.monotonic()
    job = engine.submit(run("flood"), "a")
    assert isinstance(end(engine, job), ResultMessage)
    took = time.monotonic() - began
    messages = engine.messages(job)
    indices = sorted(record.index for message in messages if isinstance(message, Steps) for record in message.records)
    assert indices == list(range(20_000))
    # Besides 20 a second there are the queue's messages and the last burst that comes with the end.
    assert len(messages) <= 20 * took + 20
    done = [message.done for message in messages if isinstance(message, StageMessage) and message.label]
    assert len(done) < 100


def test_run_pressed_twice_is_one_job(engine: LocalEngine) -> None:
    first = engine.submit(run("pause trace"), "a")
    assert engine.submit(run("pause trace"), "a") == first
    until_stage(engine, first, "trace")
    assert engine.submit(run("pause trace"), "a") == first
    other_tab = engine.submit(run("pause trace"), "b")
    assert other_tab != first
    engine.cancel(first)
    assert engine.submit(run("pause trace"), "a") != first, "a job that is being cancelled is not the one wanted"
    end(engine, first)


def test_a_third_job_of_a_tab_is_refused_until_one_is_done(engine: LocalEngine) -> None:
    first, second, third = (engine.submit(run("pause trace", repeats=n), "a") for n in (1, 2, 3))
    refusal = engine.final(third)
    assert isinstance(refusal, Failed)
    assert refusal.reason == "refused"
    assert "running and a waiting job" in refusal.error.message
    assert isinstance(end(engine, engine.submit(describe(), "a")), ResultMessage), "another lane has its own row"
    engine.cancel(second)
    assert engine.final(engine.submit(run("pause trace", repeats=3), "a")) is None
    engine.cancel(first)
    end(engine, first)


def test_who_waits_is_told_its_place(engine: LocalEngine) -> None:
    running = engine.submit(run("pause trace"), "a")
    until_stage(engine, running, "trace")
    next_one, last = engine.submit(run("next"), "b"), engine.submit(run("last"), "c")
    until(engine, last, lambda message: isinstance(message, Queued) and message.position == 1)
    engine.cancel(running)
    until(engine, last, lambda message: isinstance(message, Queued) and message.position == 0)
    assert isinstance(end(engine, next_one), ResultMessage)
    assert isinstance(end(engine, last), ResultMessage)


@pytest.mark.parametrize("busy", [True, False])
def test_a_result_says_whether_another_lane_worked_while_it_was_timed(engine: LocalEngine, busy: bool) -> None:
    job = engine.submit(run("linger time", repeats=2 + busy), "a")
    until_stage(engine, job, "time")
    if busy:
        end(engine, engine.submit(describe("busy"), "b"))
    results = end(engine, job).data["results"]
    assert [result["shared_machine"] for result in results] == [busy] * 2


def test_work_beside_another_stage_does_not_count_as_shared(engine: LocalEngine) -> None:
    job = engine.submit(run("linger truth"), "a")
    until_stage(engine, job, "truth")
    end(engine, engine.submit(describe("other"), "b"))
    assert not any(result["shared_machine"] for result in end(engine, job).data["results"])


def test_a_closed_tab_takes_its_jobs_along(engine: LocalEngine) -> None:
    running, waiting = engine.submit(run("pause trace"), "a"), engine.submit(run(), "a")
    until_stage(engine, running, "trace")
    other = engine.submit(run(), "b")
    engine.close_tab("a")
    assert isinstance(engine.final(running), Lost)
    assert isinstance(engine.final(waiting), Lost)
    assert isinstance(end(engine, other), ResultMessage), "the lane is free for other tabs"


def test_a_run_that_is_surely_too_long_is_refused_before_any_work(engine: LocalEngine) -> None:
    job = engine.submit(run("huge"), "a")
    final = end(engine, job)
    assert isinstance(final, Failed)
    assert final.reason == "too_large"
    assert "15,000,000 s" in final.error.message  # 2 × 10¹⁵ FLOPs × (5 + 2) and one truth, at 10⁹ per second
    assert "60 s are allowed" in final.error.message
    assert "MOONVIZ_MAX_SECONDS" in final.error.remedy
    assert not any(isinstance(message, StageMessage) and message.label for message in engine.messages(job))


def test_a_spec_that_the_size_check_refuses_is_refused(engine: LocalEngine) -> None:
    final = end(engine, engine.submit(run("raise-dry dry"), "a"))
    assert isinstance(final, Failed)
    assert final.reason == "refused"
    assert "does not fit" in final.error.message


def test_cancelling_what_is_done_changes_nothing(engine: LocalEngine) -> None:
    job = engine.submit(describe(), "a")
    final = end(engine, job)
    engine.cancel(job)
    assert engine.final(job) == final
    assert not isinstance(final, Cancelled)
