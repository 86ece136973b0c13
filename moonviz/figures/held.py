"""What is held, layer by layer, rebuilt from the changes that the steps of a run report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from moonviz.events import Kind, Phase, StepRecord


@dataclass(frozen=True, slots=True)
class Moment:
    """All that a method holds between two steps, weight gradients left out.

    Attributes:
        index: The step after which this holds.
        phase: That step's phase.
        layer: That step's layer.
        held: Bytes by (layer, kind).
    """

    index: int
    phase: Phase
    layer: int
    held: dict[tuple[int, Kind], int]

    @property
    def total(self) -> int:
        """Bytes held in all."""
        return sum(self.held.values())

    def by_kind(self) -> dict[Kind, int]:
        """Bytes by kind."""
        sums: dict[Kind, int] = {}
        for (_, kind), count in self.held.items():
            sums[kind] = sums.get(kind, 0) + count
        return sums

    def layers(self) -> int:
        """In how many layers something is held."""
        return len({layer for layer, _ in self.held})


def _apply(held: dict[tuple[int, Kind], int], step: StepRecord) -> None:
    for change, sign in ((step.held_added, 1), (step.held_removed, -1)):
        for one in change:
            if one.kind == "gradient":
                continue
            key = (one.layer, one.kind)
            left = held.get(key, 0) + sign * one.bytes
            if left > 0:
                held[key] = left
            else:
                held.pop(key, None)


def latest(steps: Sequence[StepRecord]) -> Moment | None:
    """What is held after the last of the steps."""
    if not steps:
        return None
    held: dict[tuple[int, Kind], int] = {}
    for step in steps:
        _apply(held, step)
    return Moment(steps[-1].index, steps[-1].phase, steps[-1].layer, held)


def fullest(steps: Sequence[StepRecord]) -> Moment | None:
    """What is held after the step that left the most, weight gradients left out; the first such step."""
    held: dict[tuple[int, Kind], int] = {}
    most, at = -1, 0
    for position, step in enumerate(steps):
        _apply(held, step)
        total = sum(held.values())
        if total > most:
            most, at = total, position
    return latest(steps[: at + 1])


@dataclass(frozen=True, slots=True)
class Folded:
    """Neighbouring layers drawn as one column: `per_column` layers each, `columns` bytes by kind."""

    per_column: int
    columns: tuple[dict[Kind, int], ...]


def per_column(layers: int, most_columns: int) -> int:
    """Layers per column, a power of two, so that at most `most_columns` are needed."""
    count = 1
    while ceil(layers / count) > most_columns:
        count *= 2
    return count


def fold(moment: Moment, layers: int, together: int) -> Folded:
    """Bytes by kind of each column of `together` layers."""
    columns: list[dict[Kind, int]] = [{} for _ in range(ceil(layers / together))]
    for (layer, kind), count in moment.held.items():
        column = columns[min(layer, layers - 1) // together]
        column[kind] = column.get(kind, 0) + count
    return Folded(together, tuple(columns))


def sweeps(steps: Iterable[StepRecord]) -> list[tuple[Phase, list[StepRecord]]]:
    """The steps cut where the phase changes."""
    found: list[tuple[Phase, list[StepRecord]]] = []
    for step in steps:
        if not found or found[-1][0] != step.phase:
            found.append((step.phase, []))
        found[-1][1].append(step)
    return found
