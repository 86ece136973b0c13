"""Elementwise layers, softmax and dropout against torch's own, and where they stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers import Layer, Placement, capability, make
from moonviz.layers.dropout import Dropout
from moonviz.specs import layers
from tests.cases import LayerCase
from tests.close import assert_close

REFERENCES: list[tuple[layers.LayerSpec, Callable[[Tensor], Tensor]]] = [
    (layers.ReLU(), F.relu),
    (layers.Elementwise(kind="elu"), F.elu),
    (layers.Elementwise(kind="softplus"), lambda x: torch.logaddexp(x, torch.zeros_like(x))),
    (layers.Elementwise(kind="tanh"), torch.tanh),
    (layers.Elementwise(kind="sigmoid"), torch.sigmoid),
    (layers.Gated(kind="gelu"), F.gelu),
    (layers.Gated(kind="silu"), F.silu),
    (layers.Softmax(), lambda x: F.softmax(x, 1)),
]


def spread(n: int, reach: float) -> Tensor:
    return torch.linspace(-reach, reach, 3 * n, dtype=torch.float64).reshape(n, 3).T.contiguous()


@pytest.mark.parametrize(("spec", "reference"), REFERENCES)
def test_layers_are_torchs_functions(spec: layers.LayerSpec, reference: Callable[[Tensor], Tensor]) -> None:
    layer = LayerCase(spec, (40,)).build()
    x = spread(40, 30).requires_grad_()
    cot_y = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    want = reference(x)
    assert_close(layer(x), want, 1e-14, "y")
    (cot_x,) = torch.autograd.grad(want, x, cot_y)
    assert_close(layer.vjp_x(layer.residual(x.detach()), cot_y), cot_x, 1e-14, "cot_x")


@pytest.mark.parametrize("kind", ["elu", "softplus", "tanh", "sigmoid"])
def test_the_inverse_reaches_as_far_as_the_numbers_do(kind: str) -> None:
    layer = LayerCase(layers.Elementwise(kind=kind), (40,)).build()
    x = spread(40, 8)
    assert_close(layer.inverse(layer(x)), x, 1e-9)
    if kind == "softplus":
        assert_close(layer.inverse(layer(10 * x.abs())), 10 * x.abs(), 1e-14)


@pytest.mark.parametrize("kind", ["elu", "softplus", "tanh", "sigmoid"])
def test_vijp_divides_by_the_very_slope_that_the_vjp_multiplied_with(kind: str) -> None:
    layer = LayerCase(layers.Elementwise(kind=kind), (40,)).build()
    x = spread(40, 15)
    cot_y = torch.ones_like(x)
    assert_close(layer.vijp(x, layer.vjp_x(layer.residual(x), cot_y), ()), cot_y, 1e-15)


def test_saturation_is_not_hidden() -> None:
    layer = LayerCase(layers.Elementwise(kind="tanh"), (1,)).build(torch.float32)
    x = torch.tensor([[20.0]])
    assert layer.vjp_x(layer.residual(x), torch.ones(1, 1)) == 0
    assert layer.vijp(x, torch.zeros(1, 1), ()).isnan()
    assert layer.vijp(x, torch.ones(1, 1), ()).isinf()


def test_softmax_takes_vectors() -> None:
    with pytest.raises(InvalidSpec, match=r"layer 3: softmax takes a vector, but gets 2×3 numbers"):
        make(layers.Softmax(), (2, 3), Placement(torch.device("cpu"), torch.float32), "layer 3")


@pytest.mark.parametrize("kind", ["gelu", "silu"])
def test_a_threshold_of_0_keeps_nothing(kind: str) -> None:
    layer = LayerCase(layers.Gated(kind=kind, threshold=0), (40,)).build()
    x = spread(40, 2)
    (kept,) = layer.fragment(layer.residual(x), torch.ones_like(x))
    assert kept.numel() == 0


def dropout(probability: float, dtype: torch.dtype = torch.float64) -> Layer:
    return LayerCase(layers.Dropout(probability=probability), (50, 40)).build(dtype)


def test_a_seed_means_a_draw() -> None:
    layer = dropout(0.3)
    x = torch.ones(4, 50, 40, dtype=torch.float64)
    first = layer(x)
    assert torch.equal(layer(x), first)
    assert torch.equal(layer.consume(x.clone()), first)
    assert torch.equal(layer.keep(x.clone())[0], first)
    assert torch.equal(dropout(0.3, torch.float32)(x.float()) == 0, first == 0)
    layer.note(x)
    layer.step_seed = 2**62 + 5
    other = layer(x)
    assert not torch.equal(other, first)
    for y in (first, other):
        assert sorted(y.unique().tolist()) == pytest.approx([0, 1 / 0.7])
        assert float((y == 0).double().mean()) == pytest.approx(0.3, abs=0.02)  # 4 standard deviations


def test_dropout_leaves_the_mean_where_it_was() -> None:
    layer = LayerCase(layers.Dropout(probability=0.4), (6,)).build()
    x, total = torch.arange(1, 7).double().expand(2, 6), 0
    for layer.step_seed in range(2000):
        total = total + layer(x)
    assert_close(total / 2000, x.clone(), 0.08)


def test_dropout_that_never_drops_is_the_identity() -> None:
    layer = dropout(0)
    assert capability(layer) == "invertible"
    assert not isinstance(layer, Dropout)
    assert "changes nothing" in layer.reason


@pytest.mark.parametrize("spec", [*(spec for spec, _ in REFERENCES), layers.Dropout(probability=0.4)])
def test_many_tangents_share_one_output(spec: layers.LayerSpec) -> None:
    layer = LayerCase(spec, (6,)).build()
    x, tans = spread(6, 2), torch.randn(5, 3, 6, dtype=torch.float64)
    y, found = torch.func.vmap(lambda tan: layer.push(x, tan, {}), out_dims=(None, 0))(tans)
    assert_close(y, layer(x), 1e-15)
    assert_close(found, torch.stack([layer.jvp(x, tan) for tan in tans]), 1e-14)
