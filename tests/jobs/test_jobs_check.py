from __future__ import annotations

from collections.abc import Iterator

import pytest
from job_cases import end, run_spec

from moonviz.building import Check, Place
from moonviz.jobs import Check as CheckJob
from moonviz.jobs import Failed, Limits, LocalEngine, ResultMessage


@pytest.fixture(scope="module")
def real_engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(Limits(max_seconds=60))
    yield engine
    engine.close()


def test_a_check_of_a_draft_is_a_job_of_the_estimate_lane(engine: LocalEngine) -> None:
    job = CheckJob(network=run_spec().network, after=Place(part="body", layer=0), methods=("backprop",))
    final = end(engine, engine.submit(job, "a"))
    assert isinstance(final, ResultMessage)
    assert Check.model_validate(final.data).peaks == {"backprop": 8}
    assert "estimate" in engine.workers()


def test_the_engine_says_what_is_known_of_a_draft(real_engine: LocalEngine) -> None:
    network = run_spec().network
    job = CheckJob(network=network, after=Place(part="body", layer=0), methods=("backprop",))
    check = Check.model_validate(end(real_engine, real_engine.submit(job, "a")).data)
    assert check.problem is None
    assert [facts.place.part for facts in check.layers] == ["stem", "stem", "body", "body", "head"]
    assert check.peaks["backprop"] > 0
    assert {offer.kind for offer in check.offers["body.0.0"]} >= {"dense", "relu"}


def test_a_misfit_is_an_answer_and_an_unknown_method_is_not(real_engine: LocalEngine) -> None:
    network = run_spec().network
    broken = network.changed(stem=[])
    check = Check.model_validate(end(real_engine, real_engine.submit(CheckJob(network=broken), "a")).data)
    assert check.problem.layer_name == "layer 1 (dense)"
    assert check.repairs[0].says == "add a flatten before it"
    final = end(real_engine, real_engine.submit(CheckJob(network=network, methods=("nothing",)), "a"))
    assert isinstance(final, Failed)
    assert "nothing" in final.error.message
