"""Convolutions: which class, what it keeps, how far its weights act, and how rounding grows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from moonviz.errors import InvalidSpec, SingularLayer
from moonviz.layers import Layer, Placement, capability, make
from moonviz.layers.blocks import Blocks, put, take
from moonviz.layers.causal import fill_rows
from moonviz.layers.solvers import RowSolver
from moonviz.runs.ledger import Ledger
from moonviz.specs.layers import Conv
from tests.cases import LAYERS
from tests.close import assert_close

CONVS = [name for name in LAYERS if "conv" in name.split(",")[0].split()]
BANDED = {name: case for name, case in LAYERS.items() if name.startswith("banded")}


def conv(in_shape: tuple[int, ...], dtype: torch.dtype = torch.float64, device: str = "cpu", **spec: Any) -> Layer:
    layer = make(Conv(**{"channels": in_shape[0], **spec}), in_shape, Placement(torch.device(device), dtype), "layer 1")
    if device != "meta":
        layer.initialise(torch.Generator().manual_seed(0))
    return layer.requires_grad_(False)


def cot_of(layer: Layer, dtype: torch.dtype = torch.float64, batch: int = 2) -> Tensor:
    return torch.randn((batch, *layer.out_shape), generator=torch.Generator().manual_seed(1), dtype=dtype)


def there_and_back(layer: Layer, block: int | None = None, dtype: torch.dtype = torch.float64) -> float:
    """‖vijp(vjp(h)) − h‖∞ / ‖h‖∞."""
    cot = cot_of(layer, dtype)
    kept = layer.fragment((), cot) if block is None else layer.fragment_in_blocks((), cot, block)
    found = layer.vijp(torch.empty(2, *layer.in_shape, dtype=dtype), layer.vjp_x((), cot), kept)
    return float((found - cot).abs().max() / cot.abs().max())


@pytest.mark.parametrize(
    ("in_shape", "spec", "name", "can", "words"),
    [
        ((4, 8, 8), {"stride": 2}, "PivotConv", "submersive", ["stride 2", "tap 1, all at once", "nothing"]),
        ((4, 9), {"kernel": 5, "stride": 2}, "PivotConv", "submersive", ["tap 1, first to last"]),
        ((4, 8), {"kernel": 5, "stride": 2, "padding": 2}, "PivotConv", "submersive", ["tap 3, last to first"]),
        (
            (4, 9, 8),
            {"kernel": 5, "stride": 2, "padding": 2},
            "OrdinaryConv",
            "ordinary",
            ["down", "(2)", "(0, 1, 3, 4)"],
        ),
        ((4, 8), {"kernel": 7, "stride": 2, "padding": 3}, "OrdinaryConv", "ordinary", ["(3, 4)", "(0, 1, 5, 6)"]),
        (
            (4, 6),
            {"kernel": 6, "stride": 2, "padding": 3},
            "OrdinaryConv",
            "ordinary",
            ["each of its 6 taps reads padding"],
        ),
        ((3, 8, 8), {"channels": 8}, "OrdinaryConv", "ordinary", ["512 outputs", "192 inputs"]),
        ((3, 8, 8), {"channels": 8, "stride": 2}, "OrdinaryConv", "ordinary", ["8 channels from 3"]),
        ((4, 8, 8), {"channels": 3}, "OrdinaryConv", "ordinary", ["(1)", "(0, 2)"]),
        ((4, 8, 8), {"kernel": 1, "padding": 0}, "PointwiseConv", "invertible", ["4×4"]),
        ((4, 8), {"kernel": 1, "padding": 0, "channels": 2}, "PivotConv", "submersive", ["tap 0"]),
        ((4, 8), {"kernel": 1, "padding": 1}, "OrdinaryConv", "ordinary", ["40 outputs", "32 inputs"]),
        ((4, 32), {}, "BandedConv1d", "fragmental", ["first 2 of every 8 positions", "22%"]),
        ((4, 32, 32), {}, "BandedConv2d", "fragmental", ["first 2 of every 8 rows", "22%"]),
        ((4, 32, 32), {"layout": "tiles"}, "TiledConv2d", "fragmental", ["2 rows and columns", "8×8 tile", "39%"]),
    ],
)
def test_the_class_follows_from_the_numbers(
    in_shape: tuple[int, ...], spec: dict[str, Any], name: str, can: str, words: list[str]
) -> None:
    layer = conv(in_shape, **spec)
    assert (type(layer).__name__, capability(layer)) == (name, can)
    assert all(word in layer.reason for word in words), layer.reason


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
    layer = BANDED[name].build().requires_grad_(False)
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


@given(st.integers(1, 40), st.integers(1, 50), st.integers(1, 3))
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


@pytest.mark.parametrize("name", [name for name in CONVS if name != "conv1x1"])
def test_what_plays_no_part_gets_no_gradient(name: str) -> None:
    layer = LAYERS[name].build()
    x = torch.randn(2, *layer.in_shape, dtype=torch.float64)
    (grad, *_) = layer.vjp_params(x, cot_of(layer))
    silent = grad == 0
    before = layer(x)
    with torch.no_grad():
        layer.weight[silent] += 5.0
    assert_close(layer(x), before, 0, "weights without a gradient")
    spec, (rows, columns) = layer.spec, layer.weight.shape[:2]
    fixed = {"free": 0, "unit": rows * (rows + 1) // 2, "softplus": rows * (rows - 1) // 2}[spec.pivot]
    ordinary, by_rows = capability(layer) == "ordinary", type(layer).__name__ == "BandedConv2d"
    read = torch.ones(())
    for axis in layer.axes:  # taps that only ever read padding are silent too
        windows = [axis.stride * t - axis.padding for t in range(axis.outputs)]
        inside = [any(0 <= start + tap < axis.size for start in windows) for tap in range(axis.kernel)]
        read = read[..., None] * torch.tensor(inside)
    expected = 0 if ordinary else fixed + by_rows * rows * columns * (spec.kernel - 1)
    assert int((silent * read).sum()) == expected


@pytest.mark.parametrize("pivot", ["free", "unit", "softplus"])
@pytest.mark.parametrize(
    ("in_shape", "spec"),
    [
        ((6, 20), {}),
        ((6, 9, 9), {}),
        ((6, 9, 9), {"layout": "tiles"}),
        ((6, 9), {"channels": 4, "kernel": 5, "stride": 2}),
    ],
)
def test_bounded_weights_keep_the_bound(pivot: str, in_shape: tuple[int, ...], spec: dict[str, Any]) -> None:
    layer = conv(in_shape, pivot=pivot, bounded=True, **spec)
    taps = layer.kernel().flatten(2)
    rows = taps.shape[0]
    matrix = layer.pivot.matrix(taps) if pivot == "free" else layer.pivot.matrix(taps)[:, :rows]
    smallest = torch.linalg.svdvals(matrix)[-1]
    others = sum(taps[:, :, j].norm() for j in range(taps.shape[2]) if j != layer.pivot.at)
    assert others <= smallest * (1 + 1e-9)
    assert others > 0.99 * smallest, "no smaller than it must be"


def test_initial_weights_are_as_the_presets_need_them() -> None:
    layer = conv((64, 8, 8), stride=2, pivot="unit")
    taps = layer.kernel().flatten(2)
    below = torch.tril_indices(64, 64, -1)
    assert torch.equal(taps[:, :, 4], taps[:, :, 4].tril(-1) + torch.eye(64, dtype=taps.dtype))
    assert taps[:, :, 4][below[0], below[1]].std() == pytest.approx(0.3 / 8, rel=0.1)
    assert taps[:, :, 0].std() == pytest.approx(1 / (9 * 64) ** 0.5, rel=0.1)
    softplus = conv((64, 8, 8), stride=2, pivot="softplus").kernel().flatten(2)
    assert_close(softplus, taps, 1e-14, "softplus starts where unit does")
    assert conv((64, 8), pivot="free").weight.std() == pytest.approx(1 / (3 * 64) ** 0.5, rel=0.1)


@pytest.mark.parametrize("block", [4, 8, 16, 64])
@pytest.mark.parametrize(
    ("in_shape", "spec"),
    [
        ((8, 64), {"pivot": "unit"}),
        ((8, 64), {}),
        ((8, 64, 6), {}),
        ((8, 32, 32), {"layout": "tiles", "pivot": "unit"}),
    ],
)
def test_bounded_bands_are_stable_in_float32(in_shape: tuple[int, ...], spec: dict[str, Any], block: int) -> None:
    layer = conv(in_shape, torch.float32, bounded=True, **spec)
    assert there_and_back(layer, block, torch.float32) <= 1.2e-6


def test_unbounded_bands_drift() -> None:
    """As documented: free random taps amplify rounding from position to position."""
    free = conv((8, 64), torch.float32)
    assert there_and_back(free, 16, torch.float32) > 1e-4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("in_shape", [(4, 12), (4, 9, 9)])
@pytest.mark.parametrize("spec", [{}, {"stride": 2}, {"kernel": 1, "padding": 0}, {"layout": "tiles", "block": 4}])
def test_lower_precision(in_shape: tuple[int, ...], spec: dict[str, Any], dtype: torch.dtype) -> None:
    layer = conv(in_shape, dtype, pivot="unit", bounded=True, **spec)
    assert there_and_back(layer, dtype=dtype) <= 16 * torch.finfo(dtype).eps


@pytest.mark.parametrize("spec", [{}, {"channels": 2, "stride": 2}, {"kernel": 1, "padding": 0}])
def test_a_singular_pivot_names_its_layer(spec: dict[str, Any]) -> None:
    layer = conv((3, 9), **spec)
    layer.weight.zero_()
    with pytest.raises(SingularLayer, match="layer 1"):
        there_and_back(layer)


WALKED = [name for name in CONVS if name != "conv1x1" and capability(LAYERS[name].build()) != "ordinary"]


@pytest.mark.parametrize("name", [name for name in LAYERS if name in WALKED or name.startswith(("max", "mean"))])
def test_a_dry_run_takes_the_same_bytes_and_operations(name: str) -> None:
    case, found = LAYERS[name], []
    for device in ("cpu", "meta"):
        layer = make(case.spec, case.in_shape, Placement(torch.device(device), torch.float32), "layer 1")
        if device == "cpu":
            layer.initialise(torch.Generator().manual_seed(0))
        x = torch.randn(3, *layer.in_shape, device=device)
        cot = torch.randn(3, *layer.out_shape, device=device)
        ledger = Ledger((*layer.parameters(), *layer.buffers(), x, cot))
        with ledger:
            with torch.no_grad():
                y, residual = layer.keep(x)
                cot_x = layer.vjp_x(residual, cot)
                kept = layer.fragment(residual, cot) if hasattr(layer, "fragment") else ()
            walked = layer.advance(x, cot_x, kept) if hasattr(layer, "advance") else ()
            held = ledger.live_bytes
        found.append((ledger.peak_bytes, held, ledger.flops))
        del y, residual, cot_x, kept, walked
    assert found[0] == found[1]
