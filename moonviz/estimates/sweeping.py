"""Dry runs over depths and batches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from moonviz.errors import UnsupportedPair
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.samples import Sample, anchor_every, sample_batches, samples, segment_of, segmented
from moonviz.estimates.varying import depth_of, most_depth, with_depth
from moonviz.estimates.writing import write
from moonviz.methods import require
from moonviz.networks import Network, build
from moonviz.results import Failure
from moonviz.runs.moments import rounded
from moonviz.runs.trace import Trace, most_numbers, trace
from moonviz.specs.methods import ForwardOptions, MethodOptions
from moonviz.specs.network import NetworkSpec

Tick = Callable[[], None]
MOST_KEPT = 1_024
"""Points kept, so that a sweep that gave way does not begin from nothing."""
MOST_STEPS = 10_000
"""The most steps of a walk that is dry-run: some ten seconds."""

_kept: OrderedDict[tuple[Any, ...], PeakPoint] = OrderedDict()


def _still() -> None:
    """Nothing to tell."""


def dry_point(
    network: NetworkSpec,
    options: MethodOptions,
    depth: int,
    batch: int,
    sample: Sample | None = None,
    tick: Tick = _still,
) -> PeakPoint:
    """One dry run of a method at a depth and batch.

    Args:
        network: Any network of the family.
        options: The method.
        depth: Its depth.
        batch: Examples.
        sample: Write the walk out, with the sample's segments and anchors.
        tick: Called at every step, so that whoever waits no longer can stop the work by raising.

    Raises:
        InvalidSpec: If the network cannot have this depth or batch.
    """
    spec = with_depth(network, depth).changed(batch=batch, seed=0)
    key = (spec.canonical(), options, sample)
    if key not in _kept:
        _kept[key] = _dry_point(spec, options, depth, sample, tick)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]


def _dry_point(spec: NetworkSpec, options: MethodOptions, depth: int, sample: Sample | None, tick: Tick) -> PeakPoint:
    walked = _changed(options, sample)
    place = {"label": options.label, "method": options.method, "options": options.model_dump(), "depth": depth,
             "batch": spec.batch, "anchor_every": anchor_every(walked)}  # fmt: skip
    net = build(spec, "meta")
    try:
        require(walked, net)
    except UnsupportedPair as error:
        failure = Failure(message=str(error), layer=error.layer, remedy=error.remedy)
        return PeakPoint(**place, status="refused", error=failure)
    found = _measured(net, walked, sample is not None, tick)
    usual = segment_of(options, len(net.block_ends), found.get("segment_weights"))
    asked = (found.get("segment"), anchor_every(walked)) == (usual, anchor_every(options))
    return PeakPoint(**place, **found, asked=asked)


def sweep(
    network: NetworkSpec,
    methods: Sequence[MethodOptions],
    depths: Sequence[int] = (),
    batches: Sequence[int] = (),
    learn: bool = True,
    found: Callable[[Sequence[PeakPoint]], None] = lambda points: None,
    tick: Tick = _still,
) -> tuple[PeakPoint, ...]:
    """Dry runs of several methods over depths and batches.

    Args:
        network: Any network of the family; its own depth and batch stand where none are given.
        methods: Their options.
        depths: Depths to run, at every batch.
        batches: Batches to run, at every depth.
        learn: Run what every other depth and batch is put together from, too; that comes first.
        found: Told of points as they are found.
        tick: Called at every step.

    Returns:
        All points, in the order they were found. A refused method has one. A walk of more than `MOST_STEPS` steps is
        left out: it would take long, and `extrapolate.at` tells it from the others.

    Raises:
        InvalidSpec: If the network cannot have such a depth or batch.
    """
    grid = [(depth, batch) for depth in depths or (depth_of(network) or network.depth,)
            for batch in batches or (network.batch,)]  # fmt: skip
    for depth, batch in grid:  # bad input is told before any work
        with_depth(network, depth).changed(batch=batch)
    points: list[PeakPoint] = []
    refused: set[str] = set()
    for options, depth, batch, sample in _orders(network, methods, grid, learn):
        if options.label in refused or dry_steps(with_depth(network, depth), options) > MOST_STEPS:
            continue
        point = dry_point(network, options, depth, batch, sample, tick)
        refused |= {options.label} if point.status == "refused" else set()
        points.append(point)
        found((point,))
    return tuple(points)


Order = tuple[MethodOptions, int, int, Sample | None]


def _orders(
    network: NetworkSpec, methods: Sequence[MethodOptions], grid: Sequence[tuple[int, int]], learn: bool
) -> Iterator[Order]:
    """What to run, in the order in which a page can make use of it."""
    learned = {options.label: samples_of(options, network) if learn else () for options in methods}
    for turn in range(4):
        for options in methods:
            for batch in sample_batches(network.batch, options)[turn : turn + 1]:
                for sample in learned[options.label]:
                    yield options, sample.depth, batch, sample
    for depth, batch in sorted(grid):
        for options in methods:
            yield options, depth, batch, None


def samples_of(options: MethodOptions, network: NetworkSpec) -> tuple[Sample, ...]:
    """The samples of a method on a network, also where no block is repeated.

    A network without a depth has but its own; where every block is written out anew for each depth, a few depths
    far apart give lines to go along.
    """
    depth = depth_of(network)
    if depth is None:
        return (Sample(network.depth),)
    if len(with_depth(network, 2).body) != len(with_depth(network, 3).body):
        return tuple(Sample(min(n, most_depth(network) or n)) for n in (4, 16, 64))
    return samples(options, network)


def dry_steps(network: NetworkSpec, options: MethodOptions) -> int:
    """About how many steps a dry run takes, a millisecond or so each."""
    layers = sum(len(block.layers) * block.repeat for block in network.body)
    # forward mode walks from each layer to the loss, three times for each of its weight tensors
    return 3 * layers * layers if isinstance(options, ForwardOptions) else 4 * layers


def _changed(options: MethodOptions, sample: Sample | None) -> MethodOptions:
    wanted = {"segment": sample.segment, "anchor_every": sample.anchor_every} if sample else {}
    return options.model_copy(update={name: value for name, value in wanted.items() if value is not None})


def _measured(net: Network, options: MethodOptions, sampled: bool, tick: Tick) -> dict[str, Any]:
    whole = _walk(net, options, None, tick)
    outside = {tensor.untyped_storage()._cdata: tensor.untyped_storage().nbytes()
               for tensor in (*net.parameters(), *net.buffers())}.values()  # fmt: skip
    inputs = [tensor.untyped_storage().nbytes() for tensor in net.batch()]
    found = {
        "peak_bytes": whole.peak_bytes,
        "by_category": whole.by_category,
        "gradient_bytes": whole.gradient_bytes,
        "parameter_bytes": sum(outside),
        "parameter_rounding_bytes": sum(map(rounded, outside)) - sum(outside),
        "input_bytes": sum(inputs),
        "input_rounding_bytes": sum(map(rounded, inputs)) - sum(inputs),
        "rounding_bytes": whole.rounded_peak_bytes - whole.peak_bytes,
        "largest_tensor_bytes": whole.largest_bytes,
        "flops": whole.flops,
    }
    walks = [whole]
    if whole.has_fragments and any(layer.data_dependent for layer in net.body):
        walks += [_walk(net, options, numbers, tick) for numbers in (0, most_numbers(net))]
        found["peak_bytes_range"] = (walks[1].peak_bytes, walks[2].peak_bytes)
    if segmented(options):
        found["segment_weights"] = weights = net.segment_weights
        found["segment"] = segment_of(options, len(net.block_ends), weights)
    if sampled:
        found["books"] = tuple(write(net, one, options) for one in walks)
    return found


def _walk(net: Network, options: MethodOptions, numbers: int | None, tick: Tick) -> Trace:
    for layer in net.body:
        layer.dry_numbers = numbers
    records = trace(net, options, *net.batch())
    while True:
        tick()
        try:
            next(records)
        except StopIteration as end:
            return end.value
