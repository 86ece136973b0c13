from __future__ import annotations

import json

import pytest

from moonviz.building import Check, LayerFacts, Place, Problem, Repair
from moonviz.building.examples import EXAMPLE
from moonviz.figures.build_headline import build_headline
from moonviz.figures.fields import forms, values_of, with_value
from moonviz.figures.stack import payload, places
from moonviz.figures.trainers import predicted_peaks, who_can_train
from moonviz.specs import METHODS, NetworkSpec

CONV7 = Place(part="body", block=1, layer=3)


def facts(**by_key) -> tuple[LayerFacts, ...]:
    """Facts of the example, all invertible but for what is said by key."""

    def of(number: int, place: Place) -> LayerFacts:
        capability = "invertible" if place.part == "body" else "outside the walk"
        shared = {"title": f"Layer {number}", "out_shape": (8, 4, 4), "capability": capability}
        return LayerFacts(place=place, number=number, **(shared | by_key.get(place.key, {})))

    return tuple(of(n, place) for n, place in enumerate(places(EXAMPLE)))


def check(layers=None, **more) -> Check:
    more.setdefault("refusals", dict.fromkeys(METHODS))
    return Check(network={}, layers=facts() if layers is None else layers, **more)


def repair(place: Place) -> Repair:
    return Repair(says="kernel 7 → 3", network=EXAMPLE.model_dump(mode="json"), place=place, needed=False)


BROKEN = facts(**{CONV7.key: {"capability": "ordinary"}})


def rows(*given, **more):
    return {row["key"]: row for row in payload(EXAMPLE, *given, **more)["rows"]}


def test_the_stack_is_strict_json_with_a_row_for_the_input_and_every_layer():
    fed = payload(EXAMPLE, check(), ack=None)
    assert json.loads(json.dumps(fed, allow_nan=False))
    assert [row["key"] for row in fed["rows"]] == ["input", *(place.key for place in places(EXAMPLE))]
    assert [row["label"] for row in fed["rows"]] == ["", "stem", "1", "2", "3", "4", "5", "6", "head", "head"]


def test_what_is_not_known_yet_is_dim_and_named_all_the_same():
    row = rows(None)["body.1.1"]
    assert (row["dim"], row["title"], row["shape"]) == (True, "Conv → 64", None)
    assert row["badge"]["words"] == "not known yet"
    assert rows(check())["body.1.1"]["dim"] is False


@pytest.mark.parametrize(
    ("capability", "words", "tone"),
    [
        ("invertible", "invertible", "good"),
        ("submersive", "submersive", "good"),
        ("fragmental", "needs a fragment", "amber"),
        ("ordinary", "breaks the walk", "warn"),
        ("outside the walk", "ordinary layer", "plain"),
    ],
)
def test_badges(capability, words, tone):
    badge = rows(check(facts(**{CONV7.key: {"capability": capability, "fragment": 128}})))[CONV7.key]["badge"]
    assert (badge["words"], badge["tone"]) == (words, tone)
    # 128 numbers of 4 bytes for each of 8 examples.
    assert badge["bytes"] == ("4.00 KiB kept" if capability == "fragmental" else "")


def test_the_first_repair_of_a_layer_that_stops_the_walk_is_called_for():
    other = repair(CONV7).model_copy(update={"says": "kernel 7 → 1"})
    given = check(BROKEN, repairs=(repair(places(EXAMPLE)[1]), repair(CONV7), repair(CONV7), other))
    found = rows(given)
    assert [(one["n"], one["needed"]) for one in found[CONV7.key]["repairs"]] == [(1, True), (3, False)]
    assert [(one["n"], one["needed"]) for one in found["body.0.0"]["repairs"]] == [(0, False)]


def test_a_fault_before_the_first_layer_is_told_at_the_input():
    fault = Problem(place=Place(part="stem"), layer_name="the stem", message="it must begin with `embed`.")
    row = rows(check(problem=fault, repairs=(repair(fault.place),)))["input"]
    assert (row["badge"]["words"], row["reason"]) == ("does not fit", "It must begin with `embed`.")
    assert row["repairs"][0]["needed"]


def test_layers_are_added_within_a_part_or_at_its_seam():
    found = rows(check())
    assert (found["input"]["after"], found["input"]["seam"]) == ("stem.0.-1", None)
    assert (found["stem.0.0"]["after"], found["stem.0.0"]["seam"]["key"]) == ("stem.0.0", "body.0.-1")
    assert (found["body.0.0"]["after"], found["body.0.0"]["seam"]["key"]) == ("body.0.0", "body.0.1")
    assert (found["body.1.1"]["after"], found["body.1.1"]["seam"]) == ("body.1.1", None)
    assert (found["body.1.4"]["after"], found["body.1.4"]["seam"]["key"]) == ("body.1.4", "head.0.-1")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "Build a network, layer by layer."),
        (check(BROKEN), "Layer 5 stops Moonwalk."),
        (check(BROKEN, repairs=(repair(CONV7),)), "Layer 5 stops Moonwalk. One click repairs it."),
        (
            check(
                facts(**{key: {"capability": "ordinary"} for key in ("body.0.0", CONV7.key)}), repairs=(repair(CONV7),)
            ),
            "Layers 1 and 5 stop Moonwalk.",
        ),
        (check(), "Every method can train this network."),
        (
            check(peaks={"backprop": 400, "moonwalk-mixed": 100}),
            "Every method can train this network. Moonwalk is predicted to need 4.0 times less memory than backprop.",
        ),
        (
            check(
                problem=Problem(place=CONV7, layer_name="layer 5 (conv)", message="too small"), repairs=(repair(CONV7),)
            ),
            "Layer 5 (conv) does not fit. One click repairs it.",
        ),
        (
            check(refusals=dict.fromkeys(METHODS) | {"revbackprop": "no"}),
            "Six of seven methods can train this network.",
        ),
    ],
)
def test_the_headline_is_computed(given, says):
    assert build_headline(given).text == says


def test_who_can_train_it_and_why_not():
    why = "`revbackprop` needs every layer to be invertible, but layer 3 (conv) is not. More words."
    said = who_can_train(check(refusals=dict.fromkeys(METHODS) | {"revbackprop": why}))
    assert said.count("✓ yes") == len(METHODS) - 1
    assert "Needs every layer to be invertible, but layer 3 (conv) is not." in said
    assert "More words" not in said
    assert "✓ yes, noisy" in said
    assert who_can_train(None).count("…") == len(METHODS)


def test_peaks_are_bars_and_what_is_not_known_is_dim():
    said = predicted_peaks(check(peaks={"backprop": 2**20, "moonwalk-mixed": 2**18}), EXAMPLE)
    assert "Predicted peak, batch 8" in said
    assert 'style="--w:25.0%"' in said
    assert said.count('class="dim"') == len(METHODS) - 3
    deep = predicted_peaks(check(peaks=dict.fromkeys(METHODS)), EXAMPLE)
    assert "too deep" in deep
    assert "dim" not in deep


def test_every_field_of_every_layer_is_in_its_form():
    for row in rows(None).values():
        paths = {field["path"] for field in forms()[row["form"]]}
        assert paths <= row["values"].keys() | {"inside.heads"}, row["form"]
        assert row["values"].keys() - paths <= {"kind"}


def test_inner_fields_change_within_their_part():
    spec = EXAMPLE.body[0].layers[0].model_dump(mode="json")
    assert values_of(spec)["inside.kernel"] == 3
    assert with_value(spec, "inside.kernel", 5)["inside"] == spec["inside"] | {"kernel": 5}
    assert with_value(spec, "inside.kind", "mlp") == {"inside": {"kind": "mlp"}}
    assert with_value(spec, "form", "affine") == {"form": "affine"}


def test_repeated_layers_know_their_block():
    network = NetworkSpec.read(EXAMPLE.model_dump() | {"body": [{"layers": [{"kind": "relu"}] * 3, "repeat": 4}]})
    edges = [row["group"]["edge"] for row in payload(network, None)["rows"] if row["part"] == "body"]
    assert edges == ["top", "mid", "bottom"]
