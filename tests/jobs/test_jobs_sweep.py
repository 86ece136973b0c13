from __future__ import annotations

import pytest
from job_cases import describe, end, run_spec, until

from moonviz.estimates.points import PeakPoint
from moonviz.estimates.samples import sample_batches, samples
from moonviz.jobs import Cancelled, Failed, Limits, LocalEngine, Peaks, ResultMessage, Sweep
from moonviz.specs import MethodChoice, method_options


def sweep(name: str = "plain", **fields: object) -> Sweep:
    given = {"network": run_spec(name).network, "methods": (MethodChoice(name="backprop"),), "depths": (2, 3)}
    return Sweep(**(given | fields))


def test_a_sweep_streams_its_points_and_ends_with_all_of_them(engine: LocalEngine) -> None:
    job = engine.submit(sweep(), "a")
    final = end(engine, job)
    assert isinstance(final, ResultMessage)
    streamed = [point for message in engine.messages(job) if isinstance(message, Peaks) for point in message.points]
    assert streamed == [PeakPoint.model_validate(point) for point in final.data]
    assert [point.depth for point in streamed] == [2, 3]
    assert "estimate" in engine.workers()


def test_a_sweep_gives_way_to_what_someone_waits_for(engine: LocalEngine) -> None:
    job = engine.submit(sweep("pause"), "a")
    until(engine, job, lambda message: isinstance(message, Peaks))
    assert isinstance(end(engine, engine.submit(describe(), "b")), ResultMessage)
    assert engine.final(job) is None, "it begins again"
    engine.cancel(job)
    assert isinstance(end(engine, job), Cancelled)


def test_the_engine_sweeps_and_refuses_what_cannot_be() -> None:
    engine = LocalEngine(Limits(max_seconds=60))
    try:
        job = sweep(depths=(2, 5), batches=(4,))
        points = [PeakPoint.model_validate(point) for point in end(engine, engine.submit(job, "a")).data]
        options = method_options("backprop")
        wanted = len(samples(options, job.network)) * len(sample_batches(job.network.batch))
        assert [bool(point.books) for point in points] == [True] * wanted + [False] * 2
        assert [(point.depth, point.batch) for point in points[-2:]] == [(2, 4), (5, 4)]
        refused = end(engine, engine.submit(sweep(depths=(2, 10_000), methods=job.methods, network=deep()), "a"))
        assert isinstance(refused, Failed)
        assert "20,000" in refused.error.message
    finally:
        engine.close()


def deep():
    network = run_spec().network
    block = network.body[0].model_dump()
    return network.changed(body=[block | {"layers": block["layers"] * 2}])


@pytest.mark.parametrize("field", ["depths", "batches"])
def test_a_sweep_takes_at_most_64_of_each(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        sweep(**{field: tuple(range(1, 66))})
