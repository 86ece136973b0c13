"""The formulas against what is measured: they must predict how work and memory grow."""

from __future__ import annotations

import pytest

import moonviz
from moonviz.specs import METHODS, preset
from moonviz.theory import Sizes, cost

BATCH, HALF, SIDE = 2, 16, 32
UNIT = 2 * 2 * BATCH * SIDE**2 * HALF * HALF * 9  # FLOPs of one coupling: two convolutions
ACTIVATION = 2 * HALF * SIDE**2 * BATCH * 4  # bytes of two halves in float32
BITS = HALF * SIDE**2 * BATCH // 8


def sizes(layers: int) -> Sizes:
    return Sizes(layers, ACTIVATION, BITS)


def measure(depth: int, method: str) -> moonviz.Result:
    spec = preset("photo-revnet", depth=depth, batch=BATCH, channels=2 * HALF)
    return moonviz.estimate(spec, method=method)


@pytest.mark.parametrize("method", ["backprop", "moonwalk-mixed"])
def test_work_is_the_formulas(method: str) -> None:
    assert measure(64, method).flops == pytest.approx(cost(method, sizes(64)).work * UNIT, rel=0.05)


@pytest.mark.parametrize("method", ["backprop", "moonwalk-mixed"])
def test_memory_grows_as_the_formula_does(method: str) -> None:
    few, many = 400, 480  # deep enough for the bits to outweigh the working memory of sweep 3
    grown = measure(many, method).activation_peak_bytes - measure(few, method).activation_peak_bytes
    want = cost(method, sizes(many)).activation_bytes - cost(method, sizes(few)).activation_bytes
    assert grown == pytest.approx(want, rel=0.05)


def test_every_method_has_a_formula() -> None:
    for method in METHODS:
        found = cost(method, Sizes(16, 1000, 10, parameters=50, inputs=64))
        assert found.work > 0
        assert found.activation_bytes > 0
