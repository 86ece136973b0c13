"""A lane: jobs in a row before one worker process. No torch here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from moonviz.jobs.book import Entry
from moonviz.jobs.messages import GIVES_WAY, Queued
from moonviz.jobs.wire import Do, Hello, Said, Stop

START_SECONDS = 120.0
"""How long a worker may take to come up; a cold disk is slow to give torch."""


class Worker(Protocol):
    """What a lane needs of its worker; `WorkerProcess` is the real one."""

    @property
    def pid(self) -> int:
        """The process's number."""
        ...

    def ask(self, line: Do | Stop) -> None:
        """Send a line without waiting."""
        ...

    def kill(self) -> None:
        """End it without waiting."""
        ...


class StartsWorkers(Protocol):
    """Starts a worker for a lane; `heard` and `ended` are called from other threads."""

    def __call__(self, lane: str, heard: Callable[[Hello | Said, int], None], ended: Callable[[int], None]) -> Worker:
        """Start one."""
        ...


class Lane:
    """Who waits, who runs, and the worker. All calls are made under the engine's lock.

    Attributes:
        name: ``estimate``, ``probe``, or ``measure/`` and a device.
        waiting: Jobs in the order they came.
        running: The job that the worker does or, while it starts, will do first.
        worker: The process, if there is one.
        hello: What the worker said when it was ready; kept from the last one while the next starts.
        ready: The worker takes jobs.
        start_by: When patience with a starting worker ends.
        lives: Number of workers so far.
        pace: Seconds for each FLOP of a whole run, from the last that was done here; null before one was.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: list[Entry] = []
        self.running: Entry | None = None
        self.worker: Worker | None = None
        self.hello: Hello | None = None
        self.ready = False
        self.start_by: float | None = None
        self.lives = 0
        self.pace: float | None = None
        self._busy_since: float | None = None
        self._spans: deque[tuple[float, float]] = deque(maxlen=1_000)

    def started(self, worker: Worker, life: int) -> None:
        """A worker is coming up, the `life`-th."""
        self.worker, self.lives = worker, life
        self.ready, self.start_by = False, time.monotonic() + START_SECONDS

    def greeted(self, hello: Hello) -> None:
        """The worker is ready."""
        self.hello, self.ready, self.start_by = hello, True, None

    def start_due(self, now: float) -> float | None:
        """Until when a starting worker has time; one that has had it is killed. Null where none starts."""
        if self.start_by is not None and self.start_by <= now:
            self.start_by = None
            self.worker.kill()
        return self.start_by

    def bereaved(self) -> Entry | None:
        """The worker is dead: the job that was lost with it, if there was one.

        A worker that dies while it starts takes the first in the row along, so that one that never comes up cannot
        keep people waiting.
        """
        victim = self.running or (self.waiting.pop(0) if self.waiting and not self.ready else None)
        self.worker, self.running, self.ready, self.start_by = None, None, False, None
        return victim

    def next(self) -> Entry | None:
        """Take the first job that may run out of the row, background work last; null while one runs or none may."""
        if self.running is None:
            ready = [entry for entry in self.waiting if entry.admitted]
            self.running = min(ready, key=lambda entry: isinstance(entry.job, GIVES_WAY), default=None)
            if self.running is not None:
                self.waiting.remove(self.running)
        return self.running

    @property
    def yields(self) -> bool:
        """Whether background work is being done while something else waits that may start."""
        busy = self.running is not None and self.running.sent and isinstance(self.running.job, GIVES_WAY)
        return busy and any(entry.admitted and not isinstance(entry.job, GIVES_WAY) for entry in self.waiting)

    def put_back(self, entry: Entry) -> None:
        """Background work has given way: it waits before its like, to begin again."""
        entry.sent, entry.stopping, entry.deadline, entry.began = False, None, None, None
        self.leave(entry)
        self.waiting.insert(0, entry)

    def leave(self, entry: Entry) -> None:
        """A job leaves that the worker does not have."""
        if self.running is entry:
            self.running = None
        elif entry in self.waiting:
            self.waiting.remove(entry)

    def announce(self) -> None:
        """Tell everyone here who waits their place, where it has changed."""
        working = [self.running] if self.running and self.running.sent else []
        row = [*([self.running] if self.running and not self.running.sent else []), *self.waiting]
        for position, entry in enumerate(row):
            checking = entry.check is not None and entry.check.sent
            wait = self._wait([*working, *row[:position]])
            place = (position, not self.ready, wait is not None)
            if entry.told != place and not checking:
                entry.say(Queued(position=position, starting=not self.ready, seconds=wait))

    def _wait(self, ahead: list[Entry]) -> float | None:
        """Predicted seconds until these are done; null where there are none or one cannot be predicted."""
        if not ahead or self.pace is None or any(entry.flops is None for entry in ahead):
            return None
        now = time.monotonic()
        return sum(max(0.0, entry.flops * self.pace - (now - entry.began if entry.began else 0)) for entry in ahead)

    def note_pace(self, entry: Entry) -> None:
        """Learn from a run that is done how fast runs are here."""
        if entry.flops and entry.began is not None:
            self.pace = (time.monotonic() - entry.began) / entry.flops

    def note_work(self) -> None:
        """Note when this lane keeps the machine busy: while its worker starts or has a job."""
        busy = self.worker is not None and (not self.ready or (self.running is not None and self.running.sent))
        now = time.monotonic()
        if busy and self._busy_since is None:
            self._busy_since = now
        elif not busy and self._busy_since is not None:
            self._spans.append((self._busy_since, now))
            self._busy_since = None

    def worked_between(self, begin: float, end: float) -> bool:
        """Whether this lane kept the machine busy at any time from `begin` to `end`."""
        spans = [*self._spans, *([] if self._busy_since is None else [(self._busy_since, end)])]
        return any(since <= end and until >= begin for since, until in spans)
