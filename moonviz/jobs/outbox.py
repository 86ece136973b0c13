"""What a worker has to say, gathered and written by a thread of its own. No torch here."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO

from moonviz.estimates.points import PeakPoint
from moonviz.events import StepRecord
from moonviz.jobs.messages import Cancelled, Failed, Peaks, Points, ResultMessage, StageMessage, Steps
from moonviz.jobs.wire import Hello, Said
from moonviz.training import TrainPoint

MESSAGE_SECONDS = 1 / 20
"""Room that each streamed message takes: at most 20 a second."""


class Outbox:
    """Messages of the running job, on their way to the client.

    Whoever computes only appends to a list under a lock; a slow or absent reader never holds the computation up.
    What waits is merged: the progress of one stage into its latest, records of one label and points into one message.

    Args:
        pipe: Where lines go, opened for text.
        orphaned: Called when nobody reads any more, which leaves no reason to work.
    """

    def __init__(self, pipe: IO[str], orphaned: Callable[[], None]) -> None:
        self._pipe, self._orphaned = pipe, orphaned
        self._changed = threading.Condition()
        self._stages: dict[str, tuple[float, StageMessage]] = {}
        self._steps: dict[str, list[StepRecord]] = {}
        self._points: list[TrainPoint] = []
        self._peaks: list[PeakPoint] = []
        self._order: list[tuple[str, str]] = []
        self._last: list[Said | str] = []
        self._job = ""
        self._stage_began: tuple[str, float] = ("", 0.0)
        threading.Thread(target=self._write_on, name="outbox", daemon=True).start()

    def hello(self, hello: Hello) -> None:
        """Tell that the worker is ready."""
        self._finish(hello.model_dump_json())

    def open(self, job: str) -> None:
        """Begin the messages of a job."""
        with self._changed:
            self._job = job
            self._stage_began = ("", 0.0)

    def stage(self, message: StageMessage) -> None:
        """Say where the job is."""
        now = time.monotonic()
        with self._changed:
            if message.name != self._stage_began[0]:
                self._stage_began = (message.name, now)
            began = self._stages[message.name][0] if message.name in self._stages else self._stage_began[1]
            self._stages[message.name] = (began, message)
            place = ("stage", message.name)
            if place in self._order:  # a later progress belongs after the records that came before it
                self._order.remove(place)
            self._order.append(place)
            self._changed.notify()

    def steps(self, label: str, records: Sequence[StepRecord]) -> None:
        """Pass records on as they come."""
        with self._changed:
            if label not in self._steps:
                self._steps[label] = []
                self._order.append(("steps", label))
            self._steps[label].extend(records)
            self._changed.notify()

    def points(self, points: Sequence[TrainPoint]) -> None:
        """Pass points on as they come."""
        with self._changed:
            if not self._points:
                self._order.append(("points", ""))
            self._points.extend(points)
            self._changed.notify()

    def peaks(self, points: Sequence[PeakPoint]) -> None:
        """Pass dry runs on as they come."""
        with self._changed:
            if not self._peaks:
                self._order.append(("peaks", ""))
            self._peaks.extend(points)
            self._changed.notify()

    def close(self, message: Failed | Cancelled) -> None:
        """End the job's messages with `message`; nothing that waits is lost, and it is written at once."""
        self._finish(Said(id=self._job, at=time.monotonic(), message=message).model_dump_json())

    def close_with_result(self, data: str) -> None:
        """End the job's messages with a result that is JSON text already, however long."""
        said = Said(id=self._job, at=time.monotonic(), message=ResultMessage(data=None))
        line = said.model_dump()
        line["message"].pop("data")  # put back as text below, so that megabytes are not parsed only to be written
        head = json.dumps(line)
        self._finish(f'{head[:-2]}, "data": {data}}}}}')

    def _finish(self, line: str) -> None:
        with self._changed:
            self._last += [*self._take(), line]  # now, while what waits is known to belong to this job
            self._changed.notify()

    def _write_on(self) -> None:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._order or self._last)
                    last, self._last = self._last, []
                    streamed = self._take()
                # Turning records into text is left to this thread, outside the lock.
                for one in (*last, *streamed):
                    self._pipe.write((one if isinstance(one, str) else one.model_dump_json()) + "\n")
                self._pipe.flush()
                with self._changed:
                    self._changed.wait_for(lambda: self._last, timeout=MESSAGE_SECONDS * len(streamed))
        except OSError:
            self._orphaned()

    def _take(self) -> list[Said]:
        now = time.monotonic()
        said = []
        for kind, name in self._order:
            if kind == "stage":
                at, message = self._stages[name]
                said.append(Said(id=self._job, at=at, message=message))
            elif kind == "points":
                said.append(Said(id=self._job, at=now, message=Points(points=tuple(self._points))))
            elif kind == "peaks":
                said.append(Said(id=self._job, at=now, message=Peaks(points=tuple(self._peaks))))
            else:
                records = Steps(label=name, records=tuple(self._steps[name]))
                said.append(Said(id=self._job, at=now, message=records))
        self._stages, self._steps, self._points, self._peaks, self._order = {}, {}, [], [], []
        return said
