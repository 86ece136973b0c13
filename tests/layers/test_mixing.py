"""Layers that mix or move channels, and the embedding: what they are, not only that they can be undone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from moonviz.errors import InvalidSpec, SingularLayer
from moonviz.layers import Layer, Placement, make
from moonviz.specs import layers
from tests.cases import LAYERS
from tests.close import assert_close

PLACE = Placement(torch.device("cpu"), torch.float64)


def built(spec: layers.LayerSpec, in_shape: tuple[int, ...], seed: int = 0) -> Layer:
    layer = make(spec, in_shape, PLACE, "layer 4 (it)")
    layer.initialise(torch.Generator().manual_seed(seed))
    return layer


def test_a_1x1_convolution_is_one_matrix_at_every_position() -> None:
    layer = LAYERS["conv1x1, sequence"].build()
    x = torch.randn(2, 3, 5).double()
    assert_close(layer(x), torch.einsum("oi,nip->nop", layer.weight, x) + layer.bias[:, None], 1e-14)
    weight = built(layers.Conv1x1(), (8, 2, 2)).weight
    assert_close(weight @ weight.T, torch.eye(8).double(), 1e-14)


def test_a_singular_1x1_convolution_names_its_layer() -> None:
    layer = built(layers.Conv1x1(), (3, 4))
    torch.nn.init.ones_(layer.weight)
    with pytest.raises(SingularLayer, match=r"layer 4 \(it\)"):
        layer.vijp(torch.ones(1, 3, 4).double(), torch.ones(1, 3, 4).double(), ())


@pytest.mark.parametrize("name", ["actnorm", "actnorm, vector"])
def test_actnorm_shifts_then_scales(name: str) -> None:
    layer = LAYERS[name].build()
    x = torch.randn(2, *layer.in_shape).double()
    along = (-1, *[1] * (x.dim() - 2))
    assert_close(layer(x), (x + layer.bias.view(along)) * layer.scale.view(along), 1e-14)
    assert torch.equal(built(layers.ActNorm(), layer.in_shape)(x), x), "to begin with it changes nothing"


def test_a_permutation_is_reverse_or_drawn_from_the_seed() -> None:
    x = torch.arange(9.0).double()[None]
    assert torch.equal(built(layers.Permute(), (9,))(x), x.flip(1))
    first, same, other = (built(layers.Permute(order="random"), (9,), seed)(x) for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(first.sort().values, x)
    again = make(layers.Permute(order="random"), (9,), PLACE, "layer 1")
    again.load_state_dict(built(layers.Permute(order="random"), (9,), 1).state_dict())
    assert torch.equal(again(x), first), "the drawn order is saved with the weights"
    assert torch.equal(again.inverse(first), x)


def test_squeezing_is_torchs_pixel_unshuffle() -> None:
    x = torch.randn(2, 3, 4, 6).double()
    assert torch.equal(built(layers.Squeeze(), (3, 4, 6))(x), F.pixel_unshuffle(x, 2))
    line = torch.arange(12.0).double().view(1, 2, 6)
    want = [[0, 3], [1, 4], [2, 5], [6, 9], [7, 10], [8, 11]]
    assert built(layers.Squeeze(factor=3), (2, 6))(line)[0].tolist() == want


@pytest.mark.parametrize(
    ("spec", "in_shape", "words"),
    [
        (layers.Squeeze(), (3, 4, 5), ["2", "3×4×5", "`factor`"]),
        (layers.Squeeze(), (6,), ["height and width", "6 numbers"]),
        (layers.Conv1x1(), (6,), ["height and width", "6 numbers"]),
        (layers.GlobalMeanPool(), (6,), ["height and width", "6 numbers"]),
        (layers.Embed(width=3), (1, 8), ["sequence of bytes", "1×8"]),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(spec: layers.LayerSpec, in_shape: tuple, words: list[str]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        make(spec, in_shape, PLACE, "layer 7")
    assert all(word in str(caught.value) for word in ["layer 7", *words]), str(caught.value)


def test_an_embedding_adds_token_and_position() -> None:
    layer = built(layers.Embed(width=4), (6,))
    x = torch.tensor([[65, 0, 255, 65, 3, 3]])
    y = layer(x)
    for t, symbol in enumerate(x[0].tolist()):
        assert_close(y[0, :, t], layer.token[symbol] + layer.position[:, t], 1e-15)
    assert y.is_contiguous()
    token, position = layer.vjp_params(x, torch.ones_like(y))
    assert token.sum(1).tolist() == [4.0 * int((x == symbol).sum()) for symbol in range(256)]
    assert torch.equal(position, torch.ones(4, 6).double())
    wide = built(layers.Embed(width=128), (64,))
    assert float((wide.token[:64].T + wide.position).detach().std()) == pytest.approx(1, abs=0.02)
    with pytest.raises(TypeError, match="no cotangent"):
        layer.vjp_x((), y)
