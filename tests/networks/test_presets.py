"""The presets as ordinary modules, against naive ones written out in plain torch; bytes in, a target per position."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import moonviz
from moonviz.errors import InvalidSpec
from moonviz.layers.mixing import Conv1x1
from moonviz.networks import Network, build
from moonviz.specs import Block, NetworkSpec, layers, preset
from tests.close import assert_close, relative


def small(name: str, **settings: object) -> Network:
    return build(preset(name, dtype="float64", **{"batch": 3, "depth": 2, **settings}))


def naive_inside(inside: torch.nn.Module, x: Tensor, slope: float = 0.2) -> Tensor:
    """Two convolutions with a LeakyReLU between, nothing in place."""
    convolve, pad = (F.conv1d if x.dim() == 3 else F.conv2d), inside.weight_in.shape[-1] // 2
    hidden = convolve(x, inside.weight_in, inside.bias_in, padding=pad)
    hidden = torch.where(hidden > 0, hidden, slope * hidden)
    return convolve(hidden, inside.weight_out, inside.bias_out, padding=pad)


def naive_attention(inside: torch.nn.Module, x: Tensor, heads: int = 2) -> Tensor:
    """By torch's own multi-head attention."""
    attention = torch.nn.MultiheadAttention(x.shape[1], heads, batch_first=True, dtype=x.dtype)
    attention.in_proj_weight.data = inside.weight_in[..., 0]
    attention.out_proj.weight.data, attention.out_proj.bias.data = inside.weight_out[..., 0], inside.bias_out
    later = torch.ones(x.shape[2], x.shape[2], dtype=torch.bool).triu(1)
    rows = x.mT
    return attention(rows, rows, rows, attn_mask=later, need_weights=False)[0].mT


def test_glow_is_the_function_it_says() -> None:
    net = small("glow-tiny")
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    x, _ = net.batch(1)
    stem, head = net.stem_layers[0], net.head_layers[-1]
    y = F.pixel_unshuffle(F.conv2d(x, stem.weight, stem.bias, padding=1), 2)
    steps = [layer for layer in net.body if layer.kind not in ("split", "join")]
    assert [layer.kind for layer in steps] == ["actnorm", "1×1 conv", "affine coupling"] * 2
    for norm, mix, coupling in zip(*[iter(steps)] * 3, strict=True):
        y = (y + norm.bias[:, None, None]) * norm.scale[:, None, None]
        y = torch.einsum("oi,nihw->nohw", mix.weight, y)
        first, second = y.chunk(2, 1)
        raw, shift = naive_inside(coupling.inside, second).chunk(2, 1)
        y = torch.cat([second, first * raw.tanh().exp() + shift], 1)
    assert_close(net(x), y.mean((2, 3)) @ head.weight.T + head.bias, 1e-12)


def test_the_transformer_is_the_function_it_says() -> None:
    net = small("reversible-transformer", width=8)
    x, target = net.batch(1)
    assert x.dtype == target.dtype == torch.int64
    stem, head = net.stem_layers[0], net.head_layers[-1]
    y = stem.token[x].mT + stem.position
    first, second = y.chunk(2, 1)
    for number in range(1, net.length + 1, 2):
        first, second = second, first + naive_attention(net.layer(number).inside, second)
        first, second = second, first + naive_inside(net.layer(number + 1).inside, second)
    logits = F.conv1d(torch.cat([first, second], 1), head.weight.view(256, 8, 1), head.bias)
    assert_close(net(x), logits, 1e-12)
    logs = logits.log_softmax(1)
    each = [logs[n, target[n, t], t] for n in range(3) for t in range(64)]
    assert_close(net.loss(x, target), -torch.stack(each).mean(), 1e-13)


def test_the_pyramids_narrow_step_by_step() -> None:
    widths = [layer.out_shape[0] for layer in small("dense-pyramid", depth=16).body if layer.kind != "leaky ReLU"]
    assert widths == list(range(61, 15, -3)), "each of 16 layers takes three of the 48 away"
    assert all(before >= after for before, after in pairwise([64, *widths]))
    wide = small("dense-pyramid", width=8, last=20)
    assert {layer.out_shape for layer in wide.body} == {(8,)}, "it never widens"
    net = small("conv-pyramid", channels=4, stages=2)
    assert [layer.out_shape for layer in net.body if "1×1" not in layer.kind] == [
        *[(4, 16, 16)] * 3, *[(4, 8, 8)] * 3
    ]  # fmt: skip


def test_initial_weights_are_what_the_walk_needs() -> None:
    for layer in small("dense-pyramid", depth=16).body[::2]:
        assert_close(layer.weight @ layer.weight.T, 2 / 1.25 * torch.eye(layer.out_shape[0]).double(), 1e-12)
    for layer in small("relu-net").body[::2]:
        assert_close(layer.weight @ layer.weight.T, 2 * torch.eye(64).double(), 1e-12)
    for layer in small("glow-tiny").body:
        if isinstance(layer, Conv1x1):
            assert_close(layer.weight @ layer.weight.T, torch.eye(16).double(), 1e-12)
    for name, scale in (("glow-tiny", 0.1), ("reversible-transformer", 0.25)):
        insides = [layer.inside for layer in small(name, depth=8).body if layer.kind.endswith("coupling")]
        drawn = torch.cat(
            [inside.weight_out.flatten() / scale * inside.weight_out[0].numel() ** 0.5 for inside in insides]
        )
        assert float(drawn.detach().std()) == pytest.approx(1, rel=0.05), name


@pytest.mark.parametrize(
    ("name", "settings", "limit"),
    [
        ("conv1d-fragments", {"depth": 32}, 1e-13),
        ("conv1d-fragments", {"depth": 8, "block": 64}, 1e-14),
        ("glow-tiny", {"depth": 32}, 1e-13),
        ("reversible-transformer", {"depth": 24}, 1e-13),
        ("relu-net", {"depth": 32}, 1e-13),
    ],
)
def test_deep_presets_keep_to_rounding(name: str, settings: dict[str, object], limit: float) -> None:
    net = small(name, **settings)
    x, target = net.batch()
    want = dict(net.named_parameters())
    truth = dict(zip(want, torch.autograd.grad(net.loss(x, target), tuple(want.values())), strict=True))
    assert relative(moonviz.gradients(net, x, target, method="moonwalk-mixed"), truth) <= limit


def test_a_run_on_text_has_its_truth() -> None:
    result = moonviz.run(preset("reversible-transformer", batch=2, depth=1, width=8), "moonwalk-mixed", repeats=1)
    assert result.status == "ok"
    assert result.gradient.reference == "float64 autograd"
    assert result.gradient.relative_error < 1e-5
    assert result.input_bytes == 2 * 2 * 64 * 8, "bytes and targets as int64"


def test_a_meta_batch_has_the_real_ones_shapes() -> None:
    for name in ("reversible-transformer", "conv1d-fragments", "paper-revnet"):
        spec = preset(name, batch=2, depth=1)
        for real, meta in zip(build(spec).batch(), build(spec, "meta").batch(), strict=True):
            assert (real.shape, real.dtype) == (meta.shape, meta.dtype)
            assert meta.is_meta


EMBED, DENSE = layers.Embed(width=4), layers.Dense(width=4)


@pytest.mark.parametrize(
    ("data", "stem", "body", "words"),
    [
        ("text", (), (layers.LeakyReLU(),), ["`text` gives bytes", "must begin with `embed`"]),
        ("text", (layers.Flatten(), EMBED), (layers.LeakyReLU(),), ["only be the first"]),
        ("text", (EMBED,), (EMBED,), ["only be the first"]),
        ("text", (), (EMBED,), ["only be the first"]),
        ("digits", (EMBED,), (layers.LeakyReLU(),), ["`digits` gives numbers", "cannot begin"]),
        ("text", (EMBED,), (layers.LeakyReLU(),), ["4×64", "256", "64 positions", "kernel 1"]),
        ("text", (layers.Embed(width=128),), (layers.Squeeze(),), ["256×32", "64 positions"]),
        ("text", (EMBED, layers.GlobalMeanPool()), (layers.Dense(width=256),), ["64 positions"]),
        ("digits", (layers.Conv(channels=16),), (layers.LeakyReLU(),), ["16×8×8", "vector", "width 10"]),
    ],
)
def test_bytes_and_targets_must_suit_the_network(data: str, stem: tuple, body: tuple, words: list[str]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        build(NetworkSpec(data=data, stem=stem, body=(Block(layers=body),)))
    assert all(word in str(caught.value) for word in words), str(caught.value)
