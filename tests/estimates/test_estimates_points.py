"""A point of a sweep is the ledger of a run of that depth and batch, for every method on every preset."""

from __future__ import annotations

from typing import Any

import pytest

from moonviz.estimates.points import PeakPoint
from moonviz.estimates.sweeping import dry_point
from moonviz.estimates.varying import with_depth
from moonviz.networks import build
from moonviz.runs.moments import rounded
from moonviz.runs.trace import Trace, dry_run, finish, fragment_numbers, trace
from moonviz.specs import PRESETS, NetworkSpec, method_options, preset
from moonviz.specs.methods import MethodOptions

NARROW: dict[str, dict[str, Any]] = {
    "digits-revnet": {"channels": 4},
    "photo-revnet": {"channels": 2},
    "paper-revnet": {"channels": 2},
    "digits-dense": {"width": 6},
    "dense-pyramid": {"width": 4, "last": 2},
    "conv-pyramid": {"channels": 2},
    "conv1d-fragments": {"channels": 2},
    "relu-net": {"width": 6},
    "glow-tiny": {"hidden": 3},
    "reversible-transformer": {"width": 8},
}
METHODS = {
    "backprop": ("backprop", {}),
    "checkpointing": ("checkpointing", {}),
    "revbackprop": ("revbackprop", {}),
    "projforward": ("projforward", {"directions": 3}),
    "mixed": ("moonwalk-mixed", {}),
    "mixed, inverse": ("moonwalk-mixed", {"phase_one": "inverse"}),
    "mixed, checkpointed": ("moonwalk-mixed", {"phase_one": "checkpointed", "anchor_every": 2}),
}
FORWARD = method_options("forward")
PURE = method_options("moonwalk-pure", {"chunk": 512})
TINY: dict[str, tuple[MethodOptions, NetworkSpec]] = {
    "forward, dense": (FORWARD, preset("digits-dense", width=2)),
    "forward, relu": (FORWARD, preset("relu-net", width=1)),
    "pure, dense": (PURE, preset("digits-dense", width=3)),
    "pure, narrowing": (PURE, preset("dense-pyramid", width=4, last=2)),
    "pure, revnet": (PURE, preset("digits-revnet", channels=2)),
    "pure, pyramid": (PURE, preset("conv-pyramid", channels=1)),
    "pure, transformer": (PURE, preset("reversible-transformer", width=4)),
}
DEPTHS, BATCHES = (1, 3, 5), (2, 3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset(name: str, method: str) -> None:
    options = method_options(*METHODS[method])
    for depth in DEPTHS:
        for batch in BATCHES:
            check(preset(name, **NARROW[name]), options, depth, batch)


@pytest.mark.parametrize("case", TINY)
def test_slow_methods_at_test_size(case: str) -> None:
    options, network = TINY[case]
    for depth in (1, 2, 3):
        for batch in BATCHES:
            check(network, options, depth, batch)


def check(network: NetworkSpec, options: MethodOptions, depth: int, batch: int) -> None:
    point = dry_point(network, options, depth, batch)
    if point.status == "refused":
        assert "only" in point.error.message or "needs every layer" in point.error.message
        return
    spec = with_depth(network, depth).changed(batch=batch)
    net = build(spec)
    x, target = net.batch()
    whole = finish(trace(net, options, x, target))
    equals(point, whole, spec, options)
    weights = [tensor.nbytes for tensor in (*net.parameters(), *net.buffers())]
    assert point.parameter_bytes == sum(weights)
    assert point.parameter_rounding_bytes == sum(map(rounded, weights)) - sum(weights)
    assert point.input_bytes == x.nbytes + target.nbytes


def equals(point: PeakPoint, whole: Trace, spec: NetworkSpec, options: MethodOptions) -> None:
    if point.peak_bytes_range:
        assert point.peak_bytes_range[0] <= whole.peak_bytes <= point.peak_bytes_range[1]
        told = dry_run(spec, options, fragment_numbers(whole.records, build(spec, "meta").dtype))
        assert (told.peak_bytes, told.by_category) == (whole.peak_bytes, whole.by_category)
        return
    assert point.peak_bytes == whole.peak_bytes == sum(whole.by_category.values())
    assert point.by_category == whole.by_category
    assert point.peak_bytes + point.rounding_bytes == whole.rounded_peak_bytes
    assert point.gradient_bytes == whole.gradient_bytes
    assert point.largest_tensor_bytes == whole.largest_bytes
    assert point.flops == whole.flops
