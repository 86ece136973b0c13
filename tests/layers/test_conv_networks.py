"""Networks of convolutions and pooling: moonwalk-mixed is exact, and a dry run says what it takes."""

from __future__ import annotations

import pytest
import torch

import moonviz
from moonviz.networks import Network, build
from moonviz.runs.trace import dry_run, trace
from moonviz.specs import Block, NetworkSpec, layers
from moonviz.specs.methods import MoonwalkMixedOptions
from tests.close import relative

_tame = {"pivot": "unit", "bounded": True}
_kinked = layers.LeakyReLU(slope=0.5)
BODIES: dict[str, tuple[layers.LayerSpec, ...]] = {
    "pyramid": (layers.Conv(channels=4, stride=2, pivot="unit"), _kinked, layers.Conv(channels=3, stride=2), _kinked),
    "rows": (layers.Conv(channels=4, block=4, **_tame), _kinked) * 2,
    "tiles": (layers.Conv(channels=4, block=4, layout="tiles", **_tame), _kinked) * 2,
    "pools": (
        layers.Pool(kind="max_pool"),
        layers.Conv(channels=4, kernel=1, padding=0),
        layers.Pool(kind="mean_pool", kernel=3, padding=1),
    ),
    "patches": (
        layers.Conv(channels=16, kernel=2, stride=2, padding=0, bounded=True),
        _kinked,
        layers.Conv(channels=70, kernel=2, stride=2, padding=0),
    ),
    "fewer outputs": (layers.Conv(channels=3, block=4, **_tame), layers.Conv(channels=2, block=4, layout="tiles")),
    "mean pools": (
        layers.Pool(kind="mean_pool", kernel=3, stride=1, padding=1),
        layers.Pool(kind="mean_pool", padding=1),
        layers.Pool(kind="mean_pool", kernel=3, stride=1, padding=1),
    ),
}


def network(body: str, dtype: str = "float64") -> NetworkSpec:
    return NetworkSpec(
        stem=(layers.Conv(channels=4),),
        body=(Block(layers=BODIES[body]),),
        head=(layers.GlobalMeanPool(), layers.Dense(width=10)),
        dtype=dtype,
        batch=3,
    )


def autograd(net: Network, x: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
    wanted = dict(net.named_parameters())
    return dict(zip(wanted, torch.autograd.grad(net.loss(x, target), tuple(wanted.values())), strict=True))


@pytest.mark.parametrize("body", BODIES)
def test_moonwalk_is_exact(body: str) -> None:
    net = build(network(body))
    x, target = net.batch()
    found = moonviz.gradients(net, x, target, method="moonwalk-mixed")
    assert relative(found, autograd(net, x, target)) <= 1e-12


@pytest.mark.parametrize("body", BODIES)
def test_a_dry_run_is_the_run(body: str) -> None:
    spec, options = network(body, "float32"), MoonwalkMixedOptions()
    net = build(spec)
    steps, records = trace(net, options, *net.batch()), []
    while True:
        try:
            records.append(next(steps))
        except StopIteration as end:
            found = end.value
            break
    dry = dry_run(spec, options)
    assert (dry.peak_bytes, dry.flops) == (found.peak_bytes, found.flops)
    assert len(dry.records) == len(records)
