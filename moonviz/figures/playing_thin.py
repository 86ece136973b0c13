"""Long races for the player: neighbouring events of one phase merged, so that few enough remain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from moonviz.events import HeldBytes, Kind, StepRecord

Place = tuple[Kind, int]
Changes = tuple[tuple[Place, int], ...]
"""Bytes by kind and layer."""


@dataclass(frozen=True, slots=True)
class Event:
    """One or more steps in a row, as one.

    Attributes:
        record: The last of them: what is alive after it is alive after the event.
        seconds: Of all of them together, and of all the passes each stands for; null where one was not timed.
        peak_bytes: The highest inside any of them.
        added: What is held after the event and was not before it.
        removed: The other way round.
        first: The place of the first of them among all steps.
        last: The place of the last.
    """

    record: StepRecord
    seconds: float | None
    peak_bytes: int
    added: Changes
    removed: Changes
    first: int
    last: int


def as_events(steps: Sequence[StepRecord]) -> list[Event]:
    """Every step as an event of its own."""
    return [_merged(n, [step]) for n, step in enumerate(steps)]


def thinned(events: list[Event], most: int) -> list[Event]:
    """At most about `most` events. The one with the peak, the one after which the most is held and the last stay.

    Neighbours are merged only within one phase, and only where they stand for equally many passes.
    """
    if len(events) <= most:
        return events
    together = ceil(len(events) / max(most, 1))
    alone = _landmarks([event.record for event in events])
    kept: list[Event] = []
    group: list[StepRecord] = []
    for n, event in enumerate(events):
        step = event.record
        if group and (len(group) >= together or not _alike(group[-1], step) or n in alone or n - 1 in alone):
            kept.append(_merged(n - len(group), group))
            group = []
        group.append(step)
    return [*kept, _merged(len(events) - len(group), group)]


def _landmarks(steps: Sequence[StepRecord]) -> set[int]:
    """Where the peak is, and where the most is held between two steps, gradients left out."""
    held = [step.live_bytes - step.by_category.get("gradient", 0) for step in steps]
    peaks = [step.peak_bytes for step in steps]
    return {peaks.index(max(peaks)), held.index(max(held)), len(steps) - 1}


def _alike(one: StepRecord, other: StepRecord) -> bool:
    return one.phase == other.phase and one.passes == other.passes


def _merged(first: int, steps: Sequence[StepRecord]) -> Event:
    change: dict[Place, int] = {}
    for step in steps:
        _count(change, step.held_added, 1)
        _count(change, step.held_removed, -1)
    seconds = [step.seconds for step in steps]
    timed = [s * step.passes for s, step in zip(seconds, steps, strict=True) if s is not None]
    return Event(
        steps[-1],
        sum(timed) if len(timed) == len(steps) else None,
        max(step.peak_bytes for step in steps),
        tuple((place, size) for place, size in change.items() if size > 0),
        tuple((place, -size) for place, size in change.items() if size < 0),
        first,
        first + len(steps) - 1,
    )


def _count(change: dict[Place, int], held: Iterable[HeldBytes], sign: int) -> None:
    for one in held:
        place = (one.kind, one.layer)
        change[place] = change.get(place, 0) + sign * one.bytes
