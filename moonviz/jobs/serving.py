"""The parts of a worker process that do not depend on what it computes with. No torch here."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import IO, Protocol

from moonviz.building.facts import Check, Place
from moonviz.estimates.points import PeakPoint
from moonviz.events import StepRecord
from moonviz.jobs.messages import Stage, StageMessage, Sweep
from moonviz.jobs.outbox import Outbox
from moonviz.jobs.wire import ASKED, Do, Hello
from moonviz.precision import PrecisionReport
from moonviz.probing import LayerProbe
from moonviz.results import LayerCard, Report
from moonviz.specs.layers import LayerSpec
from moonviz.specs.network import NetworkSpec
from moonviz.specs.precision import PrecisionSpec
from moonviz.specs.run import RunSpec
from moonviz.specs.train import TrainSpec
from moonviz.training import TrainPoint, TrainReport
from moonviz.walking import WalkPage, WalkSpec

PARENT_SECONDS = 0.5
"""How often a worker looks whether its parent lives."""


class Stopped(BaseException):
    """Thrown through a run that is to stop; no `Exception`, lest a run takes it for the failure of one method."""


class Computes(Protocol):
    """What a worker asks of the mathematics."""

    def prepare(self, lane: str, device: str) -> Hello:
        """Load what is needed, set the flags of this process, and say what can be done here."""
        ...

    def run(self, spec: RunSpec, observer: Observer, limit_bytes: int | None) -> Report:
        """Run every method for real."""
        ...

    def precision(self, spec: PrecisionSpec, observer: Observer, limit_bytes: int | None) -> PrecisionReport:
        """Measure errors by depth, dtype and method."""
        ...

    def train(self, spec: TrainSpec, observer: Observer, limit_bytes: int | None) -> TrainReport:
        """Train by two methods."""
        ...

    def estimate(self, spec: RunSpec) -> Report:
        """Run every method without arithmetic."""
        ...

    def describe(self, network: NetworkSpec) -> Sequence[LayerCard]:
        """Describe every layer."""
        ...

    def check(self, network: NetworkSpec, after: Place | None, methods: Sequence[str], observer: Observer) -> Check:
        """Say all that is known of a draft."""
        ...

    def sweep(self, job: Sweep, observer: Observer) -> Sequence[PeakPoint]:
        """Run methods without arithmetic over depths and batches."""
        ...

    def probe(self, network: NetworkSpec, number: int) -> LayerProbe:
        """Look at the Jacobian of a layer of a network."""
        ...

    def probe_layer(self, layer: LayerSpec, in_shape: tuple[int, ...], seed: int) -> LayerProbe:
        """Look at the Jacobian of a layer on its own."""
        ...

    def walk(self, spec: WalkSpec) -> WalkPage:
        """Walk a method through a tiny network and write down every number."""
        ...


class Inbox:
    """Jobs from the client, read by a thread of their own. When the client is gone, so is this process.

    Args:
        pipe: Where lines come from.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self.jobs: queue.SimpleQueue[Do] = queue.SimpleQueue()
        self.stopped = ""
        """The job that was last asked to stop."""
        self._pipe = pipe
        threading.Thread(target=self._read_on, name="inbox", daemon=True).start()

    def _read_on(self) -> None:
        try:
            for line in self._pipe:
                asked = ASKED.validate_json(line)
                if isinstance(asked, Do):
                    if asked.id == self.stopped:  # it gave way to a run, and begins again
                        self.stopped = ""
                    self.jobs.put(asked)
                else:
                    self.stopped = asked.id
        finally:
            os._exit(0)  # at once: the computing thread may be deep inside a kernel


def watch_parent(parent: int) -> None:
    """End this process soon after its parent, even if another process keeps the pipe open."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        os._exit(0)

    if os.name == "posix":  # elsewhere a process keeps the number of a dead parent, and the pipe's end has to do
        threading.Thread(target=watch, name="parent", daemon=True).start()


class Observer:
    """What a run tells while it works; each call stops the run if that was asked for."""

    def __init__(self, job: str, inbox: Inbox, outbox: Outbox) -> None:
        self._job, self._inbox, self._outbox = job, inbox, outbox

    def stage(self, name: Stage, done: int, total: int, label: str | None = None) -> None:
        """The run is at part `done` of `total` of a stage."""
        self.tick()
        self._outbox.stage(StageMessage(name=name, done=done, total=total, label=label))

    def steps(self, label: str, records: Sequence[StepRecord]) -> None:
        """Records of the traced pass of the method `label`."""
        self.tick()
        self._outbox.steps(label, records)

    def points(self, points: Sequence[TrainPoint]) -> None:
        """Points of a training."""
        self.tick()
        self._outbox.points(points)

    def peaks(self, points: Sequence[PeakPoint]) -> None:
        """Dry runs of a sweep."""
        self.tick()
        self._outbox.peaks(points)

    def tick(self) -> None:
        """Something happened.

        Raises:
            Stopped: If the job is to stop.
        """
        if self._inbox.stopped == self._job:
            raise Stopped


class Answers:
    """Answers of dry runs by job, the least recently used dropped first.

    Args:
        most: Number of answers kept.
        most_characters: Length of all their text together.
    """

    def __init__(self, most: int = 256, most_characters: int = 64_000_000) -> None:
        self._most, self._most_characters = most, most_characters
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def get(self, key: str) -> str | None:
        """The answer to `key`, if it is still kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, answer: str) -> None:
        """Keep an answer."""
        self._characters += len(answer) - len(self._kept.pop(key, ""))
        self._kept[key] = answer
        while self._kept and (len(self._kept) > self._most or self._characters > self._most_characters):
            self._characters -= len(self._kept.popitem(last=False)[1])
