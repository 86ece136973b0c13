"""The small twin of a layer: it can be written out, and can do what the layer can."""

from __future__ import annotations

import pytest

from moonviz.building.examples import EXAMPLE
from moonviz.building.small import small_twin
from moonviz.networks.checking import judge, walk
from moonviz.runs.probe import probe_layer
from moonviz.specs import PRESETS, preset
from moonviz.specs import layers as specs

WRITTEN = {
    (one, judged.in_shape)
    for network in (EXAMPLE, *(preset(name) for name in PRESETS))
    for block, row in zip(network.body, walk(network).rows[1:], strict=False)
    for one, judged in zip(block.layers, row.first, strict=True)
}
"""Every different layer of every preset, with its input's shape."""
OTHERS = [
    (specs.Conv(channels=7, kernel=5, stride=3, padding=0), (21, 40)),
    (specs.Pool(kind="max_pool"), (64, 32, 32)),
    (specs.Pool(kind="mean_pool", kernel=3, stride=2, padding=1), (64, 33, 33)),
    (specs.Squeeze(factor=3), (16, 30, 30)),
    (specs.Coupling(inside=specs.ConvInside(hidden=99)), (64, 32, 32)),
    (specs.Residual(hidden=512), (2_048,)),
]
CASES = sorted(WRITTEN, key=str) + OTHERS


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=[f"{one.kind}-{shape}" for one, shape in CASES])
def test_a_twin_can_be_looked_at_and_does_what_its_layer_does(layer, shape):
    twin = small_twin(layer, shape)
    if twin is None:
        assert probe_layer(layer, shape)  # small enough itself
        return
    whole, small = judge(layer, shape, "float64"), judge(*twin, "float64")
    assert whole.capability in (small.capability, "ordinary")  # what is small enough is written out
    probed = probe_layer(*twin)
    assert probed.capability == small.capability
    assert {name for name in type(layer).model_fields if getattr(layer, name) != getattr(twin[0], name)} <= {
        "channels", "width", "hidden", "inside",
    }  # fmt: skip


def test_a_twin_keeps_where_windows_end_and_the_ratio_of_channels():
    twin, shape = small_twin(specs.Conv(channels=128, kernel=3, stride=2, padding=1), (64, 31, 32))
    assert (twin.channels, shape) == (4, (2, 9, 8))
    assert small_twin(twin, shape) is None
