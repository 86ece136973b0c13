"""The pivot rule, against counting by hand and against the true Jacobian."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from moonviz.specs.pivot import Axis

AXES = st.builds(Axis, st.integers(1, 12), st.integers(1, 7), st.integers(1, 4), st.integers(0, 4))


def verdict(size: int, kernel: int, stride: int, padding: int) -> tuple[int, str, int] | None:
    tap = Axis(size, kernel, stride, padding).pivot
    return (tap.place, tap.order, tap.reach) if tap else None


@pytest.mark.parametrize("size", [7, 8, 31, 32])
def test_known_axes(size: int) -> None:
    assert verdict(size, 3, 2, 1) == (1, "diagonal", 0)
    assert verdict(size, 5, 2, 2) == ((3, "upper", 1) if size % 2 == 0 else None)
    assert verdict(size, 7, 2, 3) is None
    assert verdict(size, 3, 1, 1) is None
    assert verdict(size, 1, 1, 0) == (0, "diagonal", 0)
    assert verdict(size, 4, 4, 0) == (1, "diagonal", 0), "of equals the one nearest the centre"
    axis = Axis(size, 5, 2, 1)
    assert [tap.order for tap in axis.taps] == ["lower", "lower", None, "upper", "upper"]
    assert axis.tap(1).is_pivot
    assert axis.tap(3).is_pivot
    assert axis.pivot == axis.tap(1)


def test_a_lone_output_needs_no_order() -> None:
    assert verdict(1, 3, 1, 1) == (1, "diagonal", 0)
    assert verdict(6, 6, 1, 0) == (2, "diagonal", 0)


@given(axis=AXES)
def test_taps_are_as_counted(axis: Axis) -> None:
    m = axis.outputs
    assert m == len(range(-axis.padding, axis.size + axis.padding - axis.kernel + 1, axis.stride))
    assume(m > 0)
    reads = [range(start := axis.stride * t - axis.padding, start + axis.kernel) for t in range(m)]
    assert axis.spare == axis.size + axis.padding - 1 - reads[-1][-1]
    assert axis.disjoint == all(set(a).isdisjoint(b) for a, b in pairwise(reads))
    for tap in axis.taps:
        places = [window[tap.place] for window in reads]
        earlier = max(sum(place in reads[other] for other in range(t)) for t, place in enumerate(places))
        later = max(sum(place in reads[other] for other in range(t + 1, m)) for t, place in enumerate(places))
        assert tap.inside == all(0 <= place < axis.size for place in places)
        assert (tap.earlier, tap.later) == (earlier, later)


@given(axes=st.lists(AXES, min_size=1, max_size=2), channels=st.tuples(st.integers(1, 3), st.integers(1, 3)))
@settings(deadline=None, max_examples=150)
def test_a_pivot_means_full_rank(axes: list[Axis], channels: tuple[int, int]) -> None:
    assume(all(axis.outputs > 0 and axis.pivot for axis in axes))
    few, many = sorted(channels)
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn((few, many, *(axis.kernel for axis in axes)), generator=generator, dtype=torch.float64)
    x = torch.zeros((many, *(axis.size for axis in axes)), dtype=torch.float64)
    conv = F.conv1d if len(axes) == 1 else F.conv2d
    stride, padding = [axis.stride for axis in axes], [axis.padding for axis in axes]
    # a linear map's matrix is its value at the unit vectors
    units = torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape)
    matrix = conv(units, weight, None, stride, padding).flatten(1)
    assert matrix.shape[1] == few * torch.tensor([axis.outputs for axis in axes]).prod()
    assert torch.linalg.matrix_rank(matrix, rtol=1e-13) == matrix.shape[1]


@given(axis=AXES)
def test_what_is_missing_is_said(axis: Axis) -> None:
    assume(axis.outputs > 0)
    words = axis.why_no_pivot
    assert bool(words) == (axis.pivot is None)
    if axis.pivot is None and any(tap.inside for tap in axis.taps) and any(tap.order for tap in axis.taps):
        assert f"({', '.join(str(tap.place) for tap in axis.taps if tap.inside)})" in words


def test_causal_padding_is_not_offered() -> None:
    """Padding is the same at both ends, so at stride 1 an end tap is inside only without any."""
    assert verdict(9, 3, 1, 2) is None
    assert verdict(9, 3, 1, 0) == (0, "lower", 2)
