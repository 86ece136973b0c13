"""The laws of every layer, against the true Jacobian and torch's own autograd."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moonviz.layers import FragmentalLayer, InvertibleLayer, Layer, SubmersiveLayer
from moonviz.layers.base import State, tensors
from moonviz.layers.bits import apply_signs, pack_signs, slope_table
from tests.cases import LAYERS
from tests.close import assert_close

BATCH = 3
ALL = pytest.mark.parametrize("name", LAYERS)
WALKED = pytest.mark.parametrize("name", [n for n, case in LAYERS.items() if isinstance(case.build(), FragmentalLayer)])


def state(shape: tuple[int, ...], paired: bool, seed: int = 0, batch: int = BATCH) -> State:
    generator = torch.Generator().manual_seed(seed)
    whole = torch.randn((batch, *shape), generator=generator, dtype=torch.float64)
    return tuple(half.contiguous() for half in whole.chunk(2, 1)) if paired else whole


def setting(name: str) -> tuple[Layer, State, State, float]:
    """(layer, x, cot_y, tolerance)."""
    layer = LAYERS[name].build()
    x, cot_y = state(layer.in_shape, layer.paired), state(layer.out_shape, layer.pairs_output, 1)
    return layer, x, cot_y, LAYERS[name].tolerance


def copy(x: State) -> State:
    return x.clone() if isinstance(x, Tensor) else tuple(half.clone() for half in x)


def autograd_vjp(layer: Layer, x: State, cot_y: State) -> tuple[State, tuple[Tensor, ...]]:
    """(cot_x, parameter gradients) by torch alone."""
    inputs = tuple(tensor.clone().requires_grad_() for tensor in tensors(x))
    y = layer(inputs[0] if isinstance(x, Tensor) else inputs)
    found = torch.autograd.grad(tensors(y), (*inputs, *layer.parameters()), tensors(cot_y), materialize_grads=True)
    cots = found[: len(inputs)]
    return (cots[0] if isinstance(x, Tensor) else cots), found[len(inputs) :]


def jacobian(layer: Layer, x: State) -> Tensor:
    """`[n_out, n_in]` of one example."""
    one = tuple(tensor[:1] for tensor in tensors(x))
    parts = torch.autograd.functional.jacobian(lambda *state: layer(state[0] if len(state) == 1 else state), one)
    rows = parts if layer.pairs_output else (parts,)
    sizes = [tensor.numel() for tensor in one]
    return torch.cat([torch.cat([b.reshape(-1, n) for b, n in zip(row, sizes, strict=True)], 1) for row in rows])


@ALL
def test_vjp_from_the_residual_is_autograds(name: str) -> None:
    layer, x, cot_y, tolerance = setting(name)
    cot_x, grads = autograd_vjp(layer, x, cot_y)
    assert_close(layer.vjp_x(layer.residual(x), cot_y), cot_x, tolerance, "vjp_x")
    assert_close(layer.vjp_params(x, cot_y), grads, tolerance, "vjp_params")


@ALL
def test_jvp_and_vjp_are_adjoint(name: str) -> None:
    layer, x, cot_y, tolerance = setting(name)
    tan_x = state(layer.in_shape, layer.paired, 2)
    tan_y, cot_x = layer.jvp(x, tan_x), layer.vjp_x(layer.residual(x), cot_y)
    left = sum((c * t).sum() for c, t in zip(tensors(cot_y), tensors(tan_y), strict=True))
    right = sum((c * t).sum() for c, t in zip(tensors(cot_x), tensors(tan_x), strict=True))
    assert_close(left, right, 10 * tolerance)


@ALL
def test_consume_and_keep_give_what_forward_and_residual_give(name: str) -> None:
    layer, x, _, _ = setting(name)
    y, residual = layer(copy(x)), layer.residual(copy(x))
    before = copy(x)
    layer(x)
    layer.residual(x)
    assert_close(x, before, 0, "x after forward and residual")
    assert_close(layer.consume(copy(x)), y, 0, "consume")
    kept, kept_residual = layer.keep(copy(x))
    assert_close(kept, y, 0, "keep")
    assert len(kept_residual) == len(residual)
    assert all(torch.equal(a, b) for a, b in zip(kept_residual, residual, strict=True))


@ALL
def test_overwriting_is_declared(name: str) -> None:
    layer, x, _, _ = setting(name)
    given = copy(x)
    layer.consume(given)
    changed = any(not torch.equal(a, b) for a, b in zip(tensors(given), tensors(x), strict=True))
    # a slope of 1 writes what was there already
    assert changed == (layer.overwrites and getattr(layer, "slope", 0) != 1)


@WALKED
def test_vijp_undoes_the_vjp(name: str) -> None:
    layer, x, cot_y, tolerance = setting(name)
    cot_x, _ = autograd_vjp(layer, x, cot_y)
    before = copy(x), copy(cot_x)
    found = layer.vijp(x, cot_x, layer.fragment(layer.residual(x), cot_y))
    assert_close(found, cot_y, tolerance, "vijp")
    assert_close((x, cot_x), before, 0, "what vijp was given")


@WALKED
def test_advance_is_its_parts(name: str) -> None:
    layer, x, cot_y, tolerance = setting(name)
    cot_x, grads = autograd_vjp(layer, x, cot_y)
    y, found, made = layer.advance(copy(x), cot_x, layer.fragment(layer.residual(x), cot_y))
    assert_close(y, layer(x), 0, "y: recomputed bit for bit")
    assert_close(found, cot_y, tolerance, "cot_y")
    assert_close(made, grads, 10 * tolerance, "parameter gradients")


@pytest.mark.parametrize("name", [n for n, case in LAYERS.items() if isinstance(case.build(), InvertibleLayer)])
def test_inverse_undoes_forward(name: str) -> None:
    layer, x, _, tolerance = setting(name)
    assert_close(layer.inverse(layer(x)), x, tolerance, "inverse")


@pytest.mark.parametrize("name", [n for n, case in LAYERS.items() if isinstance(case.build(), InvertibleLayer)])
def test_undo_and_retreat_are_their_parts(name: str) -> None:
    layer, x, cot_y, tolerance = setting(name)
    y = layer(x)
    cot_x, grads = autograd_vjp(layer, x, cot_y)
    found, residual = layer.undo(copy(y))
    assert_close(found, x, tolerance, "undo: x")
    assert_close(layer.vjp_x(residual, cot_y), cot_x, 10 * tolerance, "undo: residual")
    found, back, made = layer.retreat(copy(y), cot_y)
    assert_close(found, x, tolerance, "retreat: x")
    assert_close(back, cot_x, 10 * tolerance, "retreat: cot_x")
    assert_close(made, grads, 10 * tolerance, "retreat: parameter gradients")


@ALL
def test_push_is_both_derivatives(name: str) -> None:
    layer, x, cot_y, tolerance = setting(name)
    tan_x = state(layer.in_shape, layer.paired, 2)
    tans = {key: torch.randn_like(weight) for key, weight in layer.named_parameters()}
    y, tan_y = layer.push(x, tan_x, tans)
    assert_close(y, layer(x), tolerance, "y")
    cot_x, grads = autograd_vjp(layer, x, cot_y)
    left = sum((c * t).sum() for c, t in zip(tensors(cot_y), tensors(tan_y), strict=True))
    right = sum((c * t).sum() for c, t in zip(tensors(cot_x), tensors(tan_x), strict=True))
    right = right + sum((g * t).sum() for g, t in zip(grads, tans.values(), strict=True))
    assert_close(left.detach(), right.detach(), 10 * tolerance, "adjoint")


@ALL
def test_capability_is_what_the_true_jacobian_allows(name: str) -> None:
    layer, x, _, _ = setting(name)
    rows, columns = (matrix := jacobian(layer, x)).shape
    rank = int(torch.linalg.matrix_rank(matrix))
    if isinstance(layer, SubmersiveLayer):
        assert rank == rows
    if isinstance(layer, InvertibleLayer):
        assert rank == rows == columns
    assert layer.reason.endswith("."), "a reason is a sentence"


@ALL
def test_frozen_parameters_get_no_gradient(name: str) -> None:
    layer, x, cot_y, tolerance = setting(name)
    weights = list(layer.parameters())
    if not weights:
        return
    _, grads = autograd_vjp(layer, x, cot_y)
    weights[0].requires_grad_(False)
    assert_close(layer.vjp_params(x, cot_y), grads[1:], tolerance)


@given(shape=st.lists(st.integers(1, 7), min_size=1, max_size=4), slope=st.floats(0.01, 1), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=100)
def test_packed_signs_act_as_the_slopes(shape: list[int], slope: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    x[x.abs() < 0.3] = 0  # exactly 0 takes the slope, as in torch
    cot = torch.randn(shape, generator=generator, dtype=torch.float64)
    packed = pack_signs(x)
    assert packed.dtype == torch.uint8
    assert packed.numel() == -(-x.numel() // 8)
    want = torch.ops.aten.leaky_relu_backward(cot, x, slope, False)
    assert torch.equal(apply_signs(packed, slope_table(slope, cot.dtype, cot.device), cot), want)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["dense", "leaky relu 0.5", "coupling"])
def test_vijp_undoes_the_vjp_in_lower_precision(name: str, dtype: torch.dtype) -> None:
    layer = LAYERS[name].build(dtype)
    x = _cast(state(layer.in_shape, layer.paired), dtype)
    cot_y = _cast(state(layer.out_shape, layer.pairs_output, 1), dtype)
    found = layer.vijp(x, layer.vjp_x(layer.residual(x), cot_y), layer.fragment(layer.residual(x), cot_y))
    # a few roundings of the dtype on values of size 1 to 4
    assert_close(found, cot_y, 16 * torch.finfo(dtype).eps)


def _cast(x: State, dtype: torch.dtype) -> State:
    return x.to(dtype) if isinstance(x, Tensor) else (x[0].to(dtype), x[1].to(dtype))
