"""What is inside couplings and residual blocks, against the same written out in plain torch."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers import Layer, Placement, make
from moonviz.layers.inside import make_inside
from moonviz.layers.residual import ResidualBlock, norm_bound
from moonviz.specs import layers
from tests.cases import LAYERS
from tests.close import assert_close

PLACE = Placement(torch.device("cpu"), torch.float64)


def drawn(*shape: int, seed: int = 5) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def leaky(x: Tensor, slope: float) -> Tensor:
    return torch.where(x > 0, x, slope * x)


def naive_mlp(layer: Layer, x: Tensor) -> Tensor:
    """Position by position, by matrices."""
    first, last = (weight.flatten(1) for weight in (layer.inside.weight_in, layer.inside.weight_out))
    rows = x.movedim(1, -1)
    return (leaky(rows @ first.T + layer.inside.bias_in, 0.2) @ last.T + layer.inside.bias_out).movedim(-1, 1)


def naive_attention(layer: Layer, x: Tensor, heads: int) -> Tensor:
    """Head by head and position by position."""
    batch, channels, length = x.shape
    inside, width = layer.inside, channels // heads
    queries, keys, values = torch.einsum("oc,nct->not", inside.weight_in[..., 0], x).chunk(3, 1)
    mixed = torch.zeros_like(x)
    for n in range(batch):
        for head in range(heads):
            own = slice(head * width, (head + 1) * width)
            for t in range(length):
                past = queries[n, own, t] @ keys[n, own, : t + 1] / math.sqrt(width)
                weights = past.exp() / past.exp().sum()
                mixed[n, own, t] = values[n, own, : t + 1] @ weights
    return torch.einsum("oc,nct->not", inside.weight_out[..., 0], mixed) + inside.bias_out[:, None]


@pytest.mark.parametrize("name", ["coupling, mlp", "coupling, mlp, sequence", "coupling, mlp, image"])
def test_an_mlp_works_along_the_channels(name: str) -> None:
    layer = LAYERS[name].build()
    first, second = drawn(3, *layer.in_shape).chunk(2, 1)
    y = layer((first, second))
    assert_close(y, (second, first + naive_mlp(layer, second)), 1e-13)


@pytest.mark.parametrize(("name", "heads"), [("coupling, attention", 2), ("coupling, one head", 1)])
def test_attention_is_causal_softmax_attention(name: str, heads: int) -> None:
    layer = LAYERS[name].build()
    first, second = drawn(3, *layer.in_shape).chunk(2, 1)
    y = layer((first, second))
    assert_close(y, (second, first + naive_attention(layer, second, heads)), 1e-13)
    later = second.clone()
    later[:, :, -1] += 1
    assert torch.equal(layer((first, later))[1][:, :, :-1], y[1][:, :, :-1]), "nothing looks ahead"


def test_an_affine_coupling_scales_and_shifts() -> None:
    layer = LAYERS["affine coupling, mlp"].build()
    first, second = drawn(3, 6).chunk(2, 1)
    raw, shift = naive_mlp(layer, second).chunk(2, 1)
    assert_close(layer((first, second)), (second, first * raw.tanh().exp() + shift), 1e-13)


@pytest.mark.parametrize("form", ["additive", "affine"])
def test_one_pass_of_f_gives_both_products_and_leaves_no_graph(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = make(layers.Coupling(form=form, inside=layers.MlpInside()), (6,), PLACE, "layer 1")
    layer.initialise(torch.Generator().manual_seed(0))
    runs, plain = [], layer.inside.forward
    monkeypatch.setattr(layer.inside, "forward", lambda x: runs.append(1) or plain(x))
    x, cot = drawn(3, 6).chunk(2, 1), drawn(3, 6, seed=6).chunk(2, 1)
    for fused in (lambda: layer.advance(x, cot, ()), lambda: layer.retreat(x, cot)):
        runs.clear()
        state, moved, grads = fused()
        assert len(runs) == 1
        assert not any(tensor.requires_grad for tensor in (*state, *moved, *grads))


def test_insides_start_as_they_say() -> None:
    shape = (256, 3)
    for spec, hidden in ((layers.MlpInside(), 512), (layers.ConvInside(last_scale=0.1), 256)):
        inside = make_inside(spec, shape, 512, PLACE)
        inside.initialise(torch.Generator().manual_seed(1))
        first, last = inside.weight_in.detach(), inside.weight_out.detach()
        assert first.shape[:2] == (hidden, 256)
        assert last.shape[:2] == (512, hidden)
        assert float(first.std()) == pytest.approx((2 / 1.04 / first[0].numel()) ** 0.5, rel=0.01)
        assert float(last.std()) == pytest.approx(spec.last_scale / last[0].numel() ** 0.5, rel=0.01)
        assert not inside.bias_in.any()
        assert not inside.bias_out.any()
    attention = make_inside(layers.AttentionInside(last_scale=0.25), shape, 256, PLACE)
    attention.initialise(torch.Generator().manual_seed(1))
    assert float(attention.weight_in.detach().std()) == pytest.approx(1 / 16, rel=0.01)
    assert float(attention.weight_out.detach().std()) == pytest.approx(0.25 / 16, rel=0.01)


@pytest.mark.parametrize(
    ("inside", "in_shape", "words"),
    [
        (layers.ConvInside(), (6,), ["height and width", "6 numbers", "mlp"]),
        (layers.AttentionInside(), (4, 3, 3), ["channels and positions", "4×3×3"]),
        (layers.AttentionInside(), (6,), ["channels and positions", "6 numbers"]),
        (layers.AttentionInside(heads=2), (6, 4), ["2 heads", "3 channels", "`heads`"]),
        (layers.MlpInside(), (5,), ["two halves", "5", "even"]),
    ],
)
def test_a_shape_that_does_not_suit_the_inside_is_refused(inside: layers.Inside, in_shape: tuple, words: list) -> None:
    with pytest.raises(InvalidSpec) as caught:
        make(layers.Coupling(inside=inside), in_shape, PLACE, "layer 7")
    assert all(word in str(caught.value) for word in ["layer 7", *words]), str(caught.value)


def operator_norm(weight: Tensor, extent: tuple[int, ...]) -> float:
    """Of the convolution on an image of this extent, from its matrix."""
    if not extent:
        return float(torch.linalg.matrix_norm(weight, 2))
    convolve = F.conv1d if len(extent) == 1 else F.conv2d
    size = weight.shape[1] * math.prod(extent)
    unit = torch.eye(size, dtype=weight.dtype).view(size, weight.shape[1], *extent)
    return float(torch.linalg.matrix_norm(convolve(unit, weight, padding=weight.shape[-1] // 2).flatten(1), 2))


@pytest.mark.parametrize(
    ("shape", "extent"), [((5, 9), ()), ((64, 64), ()), ((9, 5), ()), ((4, 3, 3), (8,)), ((3, 4, 3, 3), (5, 6))]
)
def test_the_bound_is_above_the_norm_and_near_it(shape: tuple[int, ...], extent: tuple[int, ...]) -> None:
    for scale in (1e-3, 1.0, 1e3):
        weight = scale * drawn(*shape)
        bound, norm = float(norm_bound(weight)), operator_norm(weight, extent)
        assert norm <= bound * (1 + 1e-12)
        assert bound <= norm * (1.02 if not extent else math.prod(shape[2:]) ** 0.5 * 1.02)
    assert float(norm_bound(torch.ones(4, 4).double())) == pytest.approx(4, rel=1e-12)
    assert float(norm_bound(torch.zeros(4, 4).double())) < 1e-30


@pytest.mark.parametrize("name", ["residual", "residual, bound 0.9", "residual, sequence", "residual, image"])
def test_a_residual_block_stays_within_its_bound_however_large_its_weights(name: str) -> None:
    layer = LAYERS[name].build()
    assert isinstance(layer, ResidualBlock)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.mul_(50)
    x, other = drawn(200, *layer.in_shape), drawn(200, *layer.in_shape, seed=6)
    moved = (layer(x) - x) - (layer(other) - other)
    stretch = moved.flatten(1).norm(dim=1) / (x - other).flatten(1).norm(dim=1)
    assert float(stretch.detach().max()) <= layer.bound
    # rounding of inputs 50 times as large as usual
    assert_close(layer.inverse(layer(x)), x, max(1e-11, 10 * layer.bound**layer.rounds))


@pytest.mark.parametrize("bound", [0.3, 0.5, 0.9])
def test_a_residual_block_can_reach_its_bound(bound: float) -> None:
    layer = make(layers.Residual(bound=bound), (6,), PLACE, "layer 1")
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(100)  # rank 1, and every hidden unit is on: the singular vectors of both maps fall together
    x, step = drawn(3, 6), torch.ones(1, 6).double()
    assert_close(layer(x + step) - layer(x) - step, (bound * step).expand(3, 6), 1e-12)


def test_rounds_come_from_the_bound_and_are_capped() -> None:
    for bound, iterations, rounds in ((0.5, 60, 54), (0.2, 60, 23), (0.9, 60, 60), (0.9, 200, 200), (0.7, 200, 104)):
        layer = make(layers.Residual(bound=bound, iterations=iterations), (4,), PLACE, "layer 1")
        assert layer.rounds == rounds
        assert f"{rounds} rounds" in layer.reason
