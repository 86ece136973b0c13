"""A progress bar for people who watch a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from moonviz.events import StepRecord
from moonviz.training import TrainPoint


class ProgressBar:
    """Shows a run's stages on a terminal and nothing elsewhere.

    It draws only between the parts of a stage, never from a thread of its own: that would disturb what is timed.
    """

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            auto_refresh=False,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("start", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def stage(self, name: str, done: int, total: int, label: str | None = None) -> None:
        """The run is at part `done` of `total` of the stage `name`, working on the method `label`."""
        words = name if label is None else f"{name}: {label}"
        self._bar.update(self._task, description=words, completed=done, total=total)
        self._bar.refresh()

    def steps(self, label: str, records: Sequence[StepRecord]) -> None:
        """Traced records; the table at the end says it all."""

    def points(self, points: Sequence[TrainPoint]) -> None:
        """Points of a training; the table at the end says it all."""

    def tick(self) -> None:
        """A sign of life between steps; nothing is drawn, since steps may be timed."""
