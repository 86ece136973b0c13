"""The sweeps of a run."""

from __future__ import annotations

from collections.abc import Iterable

from moonviz.events import Phase, StepRecord


def sweeps(steps: Iterable[StepRecord]) -> list[tuple[Phase, list[StepRecord]]]:
    """The steps cut where the phase changes."""
    found: list[tuple[Phase, list[StepRecord]]] = []
    for step in steps:
        if not found or found[-1][0] != step.phase:
            found.append((step.phase, []))
        found[-1][1].append(step)
    return found
