"""The network as an ordinary module, against a naive one written out in plain torch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import moonviz
from moonviz.errors import InvalidSpec
from moonviz.networks import Network, build, describe
from moonviz.specs import Block, NetworkSpec, layers, preset
from tests.cases import NETWORKS
from tests.close import assert_close


def naive_revnet(net: Network, x: Tensor, slope: float) -> Tensor:
    """The same function with concatenations and nothing in place."""
    weights = dict(net.named_parameters())
    x = F.conv2d(x, weights["stem_layers.0.weight"], weights["stem_layers.0.bias"], padding=1)
    half = x.shape[1] // 2
    for number in range(net.length):
        at = f"body.{number}.inside"
        hidden = F.conv2d(x[:, half:], weights[f"{at}.weight_in"], weights[f"{at}.bias_in"], padding=1)
        hidden = torch.where(hidden > 0, hidden, slope * hidden)
        moved = F.conv2d(hidden, weights[f"{at}.weight_out"], weights[f"{at}.bias_out"], padding=1)
        x = torch.cat([x[:, half:], x[:, :half] + moved], 1)
    return x.mean((2, 3)) @ weights["head_layers.2.weight"].T + weights["head_layers.2.bias"]


def test_a_revnet_is_the_function_it_says() -> None:
    net = build(preset("digits-revnet", depth=5, batch=6, channels=6, dtype="float64"))
    x, target = net.batch(1)
    logits = naive_revnet(net, x, 0.2)
    assert_close(net(x), logits, 1e-13)
    logs = logits - logits.exp().sum(1, keepdim=True).log()
    assert_close(net.loss(x, target), -logs[torch.arange(6), target].mean(), 1e-13)


def test_a_dense_net_is_the_function_it_says() -> None:
    net = build(preset("digits-dense", depth=3, batch=6, dtype="float64"))
    x, _ = net.batch(1)
    weights = iter(net.parameters())
    y = x.reshape(6, -1)
    for number in range(5):
        y = y @ next(weights).T + next(weights)
        y = y if number in (0, 4) else torch.where(y > 0, y, 0.5 * y)
    assert_close(net(x), y, 1e-13)


def test_halves_are_taken_apart_and_joined_inside_a_body() -> None:
    couplings = Block(layers=(layers.Coupling(),), repeat=2)
    mixed = NetworkSpec(
        stem=(layers.Conv(channels=4),),
        body=(couplings, Block(layers=(layers.LeakyReLU(),)), couplings, Block(layers=(layers.Flatten(),))),
        head=(layers.Dense(width=10),),
        dtype="float64",
        batch=5,
    )
    net = build(mixed)
    assert [layer.kind for layer in net.body] == [
        *["coupling"] * 2, "join", "leaky ReLU", "split", *["coupling"] * 2, "join", "flatten"
    ]  # fmt: skip
    x, target = net.batch()
    net.loss(x, target).backward()
    found = moonviz.gradients(net, x, target, method="moonwalk-mixed")
    for name, weight in net.named_parameters():
        assert_close(found[name], weight.grad, 1e-12, name)


@pytest.mark.parametrize("name", ["digits-revnet", "photo-revnet", "digits-dense"])
def test_a_seed_means_the_same_network_in_every_dtype(name: str) -> None:
    exact = build(preset(name, depth=2, dtype="float64", seed=7))
    for dtype in ("float32", "bfloat16", "float16"):
        other = build(preset(name, depth=2, dtype=dtype, seed=7))
        for (key, got), want in zip(other.named_parameters(), exact.parameters(), strict=True):
            assert torch.equal(got, want.to(got.dtype)), key
    another = build(preset(name, depth=2, dtype="float64", seed=8))
    assert not torch.equal(next(another.parameters()), next(exact.parameters()))


def test_initialisations_are_what_they_say() -> None:
    net = build(preset("digits-dense", width=32, depth=1, slope=0.5, dtype="float64"))
    weight = net.layer(1).weight
    assert_close(weight @ weight.T, (2 / 1.25) * torch.eye(32).double(), 1e-12)
    wide = build(preset("photo-revnet", depth=1, channels=256, dtype="float64")).layer(1).inside
    fan = 128 * 9
    assert float(wide.weight_in.detach().std()) == pytest.approx((2 / 1.04 / fan) ** 0.5, rel=0.01)
    assert float(wide.weight_out.detach().std()) == pytest.approx(0.25 / fan**0.5, rel=0.01)


def test_a_batch_is_real_data_and_its_seed_fixes_it() -> None:
    from sklearn.datasets import load_digits

    net = build(preset("digits-revnet", depth=1, batch=50, dtype="float64"))
    x, target = net.batch(3)
    again, _ = net.batch(3)
    assert torch.equal(x, again)
    assert not torch.equal(x, net.batch(4)[0])
    assert x.shape == (50, 1, 8, 8)
    assert target.dtype == torch.int64
    digits = load_digits()
    known = {image.tobytes(): label for image, label in zip(digits.images, digits.target, strict=True)}
    images = np.rint(x[:, 0].numpy() * digits.images.std() + digits.images.mean())
    assert [known[image.tobytes()] for image in images] == target.tolist()
    assert len({image.tobytes() for image in images}) > 45, "drawn without repetition"


def test_a_batch_larger_than_the_data_repeats_examples() -> None:
    x, _ = build(preset("photo-revnet", depth=1, channels=2, batch=600)).batch()
    assert x.shape == (600, 3, 32, 32)


def test_description_counts_what_is_there() -> None:
    for case in NETWORKS.values():
        spec = case.spec()
        net, cards = build(spec), describe(spec)
        assert [card.index for card in cards] == list(range(net.length + 2))
        assert sum(card.parameters for card in cards) == sum(weight.numel() for weight in net.parameters())
        capabilities = {card.capability for card in cards[1:-1]}
        assert "ordinary" not in capabilities
        assert (capabilities == {"invertible"}) == case.invertible
        for before, after in pairwise(cards):
            assert before.out_shape == after.in_shape
        assert cards[0].capability == cards[-1].capability == "outside the walk"


def test_a_head_without_enough_outputs_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="width 10"):
        build(NetworkSpec(stem=(layers.Flatten(),), body=(Block(layers=(layers.Dense(width=4),)),)))


def test_meta_networks_draw_nothing() -> None:
    net = build(preset("photo-revnet", channels=4096, depth=500), "meta")
    assert all(weight.is_meta for weight in net.parameters())
    assert net.batch()[0].shape == (8, 3, 32, 32)
