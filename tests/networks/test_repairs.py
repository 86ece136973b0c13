"""Repairs and offers: each was tried, and works."""

from __future__ import annotations

import pytest
from draft_cases import FLATTEN, MISFITS, conv, coupling, dense, draft, repeated, text

from moonviz.building import Place, blank, edits
from moonviz.building.words import NAMES
from moonviz.errors import InvalidSpec
from moonviz.estimates.checking import check
from moonviz.networks import build, describe
from moonviz.networks.candidates import written
from moonviz.networks.checking import STRENGTH
from moonviz.specs import PRESETS, SOURCES, NetworkSpec, preset


@pytest.mark.parametrize("name", MISFITS)
def test_every_repair_mends_the_network(name: str) -> None:
    network, _, _, wanted = MISFITS[name]
    repairs = check(network).repairs
    assert repairs[0].says == wanted[0]
    assert set(wanted) <= {repair.says for repair in repairs}
    for repair in repairs:
        assert repair.needed
        mended = NetworkSpec.read(repair.network)
        assert mended != network
        build(mended, "meta")


def test_where_two_things_are_wrong_the_first_is_mended_first() -> None:
    network = draft(dense(5), conv(8), coupling(), head=[dense(10)])
    first = check(network)
    assert first.problem.place.key == "body.0.0"
    second = check(NetworkSpec.read(first.repairs[0].network))
    assert second.problem.place.key != "body.0.0"
    assert second.repairs


@pytest.mark.parametrize(
    ("layer", "says", "stem"),
    [
        ({"kind": "relu"}, "ReLU → LeakyReLU 0.1", []),
        ({"kind": "gelu"}, "GELU → ELU", []),
        ({"kind": "silu"}, "SiLU → ELU", []),
        ({"kind": "batch_norm"}, "BatchNorm → ActNorm", []),
        ({"kind": "layer_norm"}, "LayerNorm → ActNorm", []),
        ({"kind": "rms_norm"}, "RMSNorm → ActNorm", []),
        ({"kind": "dropout"}, "remove this Dropout", []),
        (dense(90), "width 90 → 64", [FLATTEN]),
        ({"kind": "max_pool", "kernel": 3, "stride": 1, "padding": 1}, "stride 1 → 3", []),
        (conv(8, kernel=3), "kernel 3 → 1, padding 1 → 0", [conv(8)]),
        (conv(8, kernel=7, stride=2, padding=3), "kernel 7 → 3, padding 3 → 1", [conv(8)]),
        (conv(12, kernel=1, padding=0), "channels 12 → 8", [conv(8)]),
    ],
)
def test_what_costs_the_walk_can_be_had_cheaper(layer: dict, says: str, stem: list) -> None:
    network = draft(layer, conv(8), stem=stem) if stem != [FLATTEN] else draft(layer, stem=stem, head=[dense(10)])
    before = describe(network)[1].capability
    repairs = [repair for repair in check(network).repairs if repair.place.key == "body.0.0"]
    assert says in {repair.says for repair in repairs}
    for repair in repairs:
        assert not repair.needed
        mended = NetworkSpec.read(repair.network)
        after = describe(mended)[1].capability
        gone = len(written(mended)) < len(written(network))
        assert gone or STRENGTH[after] > STRENGTH[before]


def test_an_ordinary_convolution_is_brought_into_the_walk() -> None:
    network = draft(
        conv(64, stride=1, kernel=4, padding=2),
        data="photos",
        stem=[conv(64)],
        head=[{"kind": "global_mean_pool"}, dense(2)],
    )
    found = check(network)
    assert found.layers[1].capability == "ordinary"
    assert found.refusals["moonwalk-mixed"]
    for repair in found.repairs:
        better = check(NetworkSpec.read(repair.network))
        assert better.refusals["moonwalk-mixed"] is None
    assert found.repairs


def test_what_needs_nothing_is_left_alone() -> None:
    assert not check(preset("digits-revnet", depth=2)).repairs
    assert not check(preset("digits-dense", depth=2)).repairs


def test_a_long_network_gets_one_suggestion_for_each_layer() -> None:
    network = draft(*[{"kind": "gelu"}] * 30, conv(4))
    places = [repair.place.key for repair in check(network).repairs]
    assert len(places) == len(set(places)) == 31


DRAFTS = {
    **{name: preset(name, batch=2, depth=2) for name in PRESETS},
    **{f"blank {data}": blank(data) for data in SOURCES},
    "odd": draft(conv(3), stem=[conv(5, stride=3)]),
    "vector": draft(dense(15), stem=[FLATTEN], head=[dense(10)]),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_every_offer_fits_at_every_place(name: str) -> None:
    network = DRAFTS[name]
    for place in [*written(network), Place(part="stem"), Place(part="body"), Place(part="head")]:
        offers = check(network, place).offers[place.key]
        for offer in offers:
            made = NetworkSpec.read(offer.network)
            build(made, "meta")
            landing = edits.landing(network, place)
            if offer.repair is None:
                assert made == edits.insert(network, place, edits.read_layer(offer.layer))
                assert made.model_dump()[landing.part] != network.model_dump()[landing.part]
        assert len({offer.kind for offer in offers}) == len(offers)
        assert [offer.kind for offer in offers] == [kind for kind in NAMES if kind in {one.kind for one in offers}]


def test_what_cannot_fit_is_not_offered_and_what_fits_with_a_repair_says_so() -> None:
    offers = {offer.kind: offer for offer in check(blank(), Place(part="body", layer=0)).offers["body.0.0"]}
    assert "embed" not in offers
    assert offers["conv"].repair is None
    assert offers["coupling"].repair == "add a squeeze before it"
    vector = {one.kind: one for one in check(DRAFTS["vector"], Place(part="body")).offers["body.0.-1"]}
    assert not {"conv", "max_pool", "squeeze", "flatten"} & set(vector)
    assert vector["dense"].layer["width"] == 64


def test_behind_a_misfit_nothing_is_offered_and_before_it_what_does_no_harm() -> None:
    network = draft(conv(8), conv(7), coupling())
    assert check(network, Place(part="body", block=2, layer=0)).offers == {"body.2.0": ()}
    before = check(network, Place(part="body", layer=0)).offers["body.0.0"]
    assert {"relu", "conv"} <= {offer.kind for offer in before}
    for offer in before:
        with pytest.raises(InvalidSpec, match="coupling"):
            build(NetworkSpec.read(offer.network), "meta")


def test_a_place_that_is_not_there_has_no_offers() -> None:
    assert check(blank(), Place(part="body", block=7, layer=0)).offers == {"body.7.0": ()}


def test_behind_a_whole_block_a_layer_gets_a_block_of_its_own() -> None:
    network = repeated(3, conv(4), {"kind": "relu"})
    offers = check(network, Place(part="body", layer=2)).offers["body.0.2"]
    made = NetworkSpec.read(next(offer.network for offer in offers if offer.kind == "relu"))
    assert [(len(block.layers), block.repeat) for block in made.body] == [(2, 3), (1, 1)]
    heads = check(text(coupling("mlp")), Place(part="stem", layer=0)).offers["stem.0.0"]
    assert "embed" not in {offer.kind for offer in heads}
