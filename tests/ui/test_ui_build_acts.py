from __future__ import annotations

import pytest

from moonviz.building import Check, Offer, Place, Repair
from moonviz.building.history import History
from moonviz.building.words import layers_of
from moonviz.figures.stack import places
from moonviz.specs import NetworkSpec
from moonviz.ui.build_acts import STALE, perform

SQUEEZE, RELU, LEAKY, CONV, COUPLING = (
    {"kind": kind, **more}
    for kind, more in (("squeeze", {}), ("relu", {}), ("leaky_relu", {}), ("conv", {"channels": 8}), ("coupling", {}))
)


def net(*blocks) -> NetworkSpec:
    body = [{"layers": list(layers), "repeat": times} for layers, times in blocks]
    return NetworkSpec.read(
        {"stem": [CONV], "body": body, "head": [{"kind": "flatten"}, {"kind": "dense", "width": 10}]}
    )


def rows(network: NetworkSpec) -> str:
    """The network as text: layers of the body, repeated blocks in brackets."""

    def kinds(layers):
        return " ".join(layer.kind for layer in layers)

    body = [kinds(b.layers) if b.repeat == 1 else f"({kinds(b.layers)})×{b.repeat}" for b in network.body]
    return f"{kinds(network.stem)} | {' '.join(body)} | {kinds(network.head)}"


def did(network, check=None, **act):
    done = perform(History(network), act, check)
    assert done.notice == ""
    return done


def chosen(done):
    place = Place.of(done.choose)
    return layers_of(done.history.present, place)[place.layer].kind


@pytest.mark.parametrize(
    ("place", "do", "gives"),
    [
        ("body.0.0", "down", "conv | squeeze relu (coupling)×4 (leaky_relu conv)×2 | flatten dense"),
        ("body.0.1", "down", "conv | relu (coupling)×4 squeeze (leaky_relu conv)×2 | flatten dense"),
        ("body.1.0", "up", "conv | relu (coupling)×4 squeeze (leaky_relu conv)×2 | flatten dense"),
        ("body.1.0", "down", "conv | relu squeeze (leaky_relu conv)×2 (coupling)×4 | flatten dense"),
        ("body.2.1", "down", "conv | relu squeeze (coupling)×4 (leaky_relu)×2 conv | flatten dense"),
        ("body.2.0", "up", "conv | relu squeeze (coupling)×4 leaky_relu (conv)×2 | flatten dense"),
        ("body.0.0", "up", "conv relu | squeeze (coupling)×4 (leaky_relu conv)×2 | flatten dense"),
        ("head.0.0", "down", "conv | relu squeeze (coupling)×4 (leaky_relu conv)×2 | dense flatten"),
        ("head.0.0", "up", "conv | relu squeeze (coupling)×4 (leaky_relu conv)×2 flatten | dense"),
        ("stem.0.0", "down", " | conv relu squeeze (coupling)×4 (leaky_relu conv)×2 | flatten dense"),
    ],
)
def test_steps_pass_layers_blocks_and_parts(place, do, gives):
    network = net(((RELU, SQUEEZE), 1), ((COUPLING,), 4), ((LEAKY, CONV), 2))
    done = did(network, do=do, place=place)
    assert rows(done.history.present) == gives
    moved = Place.of(place)
    assert chosen(done) == layers_of(network, moved)[moved.layer].kind


def test_a_step_enters_a_repeated_block_of_several():
    network = net(((RELU,), 1), ((LEAKY, CONV), 2), ((SQUEEZE,), 1))
    down = did(network, do="down", place="body.0.0")
    assert rows(down.history.present) == "conv | (relu leaky_relu conv)×2 squeeze | flatten dense"
    up = did(network, do="up", place="body.2.0")
    assert rows(up.history.present) == "conv | relu (leaky_relu conv squeeze)×2 | flatten dense"
    assert (chosen(down), chosen(up)) == ("relu", "squeeze")


@pytest.mark.parametrize(
    ("place", "behind", "gives"),
    [
        ("body.0.0", "body.2.0", "conv | squeeze (coupling)×4 leaky_relu relu | flatten dense"),
        ("body.0.0", "body.1.0", "conv | squeeze (coupling)×4 relu leaky_relu | flatten dense"),
        ("body.2.0", "stem.0.0", "conv | leaky_relu relu squeeze (coupling)×4 | flatten dense"),
        ("stem.0.0", "body.0.0", " | relu conv squeeze (coupling)×4 leaky_relu | flatten dense"),
        ("head.0.1", "body.2.0", "conv | relu squeeze (coupling)×4 leaky_relu | dense flatten"),
        ("body.1.0", "stem.0.0", "conv | (coupling)×4 relu squeeze leaky_relu | flatten dense"),
        ("body.1.0", "body.0.0", "conv | relu (coupling)×4 squeeze leaky_relu | flatten dense"),
        ("body.1.0", "body.2.0", "conv | relu squeeze leaky_relu (coupling)×4 | flatten dense"),
        ("body.0.1", "input", "squeeze conv | relu (coupling)×4 leaky_relu | flatten dense"),
    ],
)
def test_a_layer_is_dropped_where_the_pointer_showed(place, behind, gives):
    network = net(((RELU, SQUEEZE), 1), ((COUPLING,), 4), ((LEAKY,), 1))
    done = did(network, do="move", place=place, behind=behind)
    assert rows(done.history.present) == gives
    moved = Place.of(place)
    assert chosen(done) == layers_of(network, moved)[moved.layer].kind


def test_one_layer_or_some_above_too_become_a_repeated_block():
    network = net(((RELU, SQUEEZE, LEAKY, CONV), 1))
    one = did(network, do="repeat", place="body.0.1", times=3)
    assert rows(one.history.present) == "conv | relu (squeeze)×3 leaky_relu conv | flatten dense"
    assert one.choose == "body.1.0"
    two = did(network, do="repeat", place="body.0.2", times=3, above=1)
    assert rows(two.history.present) == "conv | relu (squeeze leaky_relu)×3 conv | flatten dense"
    assert two.choose == "body.1.1"
    again = did(two.history.present, do="repeat", place="body.1.1", times=5)
    assert rows(again.history.present) == "conv | relu (squeeze leaky_relu)×5 conv | flatten dense"
    apart = did(net(((RELU, CONV), 2)), do="ungroup", place="body.0.1")
    assert rows(apart.history.present) == "conv | relu conv relu conv | flatten dense"


def test_fields_change_one_by_one_and_the_networks_own_too():
    network = net(((COUPLING,), 2))
    done = did(network, do="change", place="body.0.0", path="inside.kernel", value=5)
    assert done.history.present.body[0].layers[0].inside.kernel == 5
    done = did(done.history.present, do="change", place="body.0.0", path="inside.kind", value="mlp")
    assert done.history.present.body[0].layers[0].inside.kind == "mlp"
    done = did(network, do="change", place="input", path="batch", value=3)
    assert (done.history.present.batch, done.choose) == (3, "input")


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ({"do": "change", "place": "body.0.0", "path": "slope", "value": 7}, "less than or equal to 1"),
        ({"do": "change", "place": "body.0.0", "path": "slope", "value": "wide"}, "Layer 1 (leaky relu)"),
        ({"do": "remove", "place": "body.0.0"}, "at least one layer"),
        ({"do": "remove", "place": "nowhere"}, "is no place"),
        ({"do": "duplicate", "place": "body.7.0"}, "no layer at"),
        ({"do": "up", "place": "body.7.0"}, STALE),
        ({"do": "repair", "n": 0}, STALE),
        ({"do": "insert", "after": "body.0.0", "n": 0, "kind": "relu"}, STALE),
        ({"do": "insert"}, STALE),
        ({"do": "down", "place": "head.0.1"}, "nothing below"),
        ({"do": "fly"}, STALE),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(act, says):
    history = History(net(((LEAKY,), 1)))
    done = perform(history, act, None)
    assert done.history == history
    assert says in done.notice


def test_offers_and_repairs_are_done_as_they_were_shown():
    network = net(((LEAKY,), 1))
    mended = net(((CONV,), 1))
    check = Check(
        network={},
        repairs=(Repair(says="so", network=mended.model_dump(mode="json"), place=Place(part="body", layer=0)),),
        offers={"body.0.0": (Offer(kind="relu", layer=RELU, says="ReLU", network={}),)},
    )
    added = did(network, check, do="insert", after="body.0.0", n=0, kind="relu")
    assert rows(added.history.present) == "conv | leaky_relu relu | flatten dense"
    assert added.choose == "body.0.1"
    assert did(network, check, do="repair", n=0).history.present == mended
    assert did(network, do="undo").history.present == network
    back = perform(added.history, {"do": "undo"}, None).history
    assert back.present == network
    assert perform(back, {"do": "redo"}, None).history == added.history


def test_an_offer_that_changes_more_is_found_again():
    network = net(((LEAKY,), 1))
    wider = net(((LEAKY, {"kind": "flatten"}, {"kind": "dense", "width": 64}), 1))
    offer = Offer(
        kind="dense", layer={"kind": "dense", "width": 64}, says="Dense", network=wider.model_dump(mode="json"),
        repair="adds a flatten before it",
    )  # fmt: skip
    check = Check(network={}, offers={"body.0.0": (offer,)})
    done = did(network, check, do="insert", after="body.0.0", n=0, kind="dense")
    assert done.history.present == wider
    assert done.choose == "body.0.2"


def test_every_place_is_listed_from_stem_to_head():
    network = net(((RELU, SQUEEZE), 1), ((COUPLING,), 4))
    assert [one.key for one in places(network)] == [
        "stem.0.0",
        "body.0.0",
        "body.0.1",
        "body.1.0",
        "head.0.0",
        "head.0.1",
    ]
