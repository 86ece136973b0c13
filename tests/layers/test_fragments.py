"""How large fragments are: never below what the true Jacobian erases, and no larger where that can be had."""

from __future__ import annotations

from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moonviz.layers import FragmentalLayer, Layer, Placement, make
from moonviz.specs import layers
from tests.cases import LAYERS, LayerCase
from tests.close import assert_close

BATCH = 3
TENSORS = [
    name
    for name, case in LAYERS.items()
    if isinstance(layer := case.build(), FragmentalLayer) and not (layer.paired or layer.pairs_output)
]
LEAST = {
    "dense": LayerCase(layers.Dense(width=6), (6,)),
    "dense, narrower": LayerCase(layers.Dense(width=2), (6,)),
    "dense, wider": LayerCase(layers.Dense(width=9, init="gaussian"), (5,)),
    "conv, patches": LayerCase(layers.Conv(channels=7, kernel=2, stride=2, padding=0), (2, 4, 5)),
    "conv, patches, wider": LayerCase(layers.Conv(channels=9, kernel=2, stride=2, padding=0), (2, 5, 4)),
    "conv, kernel 1, wider": LayerCase(layers.Conv(channels=5, kernel=1, padding=0), (3, 4)),
    "conv, written out": LayerCase(layers.Conv(channels=3), (2, 3, 4)),
    "max pool, overlapping": LayerCase(layers.Pool(kind="max_pool", kernel=3, stride=1, padding=1), (2, 5, 4)),
    "mean pool, faint": LayerCase(layers.Pool(kind="mean_pool", kernel=3, stride=1, padding=1), (2, 5, 8)),
    "mean pool, faint, sequence": LayerCase(layers.Pool(kind="mean_pool", stride=1, padding=1), (2, 6)),
    "relu": LayerCase(layers.ReLU(), (2, 3, 2)),
    "softmax": LayerCase(layers.Softmax(), (6,)),
    "dropout": LayerCase(layers.Dropout(probability=0.3), (8,)),
    "layer norm": LayerCase(layers.Norm(kind="layer_norm", epsilon=0), (6,)),
    "layer norm, image": LayerCase(layers.Norm(kind="layer_norm", epsilon=0), (4, 2, 2)),
    "rms norm": LayerCase(layers.Norm(kind="rms_norm", epsilon=0), (6,)),
    "rms norm, sequence": LayerCase(layers.Norm(kind="rms_norm", epsilon=0), (4, 3)),
    "batch norm": LayerCase(layers.BatchNorm(epsilon=0), (5,)),
    "batch norm, image": LayerCase(layers.BatchNorm(epsilon=0), (3, 2, 2)),
}


def numbers(layer: Layer, batch: int = BATCH) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    x, cot_y = (
        torch.randn((batch, *shape), generator=generator, dtype=torch.float64)
        for shape in (layer.in_shape, layer.out_shape)
    )
    return x, cot_y


def erased_and_kept(layer: FragmentalLayer) -> tuple[int, int]:
    """(n_out − rank of the whole batch's true Jacobian, numbers in the fragment)."""
    x, cot_y = numbers(layer)
    jacobian = torch.autograd.functional.jacobian(layer, x).reshape(cot_y.numel(), x.numel())
    kept = sum(part.numel() for part in layer.fragment(layer.residual(x), cot_y))
    return cot_y.numel() - int(torch.linalg.matrix_rank(jacobian)), kept


@pytest.mark.parametrize("name", TENSORS)
def test_a_fragment_is_no_smaller_than_what_is_erased(name: str) -> None:
    erased, kept = erased_and_kept(LAYERS[name].build())
    assert kept >= erased


@pytest.mark.parametrize("name", LEAST)
def test_a_fragment_is_as_small_as_it_can_be(name: str) -> None:
    erased, kept = erased_and_kept(LEAST[name].build())
    assert kept == erased


@pytest.mark.parametrize(
    ("spec", "erased"),
    [
        (layers.Norm(kind="layer_norm", epsilon=0.1), BATCH),
        (layers.Norm(kind="rms_norm", epsilon=0.1), 0),
        (layers.BatchNorm(epsilon=0.1), 6),
    ],
)
def test_above_epsilon_0_a_norm_erases_the_mean_alone(spec: layers.LayerSpec, erased: int) -> None:
    assert erased_and_kept(LayerCase(spec, (6,)).build())[0] == erased


@pytest.mark.parametrize("spec", [layers.ReLU(), layers.Gated(kind="gelu"), layers.Dropout(probability=0.3)])
def test_fragments_keep_their_order_in_any_layout(spec: layers.LayerSpec) -> None:
    layer = LayerCase(spec, (4, 5)).build()
    x, cot_y = numbers(layer)
    cot_y = cot_y.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    cot_x = layer.vjp_x(layer.residual(x), cot_y)
    assert_close(layer.vijp(x, cot_x, layer.fragment(layer.residual(x), cot_y)), cot_y, 1e-12)


@pytest.mark.parametrize(
    ("spec", "share"),
    [
        (layers.ReLU(), 0.5),
        (layers.Gated(kind="gelu"), 0.3461),
        (layers.Gated(kind="gelu", threshold=0.05), 0.0800),
        (layers.Gated(kind="gelu", threshold=0), 0),
        (layers.Gated(kind="silu"), 0.2606),
        (layers.Dropout(probability=0.3), 0.3),
    ],
)
def test_a_dry_run_expects_the_fragment_of_normal_inputs(spec: layers.LayerSpec, share: float) -> None:
    n = 20_000
    real = LayerCase(spec, (n,)).build()
    x, cot_y = numbers(real, 1)
    dry = make(spec, (n,), Placement(torch.device("meta"), torch.float64), "layer 1")
    blank = cot_y.to("meta")
    assert real.data_dependent
    assert dry.data_dependent
    (expected,) = dry.fragment(dry.residual(blank), blank)
    assert expected.numel() / n == pytest.approx(share, abs=1e-3)
    (found,) = real.fragment(real.residual(x), cot_y)
    assert found.numel() / n == pytest.approx(share, abs=0.012)  # 3 standard deviations
    digits = [int(word.replace(",", "")) for word in real.reason.split() if word.replace(",", "").isdigit()]
    assert expected.numel() in digits


DTYPES = st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16])
VECTORS = st.tuples(st.integers(2, 9))
STATES = st.lists(st.integers(2, 5), min_size=1, max_size=3).map(tuple)
FAMILIES: dict[str, tuple[st.SearchStrategy, st.SearchStrategy]] = {
    "dense": (st.builds(layers.Dense, width=st.integers(1, 9), bias=st.booleans()), VECTORS),
    "relu": (st.just(layers.ReLU()), STATES),
    "smooth": (st.builds(layers.Elementwise, kind=st.sampled_from(["elu", "softplus", "tanh", "sigmoid"])), STATES),
    "gated": (
        st.builds(layers.Gated, kind=st.sampled_from(["gelu", "silu"]), threshold=st.floats(0.1, 1)),
        STATES,
    ),
    "softmax": (st.just(layers.Softmax()), VECTORS),
    "dropout": (st.builds(layers.Dropout, probability=st.floats(0, 0.9)), STATES),
    "norm": (
        st.builds(layers.Norm, kind=st.sampled_from(["layer_norm", "rms_norm"]), epsilon=st.sampled_from([1e-3, 0.1])),
        STATES,
    ),
    "batch norm": (st.builds(layers.BatchNorm, epsilon=st.sampled_from([1e-3, 0.1])), STATES),
}


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data(), batch=st.integers(2, 5), dtype=DTYPES)
@settings(deadline=None, max_examples=40)
def test_vijp_undoes_the_vjp_at_every_shape_and_precision(
    family: str, data: st.DataObject, batch: int, dtype: torch.dtype
) -> None:
    spec, shape = (data.draw(strategy) for strategy in FAMILIES[family])
    layer = make(spec, shape, Placement(torch.device("cpu"), dtype), "layer 1")
    layer.initialise(torch.Generator().manual_seed(data.draw(st.integers(0, 99))))
    x, cot_y = (number.to(dtype) for number in numbers(layer, batch))
    with torch.no_grad():
        y, residual = layer.keep(x.clone())
        cot_x, fragment = layer.vjp_x(residual, cot_y), layer.fragment(residual, cot_y)
        again, found, _ = layer.advance(x.clone(), cot_x, fragment)
    assert cot_x.shape == x.shape
    assert y.dtype == cot_x.dtype == dtype
    assert y.shape == (batch, *layer.out_shape)
    assert torch.equal(again, y)
    size = prod(layer.out_shape)
    # a division by a slope of 0.1 makes 10 roundings of one
    assert_close(found, cot_y, 32 * max(1, size**0.5 / 4) * torch.finfo(dtype).eps, repr(spec))
