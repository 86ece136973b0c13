from __future__ import annotations

import pytest

from moonviz.data.stored import stored
from moonviz.figures.fit import Fit, interchangeable
from moonviz.results import LayerCard
from moonviz.specs import method_options, preset

BOTH = ("backprop", "moonwalk-mixed")


def fit(*capabilities, parameters=10, shape=(64,)):
    cards = [
        LayerCard(
            index=n, name=f"layer {n}", kind="dense", capability=capability, reason="For a reason.", in_shape=shape,
            out_shape=shape, parameters=parameters,
        )
        for n, capability in enumerate(["outside the walk", *capabilities, "outside the walk"])
    ]  # fmt: skip
    return Fit.of(cards, 1)


@pytest.mark.parametrize(
    ("layer", "method", "fits"),
    [
        ("ordinary", "backprop", True),
        ("ordinary", "projforward", True),
        ("ordinary", "moonwalk-mixed", False),
        ("fragmental", "moonwalk-mixed", True),
        ("fragmental", "moonwalk-pure", False),
        ("submersive", "moonwalk-pure", True),
        ("submersive", "revbackprop", False),
        ("fragmental", "revbackprop", False),
        ("ordinary", "revbackprop", False),
        ("invertible", "revbackprop", True),
    ],
)
def test_a_method_fits_if_every_layer_will_do(layer, method, fits):
    why = fit("invertible", layer).refusal(method_options(method))
    assert (why is None) is fits
    if why:
        assert why.startswith(f"`{method}` needs")
        undone = layer == "submersive" and method == "revbackprop"
        reason = "The gradient can pass it both ways, but its input" if undone else "For a reason."
        assert f"layer 2 (dense) is not. {reason}" in why


def test_an_option_may_ask_for_more():
    undoing = method_options("moonwalk-mixed", {"phase_one": "inverse"})
    assert "phase_one=inverse" in fit("submersive").refusal(undoing)


def test_passes_are_counted_at_the_networks_depth():
    report = stored("digits-dense", BOTH)
    network = preset("digits-dense", depth=2)
    found = Fit.of(report.network.layers, 16)
    assert "13,130 passes" in found.passes(method_options("forward"), network)
    assert found.passes(method_options("backprop"), network) is None
    assert found.passes(method_options("moonwalk-pure"), network) is None
    wide = fit("submersive", shape=(64, 32, 32))
    assert "65,536 directions" in wide.passes(method_options("moonwalk-pure"), network)


def test_what_does_not_change_layers_is_asked_once():
    one, other = preset("digits-dense", depth=3, batch=4, seed=7), preset("digits-dense", dtype="float64")
    assert interchangeable(one) == interchangeable(other)
    assert interchangeable(one) != interchangeable(preset("digits-dense", slope=0.3))
    assert interchangeable(preset("conv-pyramid")).depth == preset("conv-pyramid").depth
