"""The lane that looks at layers: apart from the others, started when it is needed, bounded."""

from __future__ import annotations

import pytest
from job_cases import end, probe, run, until_stage

from moonviz.jobs import Cancelled, Failed, Limits, LocalEngine, Probe, ProbeLayer, ResultMessage, Walk
from moonviz.jobs.admission import PROBE_SECONDS
from moonviz.probing import LayerProbe
from moonviz.specs import layers, preset
from moonviz.walking import EXAMPLES, WalkPage


def test_the_lane_starts_when_it_is_first_needed(fresh_engine: LocalEngine) -> None:
    fresh_engine.warm_up()
    assert "probe" not in fresh_engine.workers(ready=False)
    assert isinstance(end(fresh_engine, fresh_engine.submit(probe(), "a")), ResultMessage)
    assert "probe" in fresh_engine.workers()


def test_a_probe_runs_beside_the_tabs_job_and_is_not_counted(engine: LocalEngine) -> None:
    running, waiting = (engine.submit(run(f"pause {stage}"), "a") for stage in ("trace", "time"))
    until_stage(engine, running, "trace")
    final = end(engine, engine.submit(probe(), "a"))
    assert LayerProbe.model_validate(final.data).number == 1
    assert engine.final(running) is None
    assert engine.final(waiting) is None


def test_a_newer_probe_takes_the_place_of_one_that_waits(engine: LocalEngine) -> None:
    held = engine.submit(probe("linger probe"), "a")
    second, third = engine.submit(probe("b"), "a"), engine.submit(probe("c"), "a")
    assert isinstance(end(engine, second), Cancelled)
    assert isinstance(end(engine, third), ResultMessage)
    assert isinstance(end(engine, held), ResultMessage)


ALONE = ProbeLayer(layer=layers.Dense(width=2), in_shape=(2,))


@pytest.mark.parametrize("both", [(probe("b"), ALONE), (ALONE, probe("b"))], ids=["network first", "layer first"])
def test_a_look_at_a_layer_alone_does_not_stop_one_at_a_networks_layer(engine: LocalEngine, both: tuple) -> None:
    held = engine.submit(probe("linger probe"), "a")
    jobs = [engine.submit(job, "a") for job in both]
    assert all(isinstance(end(engine, job), ResultMessage) for job in (held, *jobs))


def test_another_tabs_probe_keeps_waiting(engine: LocalEngine) -> None:
    jobs = [engine.submit(probe("linger probe"), "a"), engine.submit(probe("b"), "b"), engine.submit(probe("c"), "c")]
    assert all(isinstance(end(engine, job), ResultMessage) for job in jobs)


def test_a_probe_that_does_not_end_is_ended(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moonviz.jobs.admission.PROBE_SECONDS", 0.2)
    final = end(engine, engine.submit(probe("stuck probe"), "a"))
    assert isinstance(final, Failed)
    assert final.reason == "too_large"
    assert "0.2 s" in final.error.message
    assert isinstance(end(engine, engine.submit(probe("next"), "a")), ResultMessage)


def test_a_probe_never_takes_as_long_as_a_run() -> None:
    assert Limits(max_seconds=600).patience(probe()) == PROBE_SECONDS
    assert Limits(max_seconds=1).patience(probe()) == 1
    assert Limits(max_seconds=600).patience(run()) == 600


def test_a_probe_that_dies_is_lost_alone(engine: LocalEngine) -> None:
    assert end(engine, engine.submit(probe("crash probe"), "a")).kind == "lost"
    assert isinstance(end(engine, engine.submit(probe("next"), "a")), ResultMessage)


@pytest.fixture(scope="module")
def real_engine():
    engine = LocalEngine(Limits())
    yield engine
    engine.close()


@pytest.mark.parametrize(
    "job",
    [
        Probe(network=preset("digits-dense", depth=2), number=1),
        ProbeLayer(layer=layers.Conv(channels=2, stride=2), in_shape=(2, 9, 9)),
    ],
    ids=lambda job: job.kind,
)
def test_the_real_lane_answers(real_engine: LocalEngine, job: Probe | ProbeLayer) -> None:
    found = LayerProbe.model_validate(end(real_engine, real_engine.submit(job, "a")).data)
    assert found.rank == found.jacobian.rows
    assert found.sigma_max >= found.sigma_min > 0


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (Probe(network=preset("digits-dense", depth=2), number=99), "layers 1 to 4"),
        (ProbeLayer(layer=layers.Conv(channels=64), in_shape=(64, 64, 64)), "at most 1,000,000"),
        (ProbeLayer(layer=layers.Conv(channels=2), in_shape=(5,)), "this conv: a convolution takes channels"),
    ],
    ids=["number", "size", "shape"],
)
def test_the_real_lane_refuses_with_words(real_engine: LocalEngine, job: Probe | ProbeLayer, says: str) -> None:
    final = end(real_engine, real_engine.submit(job, "a"))
    assert isinstance(final, Failed)
    assert final.reason == "refused"
    assert says in final.error.message


def test_a_walk_is_a_probe_and_gives_a_page(engine: LocalEngine) -> None:
    final = end(engine, engine.submit(Walk(spec=EXAMPLES["dense"].spec), "a"))
    assert WalkPage.model_validate(final.data).label == "moonwalk-mixed"
    assert Limits(max_seconds=600).patience(Walk(spec=EXAMPLES["dense"].spec)) == PROBE_SECONDS
