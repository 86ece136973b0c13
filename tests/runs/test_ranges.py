"""Fragments whose size depends on the data: a dry run gives a range, and the run's own bytes once given its counts."""

from __future__ import annotations

from typing import Any

import pytest

import moonviz
from moonviz.networks import build
from moonviz.runs.trace import dry_run, finish, fragment_numbers, trace
from moonviz.specs import Block, NetworkSpec, layers, method_options, preset

GATED = NetworkSpec(
    stem=(layers.Flatten(), layers.Dense(width=24)),
    body=(
        Block(layers=(layers.Dense(width=24), layers.Gated(kind="gelu")), repeat=3),
        Block(layers=(layers.Gated(kind="silu"),)),
        Block(layers=(layers.Dropout(probability=0.3),)),
    ),
    head=(layers.Dense(width=10),),
    batch=16,
    dtype="float64",
)
WRITTEN_OUT = NetworkSpec(
    stem=(layers.Conv(channels=3),),
    body=(
        Block(layers=(layers.Conv(channels=6, stride=2), layers.LeakyReLU())),
        Block(layers=(layers.Conv(channels=8), layers.ReLU())),
        Block(layers=(layers.Pool(kind="max_pool", kernel=3, stride=1),)),
    ),
    head=(layers.GlobalMeanPool(), layers.Dense(width=10)),
    batch=5,
)
CASES = {
    "written out and max pool": WRITTEN_OUT,
    "relu": preset("relu-net", batch=8, depth=4, dtype="float64"),
    "gated and dropout": GATED,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("options", [{}, {"phase_one": "checkpointed"}], ids=str)
def test_the_run_is_inside_the_range_and_equal_given_its_counts(name: str, options: dict[str, Any]) -> None:
    spec, chosen = CASES[name], method_options("moonwalk-mixed", options)
    net = build(spec)
    real = finish(trace(net, chosen, *net.batch()))
    predicted = moonviz.estimate(spec, method="moonwalk-mixed", **options)
    low, high = predicted.peak_bytes_range
    assert low <= real.peak_bytes <= high
    assert low <= predicted.peak_bytes <= high
    told = dry_run(spec, chosen, fragment_numbers(real.records, net.dtype))
    for mine, its in zip(told.records, real.records, strict=True):
        assert mine == its
    assert (told.peak_bytes, told.activation_peak_bytes) == (real.peak_bytes, real.activation_peak_bytes)


def test_methods_without_fragments_have_no_range() -> None:
    assert moonviz.estimate(CASES["relu"], method="backprop").peak_bytes_range is None
    assert moonviz.estimate(preset("conv1d-fragments", depth=2), method="moonwalk-mixed").peak_bytes_range is None


def test_relu_net_keeps_exactly_its_dead_units() -> None:
    spec = CASES["relu"]
    net = build(spec)
    x, target = net.batch()
    real = finish(trace(net, method_options("moonwalk-mixed"), x, target))
    counts, state = fragment_numbers(real.records, net.dtype), net.stem(x)
    for number in range(1, net.length + 1):
        if net.layer(number).kind == "ReLU":
            assert counts[number] == int((state <= 0).sum())
        state = net.run(number, state)
