"""Who watches a run. Any of the calls may raise to stop it there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from moonviz.events import StepRecord
from moonviz.training import TrainPoint


class Observer(Protocol):
    """What a run tells while it goes on."""

    def stage(self, name: str, done: int, total: int, label: str | None) -> None:
        """Part `done` of `total` of a stage begins, at the method `label`."""

    def steps(self, label: str, records: Sequence[StepRecord]) -> None:
        """Traced records, as they come."""

    def tick(self) -> None:
        """Called at every event; cheap."""

    def points(self, points: Sequence[TrainPoint]) -> None:
        """Points of a training, as they come."""


class Nobody:
    """An observer that looks away."""

    def stage(self, name: str, done: int, total: int, label: str | None) -> None:
        """Look away."""

    def steps(self, label: str, records: Sequence[StepRecord]) -> None:
        """Look away."""

    def tick(self) -> None:
        """Look away."""

    def points(self, points: Sequence[TrainPoint]) -> None:
        """Look away."""
