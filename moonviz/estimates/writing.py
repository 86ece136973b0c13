"""A dry run written down, so that longer walks can be put together from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from moonviz.estimates.points import Book
from moonviz.events import Kind
from moonviz.networks import Network
from moonviz.runs.trace import Trace
from moonviz.specs.methods import ForwardOptions, MethodOptions


class _Step(NamedTuple):
    """A step as a book has it."""

    phase: str
    layer: int
    top: dict[Kind, int]
    end: dict[Kind, int]
    full: dict[Kind, int]
    rounded: tuple[int, int, int]


def write(net: Network, walked: Trace, options: MethodOptions) -> Book:
    """The steps of a walk; all those for one layer's weights in one, where there are as many as layers squared."""
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
