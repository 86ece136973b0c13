"""Pasted `nn.Sequential` texts against the modules that torch printed them from."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from moonviz.errors import InvalidSpec
from moonviz.networks import build
from moonviz.reading.sequential import read_sequential


def _blocks(count: int, make: type[nn.Module] = nn.LeakyReLU) -> list[nn.Module]:
    return [layer for _ in range(count) for layer in (nn.Linear(32, 32), make())]


MODELS: dict[str, tuple[str, nn.Module]] = {
    "dense": ("digits", nn.Sequential(nn.Flatten(), nn.Linear(64, 32), *_blocks(5), nn.Linear(32, 10))),
    "nested": (
        "digits",
        nn.Sequential(
            nn.Flatten(), nn.Linear(64, 32), nn.Sequential(*_blocks(3, nn.Tanh)),
            nn.Sequential(OrderedDict(first=nn.Sequential(*_blocks(2, nn.SiLU)), last=nn.Linear(32, 16, bias=False))),
            nn.Linear(16, 10),
        ),
    ),
    "every activation": (
        "digits",
        nn.Sequential(
            nn.Flatten(), nn.Linear(64, 48), nn.ReLU(inplace=True), nn.Linear(48, 32), nn.LeakyReLU(0.1), nn.GELU(),
            nn.SiLU(), nn.Tanh(), nn.Sigmoid(), nn.ELU(), nn.Softplus(), nn.Softmax(dim=1), nn.Identity(),
            nn.Linear(32, 10),
        ),
    ),
    "norms": (
        "digits",
        nn.Sequential(
            nn.Flatten(), nn.Linear(64, 20), nn.LayerNorm(20), nn.LeakyReLU(0.3), nn.RMSNorm(20, eps=1e-6),
            nn.BatchNorm1d(20, eps=1e-3), nn.Linear(20, 10),
        ),
    ),
    "conv 2d": (
        "digits",
        nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.LeakyReLU(), nn.Conv2d(8, 8, 3, padding="same"), nn.BatchNorm2d(8),
            nn.ReLU(), nn.PixelUnshuffle(2), nn.Conv2d(32, 16, kernel_size=3, stride=2, padding=1, bias=False),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10),
        ),
    ),
    "pools": (
        "photos",
        nn.Sequential(
            nn.Conv2d(3, 4, 2, stride=2), nn.MaxPool2d(2), nn.AvgPool2d(3, stride=1, padding=1), nn.Dropout(0.0),
            nn.MaxPool2d(3, stride=2, padding=1), nn.Flatten(), nn.Linear(64, 2),
        ),
    ),
    "conv 1d": (
        "digits-sequence",
        nn.Sequential(
            nn.Conv1d(1, 6, 5, padding=2), nn.LeakyReLU(), nn.MaxPool1d(2), nn.Conv1d(6, 6, 3, padding=1),
            nn.BatchNorm1d(6), nn.AvgPool1d(4), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 10),
        ),
    ),
    "a single layer": ("digits", nn.Sequential(nn.Flatten(), nn.Linear(64, 10))),
    "wide classes": ("digits", nn.Sequential(nn.Flatten(), nn.Linear(64, 1_000))),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_network_computes_what_torchs_does(name: str) -> None:
    """With the same weights in float64: same parameters, same shapes, same numbers."""
    data, model = MODELS[name]
    read = read_sequential(repr(model), data)
    network = build(read.network.changed(dtype="float64", batch=5))
    model = model.double().train()
    theirs, ours = list(model.parameters()), list(network.parameters())
    assert [weight.numel() for weight in ours] == [weight.numel() for weight in theirs]
    with torch.no_grad():
        for mine, yours in zip(ours, theirs, strict=True):
            yours.add_(0.05 * torch.randn(yours.shape, generator=torch.Generator().manual_seed(1)))
            mine.copy_(yours.view_as(mine))
        x = network.batch(seed=0)[0]
        found, wanted = network(x.clone()), model(x)
    assert found.shape == wanted.shape
    assert torch.allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_reading_twice_is_the_same(name: str) -> None:
    data, model = MODELS[name]
    first = read_sequential(repr(model), data)
    assert read_sequential(repr(model).replace("\n", "\r\n") + "\n\n", data) == first
    assert type(first.network).model_validate_json(first.network.model_dump_json()) == first.network


def test_equal_runs_are_folded() -> None:
    network = read_sequential(repr(MODELS["dense"][1])).network
    assert [(len(block.layers), block.repeat) for block in network.body] == [(1, 1), (2, 5)]
    assert [layer.kind for layer in network.head] == ["dense"]


def test_a_run_of_several_layers_is_folded_as_one() -> None:
    one = [nn.Linear(32, 32), nn.LeakyReLU(), nn.Linear(32, 32), nn.Tanh()]
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), *one * 7, nn.Linear(32, 10))
    body = read_sequential(repr(model)).network.body
    assert [(len(block.layers), block.repeat) for block in body[-1:]] == [(4, 7)]


def test_a_widening_first_layer_is_the_stem() -> None:
    network = read_sequential(repr(MODELS["conv 2d"][1])).network
    assert [layer.kind for layer in network.stem] == ["conv"]
    assert network.body[0].layers[0].kind == "leaky_relu"


def test_a_deep_network_stays_short() -> None:
    model = nn.Sequential(nn.Flatten(), *[layer for _ in range(700) for layer in (nn.Linear(64, 64), nn.Tanh())])
    read = read_sequential(repr(model))
    assert read.network.depth >= 699
    assert len(read.network.body) <= 3


def test_data_of_another_size_is_said() -> None:
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10), nn.LogSoftmax(dim=1))
    read = read_sequential(repr(model))
    assert [layer.kind for layer in read.network.stem] == ["flatten"]
    said = " ".join(read.notes)
    assert "takes 64 instead of 784" in said
    assert "`Flatten` is put before `Linear`" in said
    assert "softmax at the end is left out" in said
    assert build(read.network)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_a_flattened_image_of_another_size_is_followed_along() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 112 * 112, 10)
    )
    read = read_sequential(repr(model), "digits")
    assert sum("instead of" in note for note in read.notes) == 2
    assert build(read.network, "meta").length >= 1


@pytest.mark.parametrize("classes", [2, 5])
def test_a_loss_that_needs_more_outputs_gets_them(classes: int) -> None:
    read = read_sequential(repr(nn.Sequential(nn.Flatten(), nn.Linear(64, classes))))
    assert any("10 classes is put at the end" in note for note in read.notes)
    assert build(read.network, "meta").part(2)[0].out_shape == (10,)


def _printed(*layers: str) -> str:
    lines = [f"  ({number}): {layer}" for number, layer in enumerate(layers)]
    return "\n".join(["Sequential(", *lines, ")"])


WRONG: dict[str, tuple[str, str]] = {
    "nothing": ("", "ends before its `Sequential`"),
    "empty": ("Sequential()", "no layers that compute anything"),
    "only nothing": (_printed("Identity()"), "no layers that compute anything"),
    "no end": ("Sequential(\n  (0): ReLU()", "ends before its `Sequential` does"),
    "another model": ("Net(\n  (fc): Linear(in_features=2, out_features=2, bias=True)\n)", "begins with `Net`"),
    "a list": (_printed("ModuleList(\n  )"), "line 2: `ModuleList` holds layers"),
    "after the end": ("Sequential(\n  (0): ReLU()\n)\nprint()", "line 4"),
    "unknown": (_printed("Flatten()", "PReLU(num_parameters=1)"), "line 3: `PReLU` has no counterpart.*LeakyReLU"),
    "code": (_printed("__import__('os').system('true')"), "line 2"),
    "call": (_printed("Linear(in_features=f(1), out_features=2)"), "line 2: `f\\(1\\)`"),
    "dilation": (
        _printed("Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), dilation=(2, 2))"),
        "line 2: `Conv2d` has `dilation`",
    ),
    "groups": (_printed("Conv2d(2, 2, kernel_size=(3, 3), stride=(1, 1), groups=2)"), "`groups`"),
    "two kernels": (_printed("Conv2d(1, 2, kernel_size=(3, 1), stride=(1, 1))"), "same along every axis"),
    "true": (_printed("Linear(in_features=True, out_features=2)"), "whole number"),
    "huge": (
        _printed("Linear(in_features=64, out_features=99999999, bias=True)"),
        "line 2: `Linear` is out of range: `width`",
    ),
    "slope": (_printed("LeakyReLU(negative_slope=-1.0)"), "line 2: `LeakyReLU` is out of range: `slope`"),
    "misfit": (
        _printed(
            "Flatten(start_dim=1, end_dim=-1)",
            "Linear(in_features=64, out_features=8)",
            "Linear(in_features=9, out_features=8)",
        ),
        "line 4: `Linear` has `in_features` 9, but gets 8",
    ),
    "no flatten": (
        _printed("ReLU()", "Linear(in_features=64, out_features=8)"),
        "line 3: `Linear` takes a vector.*Put `Flatten`",
    ),
    "1d on 2d": (
        _printed("Conv1d(1, 2, kernel_size=(3,), stride=(1,))"),
        "takes channels and a length, but gets 1×8×8",
    ),
    "kernel": (_printed("Conv2d(1, 2, kernel_size=(11, 11), stride=(1, 1))"), "kernel of 11, larger"),
    "pool to 7": (_printed("AdaptiveAvgPool2d(output_size=(7, 7))"), "`output_size`"),
    "after a pool": (_printed("AdaptiveAvgPool2d(output_size=1)", "ReLU()"), "only `Flatten` may follow"),
    "log in between": (_printed("Flatten()", "LogSoftmax(dim=1)", "ReLU()"), "line 4: `ReLU` comes after `LogSoftmax`"),
    "unshuffle": (_printed("PixelUnshuffle(downscale_factor=3)"), "does not divide"),
    "no weights": (_printed("Flatten()", "ReLU()"), "nothing to train"),
    "long": ("Sequential(\n" + "x" * 300_000, "letters; at most 200,000"),
    "lines": ("Sequential(\n" + "\n" * 5_000 + ")", "lines; at most 4,096"),
    "deep": ("Sequential(\n" + "(0): Sequential(\n" * 30, "nested more than 20 deep"),
    "wide line": ("Sequential(\n  (0): ReLU(" + "a=1, " * 200 + ")\n)", "line 2"),
    "brackets": ("Sequential(\n  (0): ReLU(" + "(" * 200 + ")\n)", "line 2: .* brackets that do not match"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_names_the_line(name: str) -> None:
    text, says = WRONG[name]
    with pytest.raises(InvalidSpec, match=says):
        read_sequential(text)


def test_bytes_have_no_counterpart() -> None:
    with pytest.raises(InvalidSpec, match="`text` gives bytes"):
        read_sequential(repr(MODELS["dense"][1]), "text")
