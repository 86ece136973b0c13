"""What is put together from short dry runs is what a dry run of that depth and batch gives, to the byte."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from moonviz.errors import InvalidSpec
from moonviz.estimates.extrapolate import at
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.samples import segment_of
from moonviz.estimates.sweeping import dry_point, sweep
from moonviz.estimates.varying import depth_of, most_depth, with_depth
from moonviz.networks import build
from moonviz.runs.trace import dry_run
from moonviz.specs import Block, NetworkSpec, layers, method_options, preset
from moonviz.specs.methods import MethodOptions

DENSE = preset("digits-dense", width=8, batch=16)
RELU = preset("relu-net", width=8, batch=16)
REVNET = preset("digits-revnet", channels=4, batch=16)
STAGES = preset("conv-pyramid", channels=2, batch=8)
CASES: dict[str, tuple[NetworkSpec, str, dict[str, Any]]] = {
    "backprop": (REVNET, "backprop", {}),
    "checkpointing": (REVNET, "checkpointing", {}),
    "checkpointing, segments of 7": (DENSE, "checkpointing", {"segment": 7}),
    "checkpointing, no segment's end in sight": (DENSE, "checkpointing", {"segment": 100}),
    "checkpointing, stages": (STAGES, "checkpointing", {}),
    "revbackprop": (REVNET, "revbackprop", {}),
    "projforward, many gradients": (DENSE, "projforward", {}),
    "pure": (DENSE, "moonwalk-pure", {"chunk": 8}),
    "mixed": (REVNET, "moonwalk-mixed", {}),
    "mixed, anchors": (REVNET, "moonwalk-mixed", {"anchor_every": 5}),
    "mixed, checkpointed": (REVNET, "moonwalk-mixed", {"phase_one": "checkpointed"}),
    "mixed, fragments": (RELU, "moonwalk-mixed", {}),
    "mixed, stages": (STAGES, "moonwalk-mixed", {"phase_one": "residuals"}),
}


@pytest.mark.parametrize("case", CASES)
def test_deep_walks_are_put_together_to_the_byte(case: str) -> None:
    network, name, given = CASES[case]
    options = method_options(name, given)
    points = sweep(network, [options], depths=(2,))
    assert all(point.depth < 20 for point in points)
    for depth, batch in ((23, network.batch), (50, network.batch), (23, 40)):
        told, real = at(points, depth, batch), dry_point(network, options, depth, batch)
        assert (told.how, told.exact) == ("repeated blocks", False)
        same(told, real)


def same(told: PeakPoint, real: PeakPoint) -> None:
    for number in (
        "peak_bytes", "by_category", "peak_bytes_range", "gradient_bytes", "parameter_bytes", "input_bytes", "segment",
        "anchor_every", "flops", "largest_tensor_bytes",
    ):  # fmt: skip
        assert getattr(told, number) == getattr(real, number), number


def test_forward_mode_too() -> None:
    network, options = preset("digits-dense", width=2, batch=2), method_options("forward")
    points = sweep(network, [options], depths=(2,))
    told, real = at(points, 9, 2), dry_point(network, options, 9, 2)
    same(told, real)


def test_the_peak_of_a_method_with_a_bend_is_the_larger_of_two_lines() -> None:
    """Few blocks: the tangents of one are highest; many: all gradients at the end. Neither line is the other's."""
    network, options = preset("glow-tiny", batch=16), method_options("projforward")
    points = sweep(network, [options], depths=(2,))
    peaks = [at(points, depth, 16).peak_bytes for depth in (4, 6, 40, 41)]
    assert peaks[0] == peaks[1] < peaks[2] < peaks[3]
    same(at(points, 41, 16), dry_point(network, options, 41, 16))


def test_a_dry_run_at_the_very_place_is_given_as_it_is() -> None:
    options = method_options("checkpointing")
    points = sweep(DENSE, [options], depths=(13,))
    (asked,) = [point for point in points if point.depth == 13 and not point.books]
    assert at(points, 13, 16) is asked
    assert any(point.depth == 13 and not point.asked for point in points), "a sample has other segments there"


def test_a_network_whose_blocks_all_change_with_depth_goes_along_lines() -> None:
    network, options = preset("dense-pyramid", width=4, last=2, batch=4), method_options("backprop")
    points = sweep(network, [options], depths=(8, 32))
    told = at(points, 20, 4)
    assert (told.how, told.exact) == ("line", False)
    assert points[0].peak_bytes < told.peak_bytes < at(points, 64, 4).peak_bytes


def test_a_network_without_a_depth_varies_its_batch_alone() -> None:
    block = DENSE.body[0].model_dump() | {"repeat": 1}
    network, options = DENSE.changed(name="mine", body=[block, block]), method_options("backprop")
    assert depth_of(network) is None
    points = sweep(network, [options])
    assert at(points, 2, 100).peak_bytes == dry_point(network, options, 2, 100).peak_bytes
    with pytest.raises(InvalidSpec, match="repeated block"):
        sweep(network, [options], depths=(3,))


def test_a_batch_that_nothing_is_known_of_is_an_error() -> None:
    options = method_options("backprop")
    points = [point for point in sweep(DENSE, [options]) if point.batch == 16]
    with pytest.raises(InvalidSpec, match="sweep another batch"):
        at(points, 50, 17)
    with pytest.raises(InvalidSpec, match="no dry run"):
        at([], 50, 17)


def test_a_refused_method_stays_refused() -> None:
    (point,) = sweep(RELU, [method_options("revbackprop")], depths=(2, 3))
    assert point.status == "refused"
    assert (at([point], 9, 9).depth, at([point], 9, 9).status) == (9, "refused")


@pytest.mark.parametrize("blocks", [1, 2, 7, 30, 64])
@pytest.mark.parametrize("given", [{"phase_one": "checkpointed"}, {"phase_one": "checkpointed", "segment": 3}], ids=str)
def test_segments_are_as_long_as_the_schedule_makes_them(given: dict[str, Any], blocks: int) -> None:
    options, network = method_options("moonwalk-mixed", given), with_depth(REVNET, blocks)
    told = segment_of(options, blocks, build(network, "meta").segment_weights)
    assert first_segment(network, options) == min(blocks, told)


def first_segment(network: NetworkSpec, options: MethodOptions) -> int:
    """Blocks (here: layers) of the first segment, which is recomputed last."""
    layers_ = [record.layer for record in dry_run(network, options).records if record.phase == "recompute"]
    begins = [0, *(n for n, (before, layer) in enumerate(pairwise(layers_), 1) if layer < before)]
    return len(layers_) - begins[-1]


def test_depth_is_a_presets_own_where_it_has_more_than_repeats() -> None:
    assert depth_of(with_depth(STAGES, 5)) == 5
    assert with_depth(STAGES, 5).depth == 3 * 6
    assert most_depth(preset("dense-pyramid")) == 512
    assert most_depth(STAGES) == (20_000 // 3 - 1) // 2
    with pytest.raises(InvalidSpec, match=r"20,000.*smaller depth"):
        with_depth(STAGES, 9_000)
    twice = Block(layers=(layers.Dense(width=64), layers.LeakyReLU(), layers.Dense(width=64)), repeat=2)
    assert most_depth(DENSE.changed(body=[twice.model_dump()])) == 20_000 // 3
