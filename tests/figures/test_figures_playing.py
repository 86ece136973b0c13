from __future__ import annotations

import json
from itertools import groupby

import pytest
from playing_cases import dry, replayed, told
from race_cases import BOTH, fell, gradient, race

from moonviz.data.stored import stored, stored_names
from moonviz.figures import playing
from moonviz.figures.playing import live_payload, payload, race_id, stored_id
from moonviz.figures.playing_heads import budget_bytes
from moonviz.jobs.messages import StageMessage, Steps
from moonviz.results import Failure
from moonviz.specs import RunSpec, preset
from moonviz.ui.following import Following

RACES = [(name, one.label) for name in stored_names() for one in stored(name).results]
MIXED = ("residuals", "inverse", "checkpointed")


@pytest.fixture(scope="module")
def deep():
    """512 couplings, six methods."""
    simple = [(method, {}) for method in ("backprop", "checkpointing", "revbackprop")]
    return dry("digits-revnet", *simple, *(("moonwalk-mixed", {"phase_one": one}) for one in MIXED), depth=512)


@pytest.mark.parametrize(("name", "label"), RACES)
def test_replaying_the_changes_gives_the_bytes_of_every_record(name, label):
    report = stored(name)
    steps = next(one for one in report.results if one.label == label).steps
    events = told(report, label)[1]["events"]
    assert events["n"] == len(steps)
    assert list(replayed(events)) == [step.by_category for step in steps]
    assert events["live"] == [step.live_bytes for step in steps]
    assert events["peak"] == [step.peak_bytes for step in steps]
    assert events["layer"] == [step.layer for step in steps]


@pytest.mark.parametrize("name", stored_names())
def test_every_stored_race_is_whole_and_under_a_megabyte(name):
    made = payload(stored(name), id="x")
    assert len(json.dumps(made, allow_nan=False)) < 1_000_000
    assert all(one["events"]["step"] is None for one in made["methods"])
    assert len(made["network"]["layers"]) == made["network"]["last"] + 1
    for one in made["methods"]:
        assert sum(one["events"]["us"]) / 1e6 == pytest.approx(one["seconds"], rel=0.1)


def test_a_deep_race_is_thinned_to_a_megabyte_and_keeps_its_peaks(deep):
    text = json.dumps(payload(deep, id="x"), allow_nan=False)
    assert 500_000 < len(text) < 1_000_000
    made = json.loads(text)["methods"]
    assert any(one["events"]["n"] < len(result.steps) for one, result in zip(made, deep.results, strict=True))
    for one, result in zip(made, deep.results, strict=True):
        events, steps = one["events"], result.steps
        assert max(events["peak"]) == result.peak_bytes
        at = events["peak"].index(result.peak_bytes)
        peak = next(step for step in steps if step.peak_bytes == result.peak_bytes)
        first = (events["step"] or range(len(steps)))[at]
        assert (events["layer"][at], events["live"][at], first) == (peak.layer, peak.live_bytes, peak.index)


def test_thinned_events_hold_what_the_records_at_their_ends_hold(deep):
    for one, result in zip(payload(deep, id="x")["methods"], deep.results, strict=True):
        events = one["events"]
        starts = events["step"] or range(len(result.steps))
        ends = [*(start - 1 for start in starts[1:]), len(result.steps) - 1]
        assert list(replayed(events)) == [result.steps[end].by_category for end in ends]
        assert events["live"] == [result.steps[end].live_bytes for end in ends]
        letters = [step.phase[0] if step.phase != "recompute" else "c" for step in result.steps]
        spans = zip(starts, ends, events["phase"], strict=True)
        assert all(set(letters[start : end + 1]) == {letter} for start, end, letter in spans)


@pytest.mark.parametrize("label", BOTH)
def test_merged_events_keep_the_time_the_peaks_and_the_fullest_moment(monkeypatch, label):
    report = stored("photo-revnet", BOTH)
    whole = told(report, label)[1]["events"]
    monkeypatch.setattr(playing, "MOST_CHARACTERS", 40_000)
    thin = told(report, label)[1]["events"]
    assert thin["n"] < whole["n"] / 2
    assert sum(thin["us"]) == pytest.approx(sum(whole["us"]), abs=whole["n"])
    ends = [*thin["step"][1:], whole["n"]]
    spans = list(zip(thin["step"], ends, strict=True))
    assert thin["peak"] == [max(whole["peak"][start:end]) for start, end in spans]
    held = [sum(count for kind, count in by_kind.items() if kind != "gradient") for by_kind in replayed(whole)]
    for at in (whole["peak"].index(max(whole["peak"])), held.index(max(held)), whole["n"] - 1):
        assert (at, at + 1) in spans


def test_sweeps_start_where_the_phase_turns():
    for one in payload(stored("photo-revnet"), id="x")["methods"]:
        starts = [at for at, _ in one["sweeps"]]
        turns = [0]
        ways = {"f": 0, "r": 1, "c": 1, "i": 1, "a": 2}
        for _, group in groupby(enumerate(one["events"]["phase"]), key=lambda pair: ways[pair[1]]):
            turns.append(next(group)[0])
        assert starts == sorted(set(turns))


def test_a_method_that_fell_keeps_its_place_with_what_it_needs():
    made = payload(race(backprop=fell("too_large", "Needs more.", peak_bytes=2**30)), id="x")
    fallen, other = made["methods"]
    assert (fallen["status"], fallen["needs"], fallen["peak"]) == ("too_large", 2**30, None)
    assert fallen["error"]["message"] == "Needs more."
    assert fallen["events"]["n"] == 0
    assert fallen["limit"] is None
    assert other["less"] is None
    assert other["events"]["n"] == 100


def test_a_method_that_does_not_fit_says_what_is_allowed():
    report = race(backprop=fell("too_large", "Needs more.", peak_bytes=2**30))
    error = report.results[0].error.model_copy(update={"limit_bytes": 2**29})
    results = (report.results[0].model_copy(update={"error": error}), *report.results[1:])
    fallen = payload(report.model_copy(update={"results": results}), id="x")["methods"][0]
    assert (fallen["needs"], fallen["limit"]) == (2**30, 2**29)


def test_a_method_that_takes_too_long_does_not_claim_to_need_more_memory():
    fallen = payload(race(backprop=fell("too_large", "2 days.", peak_bytes=7, flops=10**15)), id="x")["methods"][0]
    assert (fallen["status"], fallen["needs"], fallen["flops"]) == ("too_slow", None, 10**15)


def test_numbers_are_against_backprop_of_this_run():
    mixed = told(race(backprop={"peak_bytes": 3 * 2**20}, moonwalk_mixed={"peak_bytes": 2**20}), "moonwalk-mixed")[1]
    assert mixed["less"] == 3
    assert mixed["ratio"] == pytest.approx(mixed["seconds"] / race().results[0].seconds.median, rel=1e-3)


def test_agreement_by_layer_is_its_worst_parameter_and_says_with_what():
    before = gradient(1e-6)["gradient"]
    each = [p.model_copy(update={"relative_error_to_backprop": p.relative_error}) for p in before.per_parameter]
    each[3] = each[3].model_copy(update={"relative_error_to_backprop": 0.5})
    beside = before.model_copy(update={"per_parameter": tuple(each)})
    mixed = told(race(moonwalk_mixed={"gradient": beside}), "moonwalk-mixed")[1]
    assert mixed["agreement_to"] == "backprop"
    assert [error for layer, error, _, _ in mixed["agreement"] if layer == each[3].layer] == [0.5]
    bare = before.model_copy(
        update={"per_parameter": tuple(p.model_copy(update={"relative_error_to_backprop": None}) for p in each)}
    )
    assert told(race(moonwalk_mixed={"gradient": bare}), "moonwalk-mixed")[1]["agreement_to"] == "truth"


@pytest.mark.parametrize(
    ("theirs", "ours", "budget"),
    [(260 * 2**20, 17 * 2**20, 64 * 2**20), (5 * 2**20, 4.5 * 2**20, 5 * 2**20 - 2**20), (2**20, 2 * 2**20, 2**22),
     (300_000, 350_000, 2**19), (2**21, 2**20, 2**20)],
)  # fmt: skip
def test_the_budget_parts_backprop_from_moonwalk_or_fits_all(theirs, ours, budget):
    report = race(backprop={"peak_bytes": int(theirs)}, moonwalk_mixed={"peak_bytes": int(ours)})
    found = budget_bytes(report.results)
    if ours < theirs and found < theirs:
        assert ours <= found < theirs
    else:
        assert found > max(theirs, ours)
    if budget != 4 * 2**20:
        assert found == budget
    assert payload(report, id="x", budget=7)["budget"] == 7


def test_without_a_peak_there_is_no_budget():
    assert budget_bytes(()) is None


def test_a_stored_race_is_named_by_its_network_and_methods():
    assert stored_id(stored("digits-revnet", BOTH)) == "digits-revnet:backprop,moonwalk-mixed"


@pytest.fixture
def job():
    network = preset("digits-revnet").model_dump(mode="json")
    return Following("j1", RunSpec.read({"network": network, "methods": [{"name": one} for one in BOTH]}))


def test_a_running_race_fills_and_keeps_its_name_when_it_is_done(job):
    report = stored("digits-revnet", BOTH)
    steps = [step.model_copy(update={"seconds": None}) for step in report.results[0].steps]
    waiting = live_payload(job)
    assert [one["status"] for one in waiting["methods"]] == ["waiting", "waiting"]
    assert waiting["network"]["last"] == 33
    job.absorb([StageMessage(name="trace", done=0, total=2, label="backprop"),
                Steps(label="backprop", records=steps[:40])])  # fmt: skip
    made = live_payload(job, report.network.layers)
    json.dumps(made, allow_nan=False)
    running, idle = made["methods"]
    assert made["live"]
    assert (running["status"], idle["status"]) == ("running", "waiting")
    assert running["events"]["n"] == 40
    assert running["events"]["us"] is None
    assert running["sweeps"] == [[0, "Forward →"], [34, "Backward ←"]]
    assert idle["sweeps"] == [[0, "1 Forward →"], [34, "2 Backward ←"], [67, "3 Forward →"]]
    assert running["peak"] == max(step.peak_bytes for step in steps[:40])
    whole = payload(report, id=race_id(job.spec, job.id))
    assert whole["id"] == made["id"] != race_id(job.spec, "j2")
    assert whole["network"] == made["network"] | {"name": whole["network"]["name"], "what": whole["network"]["what"]}
    first = running["events"]
    assert first["live"] == whole["methods"][0]["events"]["live"][:40]
    assert whole["methods"][0]["events"]["phase"].startswith(first["phase"])


def test_traced_methods_are_done_and_the_next_one_runs(job):
    job.absorb([Steps(label="backprop", records=stored("digits-revnet", BOTH).results[0].steps),
                StageMessage(name="trace", done=1, total=2, label="moonwalk-mixed")])  # fmt: skip
    assert [one["status"] for one in live_payload(job)["methods"]] == ["ok", "running"]
    job.absorb([StageMessage(name="time", done=0, total=5, label="backprop")])
    assert [one["status"] for one in live_payload(job)["methods"]] == ["ok", "waiting"]


def test_a_stopped_race_says_where(job):
    made = live_payload(job, stopped="Stopped at layer 9 of sweep 1; nothing is kept.")
    assert not made["live"]
    assert made["stopped"].startswith("Stopped at layer 9")
    assert {one["status"] for one in made["methods"]} == {"cancelled"}


def test_a_stopped_race_tells_who_had_all_its_steps_traced(job):
    first, second = (one.steps for one in stored("digits-revnet", BOTH).results)
    assert [one["traced"] for one in live_payload(job, stopped="S")["methods"]] == [False, False]
    job.absorb([Steps(label="backprop", records=first),
                StageMessage(name="trace", done=1, total=2, label="moonwalk-mixed"),
                Steps(label="moonwalk-mixed", records=second[:9])])  # fmt: skip
    assert [one["traced"] for one in live_payload(job, stopped="S")["methods"]] == [True, False]
    job.absorb([StageMessage(name="time", done=0, total=5, label="backprop")])
    assert [one["traced"] for one in live_payload(job, stopped="S")["methods"]] == [True, True]


def test_what_another_version_knows_is_told_without_words():
    strange = (
        race().results[0].model_copy(update={"method": "newwalk", "label": "newwalk", "error": Failure(message="m")})
    )
    report = race().model_copy(update={"results": (strange,)})
    one = payload(report, id="x")["methods"][0]
    assert one["say"] == {}
    assert one["events"]["n"] == len(strange.steps)


@pytest.mark.parametrize("stale", [True, False])
def test_a_stale_race_says_so(stale):
    assert payload(race(), id="x", stale=stale)["stale"] is stale
