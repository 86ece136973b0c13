"""A limit on how long a run may take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from moonviz.events import StepRecord
from moonviz.training import TrainPoint


class Watcher(Protocol):
    """What a run tells while it goes on."""

    def stage(self, name: str, done: int, total: int, label: str | None) -> None:
        """A part of a stage begins."""

    def steps(self, label: str, records: Sequence[StepRecord]) -> None:
        """Traced records."""

    def tick(self) -> None:
        """A sign of life."""

    def points(self, points: Sequence[TrainPoint]) -> None:
        """Points of a training."""


class Deadline:
    """Passes on what a run tells, and stops the run at its next sign of life once time is up."""

    def __init__(self, watcher: Watcher, seconds: float, message: str) -> None:
        self._watcher, self._message = watcher, message
        self._end = time.monotonic() + seconds

    def stage(self, name: str, done: int, total: int, label: str | None) -> None:
        """A part of a stage begins, and no part of it once time is up."""
        self.tick()
        self._watcher.stage(name, done, total, label)

    def steps(self, label: str, records: Sequence[StepRecord]) -> None:
        """Traced records."""
        self._watcher.steps(label, records)

    def points(self, points: Sequence[TrainPoint]) -> None:
        """Points of a training."""
        self._watcher.points(points)

    def tick(self) -> None:
        """A sign of life.

        Raises:
            TimeoutError: If time is up.
        """
        if time.monotonic() > self._end:
            raise TimeoutError(self._message)
        self._watcher.tick()
