"""Pooling: which class, and what it keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from moonviz.errors import InvalidSpec
from moonviz.layers import Layer, Placement, capability, make
from moonviz.specs.layers import Pool
from tests.close import assert_close


def pool(in_shape: tuple[int, ...], kind: str, **spec: Any) -> Layer:
    return make(Pool(kind=kind, **spec), in_shape, Placement(torch.device("cpu"), torch.float64), "layer 1")


@pytest.mark.parametrize(
    ("in_shape", "spec", "name", "words"),
    [
        ((2, 8, 8), {"kind": "max_pool"}, "DisjointMaxPool", ["share no input", "a byte"]),
        ((2, 20), {"kind": "max_pool", "kernel": 20}, "DisjointMaxPool", ["a byte"]),
        ((1, 20, 20), {"kind": "max_pool", "kernel": 20}, "DisjointMaxPool", ["two bytes"]),
        (
            (2, 8, 8),
            {"kind": "max_pool", "kernel": 3, "padding": 1},
            "OverlappingMaxPool",
            ["Kernel 3, stride 2", "overlap", "of 32 numbers", "a byte"],
        ),
        ((2, 3, 3), {"kind": "max_pool", "kernel": 3}, "DisjointMaxPool", ["share no input"]),
        ((2, 8, 8), {"kind": "mean_pool"}, "DisjointMeanPool", ["4 times the mean"]),
        ((2, 8), {"kind": "mean_pool"}, "DisjointMeanPool", ["2 times the mean"]),
        (
            (2, 8, 8),
            {"kind": "mean_pool", "kernel": 3, "padding": 1},
            "OverlappingMeanPool",
            ["tap (1, 1), all at once"],
        ),
        ((2, 9), {"kind": "mean_pool", "kernel": 5, "padding": 1}, "OverlappingMeanPool", ["tap 1, first to last"]),
        ((2, 8), {"kind": "mean_pool", "kernel": 7, "padding": 3}, "AxisMeanPool", ["(3, 4)", "(0, 1, 5, 6)", "4×8,"]),
        ((2, 8), {"kind": "mean_pool", "padding": 1}, "DisjointMeanPool", ["2 times the mean"]),
        (
            (2, 8),
            {"kind": "mean_pool", "stride": 1, "padding": 1},
            "FaintMeanPool",
            ["each of its 2 taps reads padding", "9×8", "2 numbers per example"],
        ),
        # with 8 inputs, 1 + 2cos(πi/9) is 0 for i = 6 along either axis: 8 + 8 − 1 directions of each channel
        (
            (2, 8, 8),
            {"kind": "mean_pool", "kernel": 3, "stride": 1, "padding": 1},
            "FaintMeanPool",
            ["8×8 and 8×8", "30 numbers per example"],
        ),
    ],
)
def test_the_class_follows_from_the_windows(
    in_shape: tuple[int, ...], spec: dict[str, Any], name: str, words: list[str]
) -> None:
    layer = pool(in_shape, **spec)
    assert type(layer).__name__ == name
    assert capability(layer) == ("fragmental" if name in ("OverlappingMaxPool", "FaintMeanPool") else "submersive")
    assert all(word in layer.reason for word in words), layer.reason


@pytest.mark.parametrize(("kernel", "dtype"), [(2, torch.uint8), (16, torch.uint8), (17, torch.int16)])
def test_the_winner_takes_as_few_bytes_as_it_can(kernel: int, dtype: torch.dtype) -> None:
    layer = pool((2, 20, 20), "max_pool", kernel=kernel, stride=min(kernel, 16))
    x = torch.rand(2, 2, 20, 20, dtype=torch.float64)
    for at in (0, kernel - 1):  # the first and the last place of a window
        x[:, :, at, at] = 2 + at
    (place,) = layer.residual(x)
    assert place.dtype is dtype
    assert int(place[0, 0, 0, 0]) == kernel**2 - 1
    cot = torch.randn(layer(x).shape, dtype=torch.float64)
    assert_close(layer.vjp_x((place,), cot), torch.func.vjp(layer.forward, x)[1](cot)[0], 0)


def test_ties_go_where_torch_sends_them() -> None:
    layer = pool((1, 4, 6), "max_pool")
    x = torch.zeros(1, 1, 4, 6, dtype=torch.float64)
    cot = torch.randn(1, 1, 2, 3, dtype=torch.float64)
    cot_x = torch.func.vjp(layer.forward, x)[1](cot)[0]
    assert_close(layer.vjp_x(layer.residual(x), cot), cot_x, 0)
    assert_close(layer.vijp(x, cot_x, ()), cot, 0)


@pytest.mark.parametrize("spec", [{"kernel": 3, "padding": 1}, {"kernel": 3, "stride": 1}, {"kernel": 5}])
@pytest.mark.parametrize("in_shape", [(2, 400), (2, 32, 32)])
def test_a_dry_run_expects_as_many_repeated_wins_as_there_are(in_shape: tuple[int, ...], spec: dict[str, int]) -> None:
    layer = pool(in_shape, "max_pool", **spec)
    x = torch.randn((100, *in_shape), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    y = layer(x)
    (kept,) = layer.fragment(layer.residual(x), y)
    assert kept.numel() / y.numel() == pytest.approx(layer.share, abs=0.005)


@given(
    in_shape=st.one_of(st.tuples(st.just(2), st.integers(1, 12)), st.tuples(*[st.integers(1, 9)] * 3)),
    kind=st.sampled_from(["max_pool", "mean_pool"]),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 6),
    share=st.integers(0, 2),
)
@settings(deadline=None, max_examples=150)
def test_any_pooling_is_undone(in_shape: tuple[int, ...], kind: str, kernel: int, stride: int, share: int) -> None:
    padding = min(share, kernel // 2)
    if min(in_shape[1:]) + 2 * padding < kernel:
        return
    layer = pool(in_shape, kind, kernel=kernel, stride=stride, padding=padding)
    x = torch.randn(2, *in_shape, dtype=torch.float64)
    torchs = {"max_pool": (F.max_pool1d, F.max_pool2d), "mean_pool": (F.avg_pool1d, F.avg_pool2d)}
    y = layer(x)
    assert_close(y, torchs[kind][len(in_shape) - 2](x, kernel, stride, padding), 0)
    cot = torch.randn(y.shape, dtype=torch.float64)
    cot_x = torch.func.vjp(layer.forward, x)[1](cot)[0]
    assert_close(layer.vjp_x(layer.residual(x), cot), cot_x, 1e-14)
    assert_close(layer.vijp(x, cot_x, layer.fragment(layer.residual(x), cot)), cot, 1e-10)


@pytest.mark.parametrize(
    ("in_shape", "spec", "words"),
    [
        ((5,), {}, ["pooling", "5 numbers"]),
        ((1, 3, 3), {"kernel": 4}, ["kernel 4", "1×3×3"]),
        ((1, 9), {"kernel": 3, "padding": 2}, ["padding 2", "at most 1"]),
    ],
)
def test_what_does_not_fit_is_refused(in_shape: tuple[int, ...], spec: dict[str, int], words: list[str]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        pool(in_shape, "max_pool", **spec)
    assert all(word in str(caught.value) for word in ["layer 1", *words]), str(caught.value)
