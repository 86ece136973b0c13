"""Dry runs over depths and batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from moonviz.errors import UnsupportedPair
from moonviz.estimates.points import Book, PeakPoint
from moonviz.estimates.samples import Sample, anchor_every, segment_of, segmented
from moonviz.estimates.varying import with_depth
from moonviz.events import Kind
from moonviz.methods import require
from moonviz.networks import Network, build
from moonviz.results import Failure
from moonviz.runs.ledger import rounded
from moonviz.runs.trace import Trace, most_numbers, trace
from moonviz.specs.methods import ForwardOptions, MethodOptions
from moonviz.specs.network import NetworkSpec

Tick = Callable[[], None]


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
    walked = _changed(options, sample)
    spec = with_depth(network, depth).changed(batch=batch)
    place = {"label": options.label, "method": options.method, "options": options.model_dump(), "depth": depth,
             "batch": batch, "anchor_every": anchor_every(walked)}  # fmt: skip
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


def _changed(options: MethodOptions, sample: Sample | None) -> MethodOptions:
    wanted = {"segment": sample.segment, "anchor_every": sample.anchor_every} if sample else {}
    return options.model_copy(update={name: value for name, value in wanted.items() if value is not None})


def _measured(net: Network, options: MethodOptions, write: bool, tick: Tick) -> dict:
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
    if write:
        found["books"] = tuple(_book(net, one, options) for one in walks)
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


class _Step(NamedTuple):
    """A step as a book has it."""

    phase: str
    layer: int
    top: dict[Kind, int]
    end: dict[Kind, int]
    full: dict[Kind, int]
    rounded: tuple[int, int, int]


def _book(net: Network, walked: Trace, options: MethodOptions) -> Book:
    steps = [
        _Step(record.phase, record.layer, moment.by_category, record.by_category, moment.fullest,
              (moment.rounded_peak, moment.rounded_live, moment.rounded_fullest))
        for record, moment in zip(walked.records, walked.moments, strict=True)
    ]  # fmt: skip
    if isinstance(options, ForwardOptions):
        steps = list(_by_layer(steps, net.length + 1))
    phases = tuple(dict.fromkeys(step.phase for step in steps))
    kinds = tuple(dict.fromkeys(kind for step in steps for part in step[2:5] for kind in part))
    rows = []
    for step in steps:
        row = [phases.index(step.phase), step.layer]
        for part, whole in zip(step[2:5], step.rounded, strict=True):
            row += [*(part.get(kind, 0) for kind in kinds), whole]
        rows.append(tuple(row))
    groups = tuple(block.repeat for block in net.spec.body)
    return Book(groups=groups, ends=net.block_ends, phases=phases, kinds=kinds, rows=tuple(rows))


def _by_layer(steps: Iterable[_Step], last: int) -> Iterator[_Step]:
    """All passes for a layer's weights as one step: forward mode has as many as layers squared."""
    for inside in _until_forward(steps):
        end, top = inside[-1], max(inside, key=lambda step: sum(step.top.values()))
        layer = end.layer if end.phase == "forward" else last
        highest = max(step.rounded[0] for step in inside)
        yield _Step("tangent", layer, top.top, end.end, top.full, (highest, end.rounded[1], top.rounded[2]))


def _until_forward(steps: Iterable[_Step]) -> Iterator[list[_Step]]:
    inside: list[_Step] = []
    for step in steps:
        inside.append(step)
        if step.phase == "forward":
            yield inside
            inside = []
    if inside:
        yield inside
