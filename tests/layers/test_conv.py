"""Convolutions: which class, what it keeps, and in how many pieces it is solved."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers import Placement, capability, make
from moonviz.layers.blocks import Blocks, put, take
from moonviz.layers.causal import fill_rows
from moonviz.layers.solvers import RowSolver
from moonviz.specs.layers import Conv
from tests.cases import LAYERS
from tests.close import assert_close
from tests.layers.conv_cases import BANDED, conv, cot_of


@pytest.mark.parametrize(
    ("in_shape", "spec", "name", "can", "words"),
    [
        ((4, 8, 8), {"stride": 2}, "PivotConv", "submersive", ["stride 2", "tap (1, 1), all at once", "nothing"]),
        ((4, 9), {"kernel": 5, "stride": 2}, "PivotConv", "submersive", ["tap 1, first to last"]),
        ((4, 8), {"kernel": 5, "stride": 2, "padding": 2}, "PivotConv", "submersive", ["tap 3, last to first"]),
        ((4, 8, 8), {"channels": 3}, "BandedConv2d", "fragmental", ["first 1 of the 8 rows", "12%"]),
        ((4, 9), {"channels": 2, "block": 5}, "BandedConv1d", "fragmental", ["first 2 of every 5 positions", "33%"]),
        (
            (3, 8, 8),
            {"channels": 48, "kernel": 4, "stride": 4, "padding": 0},
            "PatchConv",
            "submersive",
            ["48 numbers"],
        ),
        (
            (3, 8, 8),
            {"channels": 50, "kernel": 4, "stride": 4, "padding": 0},
            "WideningPatchConv",
            "fragmental",
            ["2 directions", "8 numbers per example"],
        ),
        ((4, 8), {"kernel": 1, "padding": 0, "channels": 6}, "WideningPatchConv", "fragmental", ["2 directions"]),
        ((2, 8), {"kernel": 2, "stride": 3, "padding": 0, "channels": 3}, "PatchConv", "submersive", ["4 numbers"]),
        ((2, 5), {"kernel": 5, "padding": 0, "channels": 11}, "WideningPatchConv", "fragmental", ["1 number per"]),
        ((4, 8, 8), {"kernel": 1, "padding": 0}, "PointwiseConv", "invertible", ["4×4"]),
        ((4, 8), {"kernel": 1, "padding": 0, "channels": 2}, "PivotConv", "submersive", ["tap 0"]),
        ((4, 32), {}, "BandedConv1d", "fragmental", ["first 2 of every 8 positions", "22%"]),
        ((4, 32, 32), {}, "BandedConv2d", "fragmental", ["first 2 of every 8 rows", "22%"]),
        ((4, 6), {}, "BandedConv1d", "fragmental", ["first 1 of the 6 positions", "17%"]),
        ((4, 6), {"kernel": 5, "padding": 2, "block": 2}, "BandedConv1d", "fragmental", ["all positions", "100%"]),
        (
            (4, 9, 4),
            {"kernel": 5, "stride": 2},
            "PivotConv",
            "submersive",
            ["tap (1, 2), down first to last, across all"],
        ),
        ((4, 32, 32), {"layout": "tiles"}, "TiledConv2d", "fragmental", ["first 2 of every 8 rows and", "8×8", "39%"]),
    ],
)
def test_the_class_follows_from_the_numbers(
    in_shape: tuple[int, ...], spec: dict[str, Any], name: str, can: str, words: list[str]
) -> None:
    layer = conv(in_shape, **spec)
    assert (type(layer).__name__, capability(layer)) == (name, can)
    assert all(word in layer.reason for word in words), layer.reason


@pytest.mark.parametrize(
    ("in_shape", "spec", "why", "kept"),
    [
        (
            (4, 9, 8),
            {"kernel": 5, "stride": 2, "padding": 2},
            ["down", "(2)", "(0, 1, 3, 4)"],
            ["only if it", "80×288"],
        ),
        ((4, 8), {"kernel": 7, "stride": 2, "padding": 3}, ["(3, 4)", "(0, 1, 5, 6)"], ["only if it", "16×32"]),
        ((4, 6), {"kernel": 6, "stride": 2, "padding": 3}, ["each of its 6 taps reads padding"], ["only if", "16×24"]),
        ((4, 8, 8), {"channels": 6}, ["384 outputs", "256 inputs"], ["at least 128 numbers", "384×256"]),
        ((4, 8, 8), {"channels": 6, "stride": 2}, ["6 channels from 4"], ["only if it", "96×256"]),
        ((4, 8), {"kernel": 1, "padding": 1}, ["40 outputs", "32 inputs"], ["at least 8 numbers", "40×32"]),
    ],
)
def test_without_a_rule_a_small_one_is_written_out_and_a_large_one_refused(
    in_shape: tuple[int, ...], spec: dict[str, Any], why: list[str], kept: list[str]
) -> None:
    small = conv(in_shape, **spec)
    assert (type(small).__name__, capability(small)) == ("JacobianConv", "fragmental")
    assert all(word in small.reason for word in (*why, *kept)), small.reason
    # a hundred times the channels: the same axes
    spec = {**spec, "channels": 100 * spec.get("channels", in_shape[0])}
    large = make(Conv(**spec), (100 * in_shape[0], *in_shape[1:]), Placement(torch.device("meta"), torch.float32), "")
    assert (type(large).__name__, capability(large)) == ("OrdinaryConv", "ordinary")
    assert "numbers to factor, more than 1,000,000" in large.reason
    assert f"{prod(large.out_shape):,}×{prod(large.in_shape):,}" in large.reason


def test_a_kernel_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="kernel 9 is larger than 1×5 numbers"):
        conv((1, 5), kernel=9, padding=1)


@given(
    in_shape=st.one_of(
        st.tuples(st.integers(1, 3), st.integers(1, 10)), st.tuples(*[st.integers(1, 3)] + [st.integers(1, 9)] * 2)
    ),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
    channels=st.integers(1, 3),
    pivot=st.sampled_from(["free", "unit", "softplus"]),
    block=st.integers(2, 9),
    layout=st.sampled_from(["rows", "tiles"]),
)
@settings(deadline=None, max_examples=200)
def test_any_convolution_is_undone_or_refused(in_shape: tuple[int, ...], **spec: Any) -> None:
    if min(in_shape[1:]) + 2 * spec["padding"] < spec["kernel"]:
        return
    layer = conv(in_shape, bounded=True, **spec)
    x = torch.randn(2, *in_shape, dtype=torch.float64)
    cot = cot_of(layer)
    cot_x = torch.func.vjp(layer.forward, x)[1](cot)[0]
    assert_close(layer.vjp_x((), cot), cot_x, 1e-13, "vjp_x")
    if capability(layer) != "ordinary":
        assert_close(layer.vijp(x, cot_x, layer.fragment((), cot)), cot, 1e-11, "vijp")


@pytest.mark.parametrize("name", BANDED)
@pytest.mark.parametrize("block", [1, 2, 3, 5, 40])
def test_a_method_may_choose_the_blocks(name: str, block: int) -> None:
    layer = LAYERS[name].build().requires_grad_(False)
    cot = cot_of(layer)
    kept = layer.fragment_in_blocks((), cot, block)
    assert_close(layer.vijp(cot, layer.vjp_x((), cot), kept), cot, 1e-10)
    assert all(part.untyped_storage().data_ptr() != cot.untyped_storage().data_ptr() for part in kept), "copies"


@pytest.mark.parametrize(
    ("in_shape", "spec", "numbers"),
    [
        ((3, 32), {}, 3 * (1 + 2 * 3)),
        ((3, 32), {"kernel": 5, "padding": 2, "block": 16}, 3 * (2 + 4)),
        ((3, 32, 5), {}, 3 * (1 + 2 * 3) * 5),
        ((1, 32, 32), {"layout": "tiles"}, 32**2 - (32 - 7) ** 2),
        ((1, 9), {"block": 4}, 1 + 2 + 2),  # three blocks of three
        ((1, 7), {"block": 3}, 1 + 2 + 1),  # the last block is shorter than its head
    ],
)
def test_a_fragment_is_as_small_as_said(in_shape: tuple[int, ...], spec: dict[str, Any], numbers: int) -> None:
    layer = conv(in_shape, **spec)
    assert sum(part[0].numel() for part in layer.fragment((), cot_of(layer))) == numbers


@given(st.integers(1, 16), st.integers(1, 18), st.integers(1, 3))
def test_the_kept_part_says_where_the_blocks_are(size: int, length: int, padding: int) -> None:
    blocks = Blocks.of_length(size, length, padding, 2 * padding)
    assert blocks.length <= length
    found = Blocks.of_known(size, blocks.known_count, padding, 2 * padding)
    assert found.known == blocks.known
    assert found.unknown == blocks.unknown
    places = [place for part in (*blocks.known, *blocks.unknown) for place in range(size)[part]]
    assert sorted(places) == list(range(size))
    row = torch.arange(size)[None]
    again = torch.empty_like(row)
    for parts in (blocks.known, blocks.unknown):
        if parts:
            put(again, parts, 1, take(row, parts, 1))
    assert torch.equal(again, row)


class CountingSolver(RowSolver):
    calls = 0

    def solve(self, rows: Tensor) -> Tensor:
        self.calls += 1
        return rows


def test_blocks_are_solved_side_by_side() -> None:
    h, taps = torch.zeros(1, 1, 32, 1), torch.zeros(1, 1, 3, 1)
    right = torch.randn(1, 1, 32, 1)
    counting = CountingSolver()
    fill_rows(h, right, taps, counting, Blocks.of_length(32, 8, 1, 2))
    assert counting.calls == 8 - 1, "B − p steps"
