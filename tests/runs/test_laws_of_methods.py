"""Memory and work of every method, as the theory says: by `activation_peak_bytes` and counted FLOPs of dry runs."""

from __future__ import annotations

from typing import Any

import pytest

import moonviz
from moonviz.networks import build, describe
from moonviz.runs.trace import dry_run, finish, trace
from moonviz.specs import method_options, preset
from moonviz.theory import Sizes, cost


def peak(name: str, depth: int, method: str, **settings: Any) -> int:
    options = settings.pop("options", {})
    spec = preset(name, depth=depth, batch=settings.pop("batch", 2), **settings)
    return moonviz.estimate(spec, method=method, **options).activation_peak_bytes


@pytest.mark.parametrize(
    "name", ["digits-revnet", "photo-revnet", "digits-dense", "glow-tiny", "reversible-transformer"]
)
def test_backprop_is_linear(name: str) -> None:
    sizes = [peak(name, depth, "backprop") for depth in (8, 16, 32)]
    assert sizes[2] - sizes[1] == pytest.approx(2 * (sizes[1] - sizes[0]), rel=0.02)
    assert sizes[2] > 1.8 * sizes[1] > 3 * sizes[0] * 0.9


@pytest.mark.parametrize(
    "name", ["digits-revnet", "photo-revnet", "digits-dense", "glow-tiny", "reversible-transformer"]
)
def test_revbackprop_is_flat(name: str) -> None:
    assert peak(name, 16, "revbackprop") == peak(name, 48, "revbackprop")


@pytest.mark.parametrize("name", ["digits-revnet", "photo-revnet", "glow-tiny", "reversible-transformer"])
def test_phase_one_inverse_is_flat(name: str) -> None:
    options = {"phase_one": "inverse"}
    assert peak(name, 16, "moonwalk-mixed", options=options) == peak(name, 48, "moonwalk-mixed", options=options)


@pytest.mark.parametrize(
    ("name", "settings", "bits"),
    [
        ("digits-revnet", {"channels": 8}, 2 * 4 * 64 // 8),  # hidden units of one block, batch 2
        ("photo-revnet", {"channels": 8}, 2 * 4 * 1024 // 8),
        ("digits-dense", {"batch": 64, "width": 16}, 64 * 16 // 8),
    ],
)
def test_moonwalk_mixed_is_flat_but_for_bits(name: str, settings: dict[str, Any], bits: int) -> None:
    few, many = 400, 440  # deep enough for the bits to be the peak
    grown = peak(name, many, "moonwalk-mixed", **settings) - peak(name, few, "moonwalk-mixed", **settings)
    assert grown == 40 * bits


def test_convolution_fragments_add_exactly_their_size() -> None:
    settings = {"channels": 8}
    grown = peak("conv1d-fragments", 160, "moonwalk-mixed", **settings)
    grown -= peak("conv1d-fragments", 120, "moonwalk-mixed", **settings)
    card = moonviz.estimate(preset("conv1d-fragments", depth=1, batch=2, **settings), method="moonwalk-mixed")
    kept = [held.bytes for step in card.steps for held in step.held_added if held.kind == "fragment"]
    bits = [held.bytes for step in card.steps for held in step.held_added if held.kind == "residual"]
    assert len(kept) == 1
    # in sweep 2 a layer's bits go as its fragment comes, so the deeper net's peak grows by the larger of the two
    assert grown == 40 * max(sum(kept), sum(bits))


@pytest.mark.parametrize("dry", [True, False], ids=["dry", "run"])
@pytest.mark.parametrize("settings", [{"batch": 8}, {"batch": 4, "width": 48, "dtype": "float64"}], ids=str)
def test_dead_units_add_exactly_their_size(settings: dict[str, Any], dry: bool) -> None:
    """When sweep 2 ends the bits are gone and every fragment is there, each as large as its layer's dead units say."""
    other = set()
    for depth in (8, 16, 40):
        spec, options = preset("relu-net", depth=depth, **settings), method_options("moonwalk-mixed")
        net = build(spec)
        found = dry_run(spec, options) if dry else finish(trace(net, options, *net.batch()))
        fragments = {
            held.layer: held.bytes for record in found.records for held in record.held_added if held.kind == "fragment"
        }
        assert list(fragments) == list(range(2 * depth, 0, -2)), "one for every ReLU"
        other.add(found.activation_peak_bytes - sum(fragments.values()))
    assert len(other) == 1, "nothing else grows with depth"


def test_checkpointing_grows_as_the_root() -> None:
    sizes = {depth: peak("photo-revnet", depth, "checkpointing") for depth in (16, 64, 256)}
    assert sizes[64] / sizes[16] == pytest.approx(2, rel=0.2)
    assert sizes[256] / sizes[64] == pytest.approx(2, rel=0.12)


def test_anchors_cost_a_cotangent_each() -> None:
    whole = 2 * 64 * 1024 * 4
    sizes = [
        peak("photo-revnet", 128, "moonwalk-mixed", options=options)
        for options in ({"anchor_every": 8}, {"anchor_every": 4})
    ]
    # 15 anchors of one state each, and 16 more
    assert sizes[1] - sizes[0] == pytest.approx(16 * whole, rel=0.05)


BATCH, HALF, SIDE, LAYERS = 2, 16, 32, 49
UNIT = 2 * 2 * BATCH * SIDE**2 * HALF * HALF * 9
SIZES = Sizes(LAYERS, 2 * HALF * SIDE**2 * BATCH * 4, HALF * SIDE**2 * BATCH // 8)


@pytest.mark.parametrize(
    ("method", "options", "units"),
    [
        ("backprop", {}, 3),
        ("checkpointing", {}, 4),
        ("revbackprop", {}, 4),
        ("moonwalk-mixed", {}, 5),
        ("moonwalk-mixed", {"phase_one": "inverse"}, 6),
        ("moonwalk-mixed", {"phase_one": "checkpointed", "segment": 7}, 6),
    ],
)
def test_units_of_work_on_a_coupling_net(method: str, options: dict[str, Any], units: int) -> None:
    spec = preset("photo-revnet", depth=LAYERS, batch=BATCH, channels=2 * HALF)
    flops = moonviz.estimate(spec, method=method, **options).flops
    assert flops == pytest.approx(units * LAYERS * UNIT, rel=0.05)
    if options.get("phase_one", "residuals") == "residuals":
        assert cost(method, SIZES).work == units * LAYERS


def test_forward_modes_cost_what_the_formulas_say() -> None:
    channels, depth, batch = 4, 16, 1
    spec = preset("digits-revnet", depth=depth, batch=batch, channels=channels)
    half = channels // 2
    unit = 2 * 2 * batch * 64 * half * half * 9
    weights = sum(layer.parameters for layer in describe(spec)[1:-1]) // depth
    sizes = Sizes(depth, 0, 0, parameters=weights, inputs=channels * 64, directions=3, chunk=32)
    # past its own layer a nudge meets weights that do not move, yet torch's formula multiplies their zero tangents too:
    # three products a layer where two would do
    for method, options, factor in (
        ("forward", {}, 1.5),
        ("moonwalk-pure", {}, 1),
        ("projforward", {"directions": 3}, 1),
    ):
        flops = moonviz.estimate(spec, method=method, **options).flops
        assert flops / unit == pytest.approx(factor * cost(method, sizes).work, rel=0.15), method
