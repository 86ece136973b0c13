from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from moonviz.errors import InvalidSpec
from moonviz.layers import Layer, Placement, make
from moonviz.layers.norms import BatchNorm
from moonviz.specs import layers
from tests.cases import LayerCase
from tests.close import assert_close

SHAPES = [(6,), (4, 5), (4, 2, 3)]


def numbers(*shape: int, seed: int = 5) -> Tensor:
    return 3 + 2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def channels_last(norm: Callable[..., Tensor], x: Tensor, *weights: Tensor | None) -> Tensor:
    """torch's norms run over the last axis."""
    return norm(x.movedim(1, -1), (x.shape[1],), *(w if w is None else w.flatten() for w in weights)).movedim(-1, 1)


def layer_norm(layer: Layer, x: Tensor) -> Tensor:
    def norm(*args: Tensor) -> Tensor:
        return F.layer_norm(*args, eps=layer.epsilon)

    return channels_last(norm, x, layer.weight, layer.bias)


def rms_norm(layer: Layer, x: Tensor) -> Tensor:
    def norm(*args: Tensor) -> Tensor:
        return F.rms_norm(*args, eps=layer.epsilon)

    return channels_last(norm, x, layer.weight)


def batch_norm(layer: Layer, x: Tensor) -> Tensor:
    weight, bias = layer.weight.flatten(), layer.bias.flatten()
    return F.batch_norm(x, None, None, weight, bias, training=True, eps=layer.epsilon)


NORMS = [
    (layers.Norm(kind="layer_norm", epsilon=0.01), layer_norm),
    (layers.Norm(kind="rms_norm", epsilon=0.01), rms_norm),
    (layers.BatchNorm(epsilon=0.01), batch_norm),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("spec", "reference"), NORMS)
def test_norms_are_torchs(spec: layers.LayerSpec, reference: Callable[..., Tensor], shape: tuple[int, ...]) -> None:
    layer = LayerCase(spec, shape).build()
    x, cot_y = numbers(3, *shape).requires_grad_(), numbers(3, *shape, seed=6)
    y, want = layer(x), reference(layer, x)
    assert_close(y, want, 1e-13, "y")
    wanted = (x, *layer.parameters())
    found, expected = (torch.autograd.grad(out, wanted, cot_y) for out in (y, want))
    assert_close(found, expected, 1e-12, "gradients")


@pytest.mark.parametrize(("spec", "_"), NORMS)
def test_backprop_keeps_one_tensor_of_a_norm(spec: layers.LayerSpec, _: object) -> None:
    layer, kept = LayerCase(spec, (8, 5)).build(), {}

    def note(tensor: Tensor) -> Tensor:
        if tensor.untyped_storage().data_ptr() not in {weight.data_ptr() for weight in layer.parameters()}:
            kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    x = numbers(4, 8, 5).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        layer(x)
    assert sum(tensor.numel() == x.numel() for tensor in kept.values()) == 1


@pytest.mark.parametrize(("spec", "_"), NORMS)
def test_many_tangents_share_one_output(spec: layers.LayerSpec, _: object) -> None:
    layer = LayerCase(spec, (4, 2)).build()
    x, tans = numbers(3, 4, 2), numbers(5, 3, 4, 2)
    y, found = torch.func.vmap(lambda tan: layer.push(x, tan, {}), out_dims=(None, 0))(tans)
    assert_close(y, layer(x).detach(), 1e-14)
    assert_close(found, torch.stack([layer.jvp(x, tan) for tan in tans]).detach(), 1e-13)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("momentum", [0.1, 0.0, 1.0])
def test_running_statistics_move_as_torchs(shape: tuple[int, ...], momentum: float) -> None:
    layer = LayerCase(layers.BatchNorm(momentum=momentum), shape).build()
    kind = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d}[len(shape)]
    reference = kind(shape[0], momentum=momentum).double()
    for seed in range(2):
        x = numbers(3, *shape, seed=seed)
        reference(x)
        layer.note(x)
        layer(x)
        layer.keep(x)  # a recomputed sweep must not move them again
        assert_close(layer.running_mean, reference.running_mean, 1e-14, "mean")
        assert_close(layer.running_var, reference.running_var, 1e-13, "variance")


def test_batch_norms_fragment_is_its_parameter_gradient() -> None:
    layer = LayerCase(layers.BatchNorm(), (3, 2, 2)).build()
    x, cot_y = numbers(4, 3, 2, 2), numbers(4, 3, 2, 2, seed=6)
    shift, along = layer.fragment(layer.residual(x), cot_y)
    by_weight, by_bias = layer.vjp_params(x, cot_y)
    assert_close((shift[0], along[0]), (layer.weight * by_bias / 16, layer.weight * by_weight / 16), 1e-13)
    assert layer.couples_examples


@pytest.mark.parametrize("call", [Layer.__call__, BatchNorm.residual, BatchNorm.note])
def test_one_number_per_channel_is_refused(call: Callable[..., object]) -> None:
    layer = LayerCase(layers.BatchNorm(), (3,)).build()
    layer.title = "layer 4 (batch norm)"
    with pytest.raises(InvalidSpec, match=r"layer 4 \(batch norm\).*1 number per channel.*batch of 2"):
        call(layer, numbers(1, 3))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("spec", "_"), NORMS)
def test_half_precision_takes_its_statistics_in_float32(spec: layers.LayerSpec, _: object, dtype: torch.dtype) -> None:
    exact = make(spec, (64, 4), Placement(torch.device("cpu"), torch.float64), "layer 1")
    half = make(spec, (64, 4), Placement(torch.device("cpu"), dtype), "layer 1")
    for layer in (exact, half):
        layer.initialise(torch.Generator())
    x = 300 * numbers(16, 64, 4).to(dtype)  # its squares overflow float16
    assert half.residual(x)[1].dtype == torch.float32
    assert_close(half(x).double().detach(), exact(x.double()).detach(), 2 * torch.finfo(dtype).eps)
