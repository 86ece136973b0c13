"""The engine of a single machine: one worker process per lane, started when first needed. No torch here."""

from __future__ import annotations

import atexit
import threading

from moonviz.jobs import words
from moonviz.jobs.admission import Limits
from moonviz.jobs.book import Book, Entry
from moonviz.jobs.engine import AnyJob, AnyMessage, Final, Speed
from moonviz.jobs.floor import Floor
from moonviz.jobs.lane import StartsWorkers
from moonviz.jobs.messages import PROBES, Failed, Run
from moonviz.jobs.process import WorkerProcess
from moonviz.specs.run import RunSpec

MOST_WAITING = 40
MOST_PENDING_OF_A_TAB = 2
"""In one lane: one that runs and one that waits. A look at a layer of a network and one at a layer alone do not count
against each other."""
_CLOSE_SECONDS = 5.0


class LocalEngine:
    """Runs jobs in worker processes on this machine; `Engine` says what each call does.

    Args:
        limits: What a job may cost; by default as the environment says.
        start: Starts a worker.

    Raises:
        InvalidSpec: If the environment's limits cannot be read.
    """

    def __init__(self, limits: Limits | None = None, start: StartsWorkers = WorkerProcess) -> None:
        self._limits = Limits.from_environment() if limits is None else limits
        self._changed = threading.Condition()
        self._book = Book()
        self._floor = Floor(self._limits, start, self._changed, self._book.retire)
        self._watch = threading.Thread(target=self._keep_deadlines, name="jobs-deadlines", daemon=True)
        self._watch.start()
        atexit.register(self.close)

    def submit(self, job: AnyJob, tab: str) -> str:
        """See `Engine`."""
        with self._changed:
            key = job.canonical()
            for entry in self._book.pending(tab):
                if entry.key == key and entry.stopping in (None, "yield"):
                    return entry.id
            entry = Entry(job, tab, self._floor.lane_of(job))
            if isinstance(job, PROBES):
                self._make_way(entry, tab)
            refusal = self._limits.refuse_shape(job) or self._refuse_crowd(entry, tab)
            self._book.add(entry)
            if refusal:
                self._floor.end(entry, refusal)
            else:
                self._floor.enter(entry)
            self._floor.advance()
            return entry.id

    def messages(self, job: str, start: int = 0) -> list[AnyMessage]:
        """See `Engine`."""
        with self._changed:
            entry = self._book.get(job)
            return entry.messages[max(start, 0) :] if entry else [words.unknown(start)]

    def final(self, job: str) -> Final | None:
        """See `Engine`."""
        with self._changed:
            entry = self._book.get(job)
            return entry.final if entry else words.unknown(0)

    def wait(self, job: str, seconds: float | None = None) -> Final | None:
        """See `Engine`."""
        with self._changed:
            self._changed.wait_for(lambda: self.final(job) is not None, seconds)
            return self.final(job)

    def cancel(self, job: str) -> None:
        """See `Engine`."""
        with self._changed:
            entry = self._book.get(job)
            if entry is not None and entry.final is None:
                self._floor.stop(entry)
                self._floor.advance()

    def close_tab(self, tab: str) -> None:
        """See `Engine`."""
        with self._changed:
            for entry in self._book.of(tab):
                if entry.final is None:
                    self._floor.stop(entry)
                self._book.drop(entry)
            self._floor.advance()

    def speed(self, spec: RunSpec) -> Speed | None:
        """See `Engine`."""
        with self._changed:
            lane = self._floor.lanes.get(self._floor.lane_of(Run(spec=spec)))
            hello = lane.hello if lane else None
            if hello is None or not hello.flops_per_second:
                return None
            return Speed(hello.flops_per_second, hello.seconds_per_step or 0.0)

    def warm_up(self) -> None:
        """See `Engine`."""
        with self._changed:
            self._floor.warm_up()
            self._floor.advance()

    def close(self) -> None:
        """See `Engine`; waits a moment for the workers to be gone."""
        atexit.unregister(self.close)
        with self._changed:
            self._floor.close()
            self._changed.wait_for(lambda: not self.workers(ready=False), _CLOSE_SECONDS)
        self._watch.join(_CLOSE_SECONDS)

    def workers(self, *, ready: bool = True) -> dict[str, int]:
        """Process number of each lane's worker, by lane; `ready=False` includes those that still start."""
        with self._changed:
            lanes = [lane for lane in self._floor.lanes.values() if lane.ready or not ready]
            return {lane.name: lane.worker.pid for lane in lanes if lane.worker is not None}

    def _make_way(self, entry: Entry, tab: str) -> None:
        """Whoever looks at another layer no longer waits for the last one."""
        for other in self._rivals(entry, tab):
            if not other.sent:
                self._floor.stop(other)

    def _rivals(self, entry: Entry, tab: str) -> list[Entry]:
        """A tab's jobs in a lane; a look at a layer of a network and one at a layer alone stand side by side."""
        mine = [other for other in self._book.pending(tab) if other.lane == entry.lane]
        return [one for one in mine if type(one.job) is type(entry.job)] if isinstance(entry.job, PROBES) else mine

    def _refuse_crowd(self, entry: Entry, tab: str) -> Failed | None:
        if self._floor.closed:
            return words.closed()
        if len(self._rivals(entry, tab)) >= MOST_PENDING_OF_A_TAB:
            return words.tab_is_full()
        waiting = [other for lane in self._floor.lanes.values() for other in lane.waiting if other.tab is not None]
        return words.all_is_full(len(waiting)) if len(waiting) >= MOST_WAITING else None

    def _keep_deadlines(self) -> None:
        with self._changed:
            while not self._floor.closed:
                self._changed.wait(self._floor.enforce_deadlines())
