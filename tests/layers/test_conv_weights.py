"""Convolutions' weights: which act, how they start, how rounding grows with them, and what dry ones take."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from moonviz.errors import SingularLayer
from moonviz.layers import Placement, make
from moonviz.runs.ledger import Ledger
from tests.cases import LAYERS
from tests.close import assert_close
from tests.layers.conv_cases import CONVS, conv, cot_of, there_and_back


@pytest.mark.parametrize("name", CONVS)
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
    solved, by_rows = hasattr(layer, "pivot"), type(layer).__name__ == "BandedConv2d"
    read = torch.ones(())
    for axis in layer.axes:  # taps that only ever read padding are silent too
        windows = [axis.stride * t - axis.padding for t in range(axis.outputs)]
        inside = [any(0 <= start + tap < axis.size for start in windows) for tap in range(axis.kernel)]
        read = read[..., None] * torch.tensor(inside)
    expected = fixed + by_rows * rows * columns * (spec.kernel - 1) if solved else 0
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


@pytest.mark.parametrize("channels", [8, 12, 20])
def test_bounded_patches_start_far_from_singular(channels: int) -> None:
    shape, spec = (3, 8, 8), {"channels": channels, "kernel": 2, "stride": 2, "padding": 0}
    assert_close(
        torch.linalg.svdvals(conv(shape, bounded=True, **spec).matrix), torch.ones(min(channels, 12)).double(), 1e-12
    )
    assert conv(shape, **spec).weight.std() == pytest.approx(12**-0.5, rel=0.15), "else drawn as any convolution's"
    plain = conv(shape, channels=12, bounded=True)
    assert plain.weight.std() == pytest.approx(27**-0.5, rel=0.1)
    assert torch.linalg.svdvals(plain.weight.flatten(1))[0] > 1.2, "without a rule there is nothing to bound"


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


@pytest.mark.parametrize("name", CONVS + [name for name in LAYERS if name.startswith(("max", "mean"))])
def test_a_dry_run_takes_the_same_bytes_and_operations(name: str) -> None:
    case, found, numbers = LAYERS[name], [], None
    for device in ("cpu", "meta"):
        layer = make(case.spec, case.in_shape, Placement(torch.device(device), torch.float32), "layer 1")
        if device == "cpu":
            layer.initialise(torch.Generator().manual_seed(0))
        layer.dry_numbers = numbers
        x = torch.randn(3, *layer.in_shape, device=device)
        cot = torch.randn(3, *layer.out_shape, device=device)
        ledger = Ledger((*layer.parameters(), *layer.buffers(), x, cot))
        with ledger:
            with torch.no_grad():
                y, residual = layer.keep(x)
                cot_x = layer.vjp_x(residual, cot)
                kept = layer.fragment(residual, cot)
            walked = layer.advance(x, cot_x, kept)
            held = ledger.live_bytes
        numbers = sum(part.numel() for part in kept)
        found.append((ledger.peak_bytes, held, ledger.flops))
        del y, residual, cot_x, kept, walked
    assert found[0] == found[1]
