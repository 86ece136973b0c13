"""What is said of a draft, against the networks that are built and run."""

from __future__ import annotations

import pytest
from draft_cases import FLATTEN, MISFITS, conv, dense, draft, repeated

from moonviz.building import Place, blank, edits
from moonviz.errors import InvalidSpec, UnsupportedPair
from moonviz.estimates.checking import check
from moonviz.estimates.dry import estimate
from moonviz.methods import require
from moonviz.networks import build, describe
from moonviz.networks.checking import walk
from moonviz.runs.trace import dry_run
from moonviz.specs import METHODS, PRESETS, SOURCES, NetworkSpec, method_options, preset
from moonviz.specs.methods import MoonwalkMixedOptions

SMALL = {"batch": 4, "depth": 2}
WALKED = [name for name in PRESETS if name != "dense-pyramid"]


def said(network: NetworkSpec) -> str | None:
    """The misfit as `build` says it."""
    problem = walk(network).problem
    return f"{problem.layer_name}: {problem.message}" if problem else None


def refusal(network: NetworkSpec, method: str) -> str | None:
    try:
        require(method_options(method), build(network, "meta"))
    except UnsupportedPair as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", MISFITS)
def test_a_misfit_is_found_where_building_finds_it(name: str) -> None:
    network, key, layer, _ = MISFITS[name]
    with pytest.raises(InvalidSpec) as caught:
        build(network, "meta")
    assert said(network) == str(caught.value)
    problem = check(network).problem
    assert (problem.place.key, problem.layer_name) == (key, layer)


@pytest.mark.parametrize("name", PRESETS)
def test_the_facts_are_those_of_the_network_that_is_built(name: str) -> None:
    network = preset(name, **SMALL)
    cards = describe(network)
    found = check(network)
    assert found.problem is None
    body = [facts for facts in found.layers if facts.place.part == "body"]
    assert len(body) == sum(len(block.layers) for block in network.body)
    for facts in body:
        card = cards[facts.number]
        assert (facts.in_shape, facts.out_shape) == (card.in_shape, card.out_shape)
        assert (facts.parameters, facts.capability, facts.reason) == (card.parameters, card.capability, card.reason)
    for number, part in ((0, "stem"), (len(cards) - 1, "head")):
        ends = [facts for facts in found.layers if facts.place.part == part]
        assert {facts.number for facts in ends} <= {number}
        assert sum(facts.parameters for facts in ends) == cards[number].parameters
        assert {facts.capability for facts in ends} <= {"outside the walk"}


@pytest.mark.parametrize("name", WALKED)
def test_residuals_and_fragments_are_those_of_a_whole_dry_run(name: str) -> None:
    network = preset(name, **SMALL)
    held = {
        (one.kind, one.layer): one.bytes
        for record in dry_run(network, MoonwalkMixedOptions()).records
        for one in record.held_added
    }
    size = 4 * network.batch  # bytes of one float32 per example
    for facts in check(network).layers:
        if facts.place.part != "body":
            continue
        kept = held.get(("residual", facts.number), 0)
        # a residual that is the layer's own input or output is an activation as well, and told as that
        assert kept in (facts.residual_bytes, 0)
        fragment = held.get(("fragment", facts.number), 0)
        assert fragment <= size * facts.fragment < fragment + size


@pytest.mark.parametrize("name", PRESETS)
def test_refusals_and_peaks_are_the_methods_own(name: str) -> None:
    network = preset(name, batch=2, depth=1)
    found = check(network, methods=("backprop", "revbackprop", "moonwalk-mixed"))
    assert set(found.refusals) == set(METHODS)
    for method, why in found.refusals.items():
        assert why == refusal(network, method)
    for method, peak in found.peaks.items():
        assert peak == (None if found.refusals[method] else estimate(network, method).peak_bytes)


def test_a_deep_network_is_not_kept_waiting_for() -> None:
    deep = repeated(2_000, dense(64), {"kind": "relu"}, stem=[FLATTEN], head=[dense(10)])
    assert check(deep, methods=("backprop",)).peaks == {"backprop": None}
    assert check(deep.with_depth(40), methods=("forward",)).peaks == {"forward": None}


@pytest.mark.parametrize(("methods", "after"), [(("backprop",), 5), (("backprop",), 9), ((), 1), ((), 4)])
def test_whoever_waits_no_longer_can_stop_it(methods: tuple[str, ...], after: int) -> None:
    class Enough(Exception):
        pass

    calls = []

    def tick() -> None:
        calls.append(1)
        if len(calls) == after:
            raise Enough

    with pytest.raises(Enough):
        check(preset("digits-dense", **SMALL), methods=methods, tick=tick)


def test_behind_a_misfit_nothing_is_known() -> None:
    found = check(draft(conv(8), conv(7), {"kind": "coupling"}, conv(3)))
    assert [facts.out_shape is None for facts in found.layers] == [False, False, True, True, True, True]
    assert found.layers[1].title == "Conv 8 → 7"
    assert found.layers[2].title == "Coupling"
    assert not found.refusals


def test_a_repeated_layer_is_judged_where_it_can_do_least() -> None:
    # from 8×8 it gives 4×4, 2×2 and 1×1; there each window reads padding through all taps but one
    network = repeated(2, conv(12, kernel=3, stride=2), stem=[conv(6)], data="digits")
    cards = describe(network)
    assert [card.capability for card in cards[1:-1]] == ["fragmental", "submersive"]
    assert check(network).layers[1].capability == "fragmental"
    later = repeated(3, {"kind": "max_pool", "kernel": 3, "stride": 2, "padding": 1}, stem=[conv(6)])
    order = ["ordinary", "fragmental", "submersive", "invertible"]
    least = min((card.capability for card in describe(later)[1:-1]), key=order.index)
    assert check(later).layers[1].capability == least


@pytest.mark.parametrize("data", SOURCES)
def test_a_blank_fits(data: str) -> None:
    assert check(blank(data)).problem is None


def test_numbers_in_the_walk_count_splits_and_joins() -> None:
    network = preset("glow-tiny", batch=2, depth=3)
    kinds = {card.index: card.kind for card in describe(network)}
    body = [facts for facts in check(network).layers if facts.place.part == "body"]
    assert [kinds[facts.number] for facts in body] == ["actnorm", "1×1 conv", "affine coupling"]
    mixed = edits.insert(network, Place(part="body", layer=2), edits.read_layer({"kind": "relu"}))
    kinds = {card.index: card.kind for card in describe(mixed)}
    body = [facts for facts in check(mixed).layers if facts.place.part == "body"]
    assert [kinds[facts.number] for facts in body] == ["actnorm", "1×1 conv", "affine coupling", "ReLU"]
