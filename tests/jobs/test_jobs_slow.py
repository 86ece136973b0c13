"""Methods that would take too long leave the others their race; and how long a wait is predicted to be."""

from __future__ import annotations

import pytest
from job_cases import end, run, until

from moonviz.jobs import Limits, LocalEngine, Queued, ResultMessage, StageMessage
from moonviz.jobs.slow import slow_methods
from moonviz.specs import MethodChoice

LIMITS = Limits(max_seconds=60)
METHODS = ("backprop", "moonwalk-mixed")


def dry(layers=(), **flops):
    results = [{"label": name.replace("_", "-"), "flops": count, "peak_bytes": 7} for name, count in flops.items()]
    return {"results": results, "network": {"layers": list(layers)}}


def of(*names):
    job = run()
    choices = tuple(MethodChoice(name=name) for name in names)
    return job.model_copy(update={"spec": job.spec.model_copy(update={"methods": choices})})


def test_a_slow_method_keeps_its_place_and_the_other_runs(engine: LocalEngine) -> None:
    job = engine.submit(run("slow moonwalk-mixed"), "a")
    final = end(engine, job)
    assert isinstance(final, ResultMessage)
    first, second = final.data["results"]
    assert (first["label"], first["status"]) == ("backprop", "ok")
    assert (second["label"], second["status"]) == ("moonwalk-mixed", "too_large")
    # 10¹⁵ FLOPs at 10⁹ a second
    assert second["error"]["message"] == "at least 12 days a step (predicted): estimate only."
    assert second["predicted"]
    assert not second["steps"]


def test_equal_races_are_one_even_when_a_method_is_left_out(engine: LocalEngine) -> None:
    held = engine.submit(run("pause trace"), "a")
    until(engine, held, lambda message: isinstance(message, StageMessage) and message.name == "trace")
    one, two = (engine.submit(run("slow moonwalk-mixed"), "b") for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("report", "rate", "left_out"),
    [
        (dry(backprop=10**9, moonwalk_mixed=10**12), 10**9, {"moonwalk-mixed"}),
        (dry(backprop=10**9, moonwalk_mixed=10**12), None, set()),
        (dry(backprop=10**12, moonwalk_mixed=10**12), 10**9, set()),  # nobody is left
        (dry(backprop=8 * 10**9, moonwalk_mixed=10**12), 10**9, set()),  # 8 s × 8 passes: the rest takes too long too
        (dry(backprop=None, moonwalk_mixed=10**12), 10**9, set()),  # the other one is refused
    ],
)
def test_only_what_alone_takes_too_long_is_left_out(report, rate, left_out) -> None:
    assert set(slow_methods(run(), report, rate, LIMITS)) == left_out


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(90, "2 minutes"), (7_200, "2 hours"), (1.9 * 86_400, "2 days"), (86_400, "1 day"), (45, "45 seconds")],
)
def test_long_times_are_said_in_their_unit(seconds, words) -> None:
    report = dry(backprop=1, moonwalk_mixed=seconds * 10**9)
    found = slow_methods(run(), report, 10**9, LIMITS)
    assert f"at least {words} a step" in found["moonwalk-mixed"]["error"]["message"]


def test_the_slowest_methods_say_how_often_they_go_through_the_network() -> None:
    layers = [{"parameters": 5, "in_shape": [1]}, {"parameters": 65_531, "in_shape": [64, 32, 32]}]
    job = of("backprop", "forward", "moonwalk-pure")
    found = slow_methods(job, dry(layers, backprop=1, forward=10**14, moonwalk_pure=10**14), 10**9, LIMITS)
    assert found["forward"]["error"]["message"].startswith("65,536 weights with a pass for each, at least 1 day")
    assert found["moonwalk-pure"]["error"]["message"].startswith("65,536 directions, at least 1 day")


def test_a_wait_is_predicted_once_a_run_has_shown_the_pace(fresh_engine: LocalEngine) -> None:
    def waits(job: str) -> list[float | None]:
        return [message.seconds for message in fresh_engine.messages(job) if isinstance(message, Queued)]

    first = fresh_engine.submit(run("linger trace"), "a")
    unknown = fresh_engine.submit(run("plain"), "b")
    assert isinstance(end(fresh_engine, first), ResultMessage)
    assert isinstance(end(fresh_engine, unknown), ResultMessage)
    assert set(waits(unknown)) == {None}
    held = fresh_engine.submit(run("pause trace"), "a")
    until(fresh_engine, held, lambda message: isinstance(message, StageMessage) and message.name == "trace")
    waiting = fresh_engine.submit(run("other"), "b")
    until(fresh_engine, waiting, lambda message: isinstance(message, Queued) and message.seconds is not None)
    assert all(seconds is None or seconds >= 0 for seconds in waits(waiting))
