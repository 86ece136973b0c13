"""The lanes of one machine: who waits, who runs, and what happens when something does not go as planned. No torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Condition

from moonviz.jobs import words
from moonviz.jobs.admission import Limits, checks
from moonviz.jobs.book import Entry, Why
from moonviz.jobs.devices import likely_device
from moonviz.jobs.engine import AnyJob, Final
from moonviz.jobs.lane import Lane, StartsWorkers
from moonviz.jobs.messages import (
    BACKGROUND,
    FINAL,
    PROBES,
    Cancelled,
    Estimate,
    Failed,
    Lost,
    Precision,
    ResultMessage,
    Run,
    StageMessage,
)
from moonviz.jobs.slow import slow_methods, with_left_out, without
from moonviz.jobs.stand_in import checked, stand_in
from moonviz.jobs.wire import Do, Hello, Said, Stop

GRACE_SECONDS = 1.0
"""How long a job that was asked to stop may take to reach an event; after that its worker is killed."""
_CHECK, _PROBE = "estimate", "probe"


class Floor:
    """Moves jobs through lanes. Every call is made under the engine's lock and waits for nothing.

    Calls, workers' lines, deaths and deadlines all end in `advance`, which moves on whatever can move.

    Args:
        limits: What a job may cost.
        start: Starts a worker.
        changed: The engine's lock, told of every change.
        retire: Called with each job that has ended.
    """

    def __init__(
        self, limits: Limits, start: StartsWorkers, changed: Condition, retire: Callable[[Entry], None]
    ) -> None:
        self._limits, self._start, self._changed, self._retire = limits, start, changed, retire
        self.lanes: dict[str, Lane] = {}
        self.closed = False
        self._auto = likely_device()
        self._devices: tuple[str, ...] | None = None

    def lane_of(self, job: AnyJob) -> str:
        """Name of the lane a job is done in."""
        if not isinstance(job, (Run, *BACKGROUND)):
            return _PROBE if isinstance(job, PROBES) else _CHECK
        device = "cpu" if isinstance(job, Precision) else job.spec.device
        # A device that is not there gets no process of its own only to be refused by it.
        there = device != "auto" and (self._devices is None or device in self._devices)
        return f"measure/{device if there else self._auto}"

    def enter(self, entry: Entry) -> None:
        """Put a job into its lane's row, and before a run or a training its size check into the other."""
        lane = self._lane(entry.lane)
        lane.waiting.append(entry)
        lane.announce()  # before all else: what a page shows first
        if (dry := checks(entry.job)) is not None:
            entry.admitted = False
            entry.check = Entry(Estimate(spec=stand_in(dry)), None, _CHECK, guards=entry)
            self._lane(_CHECK).waiting.append(entry.check)

    def warm_up(self) -> None:
        """Start the workers that the first jobs will need."""
        for lane in (self._lane(_CHECK), self._lane(f"measure/{self._auto}")):
            self._ensure_worker(lane)

    def stop(self, entry: Entry) -> None:
        """Stop a job that has not ended: at once where it waits, else at its next event."""
        if not entry.sent:
            self.end(entry, Cancelled(at=entry.at))
        elif entry.stopping in (None, "yield"):
            self._ask_to_stop(entry, "cancel")

    def end(self, entry: Entry, message: Final, size: int = 200) -> None:
        """End a job with its last message, and take it out of its lane."""
        if entry.lane in self.lanes:
            self.lanes[entry.lane].leave(entry)
            if isinstance(message, ResultMessage) and isinstance(entry.job, Run):
                self.lanes[entry.lane].note_pace(entry)
        entry.deadline = None
        entry.say(message, size)
        if entry.check is not None:
            check, entry.check = entry.check, None
            check.guards = None
            self.stop(check)
        if entry.guards is not None:
            self._checked(entry.guards, message)
        self._retire(entry)

    def advance(self) -> None:
        """Move on whatever can move."""
        for lane in tuple(self.lanes.values()) if not self.closed else ():
            self._admit(lane)
            if lane.waiting or lane.running:
                self._ensure_worker(lane)
            entry = lane.next()
            if entry is not None and lane.ready and not entry.sent:
                self._send(lane, entry)
            if lane.yields and lane.running.stopping is None:
                self._ask_to_stop(lane.running, "yield")
        for lane in self.lanes.values():
            lane.note_work()
            lane.announce()
        self._changed.notify_all()

    def close(self) -> None:
        """End every job and every worker."""
        self.closed = True
        for lane in self.lanes.values():
            for entry in [*lane.waiting, *([lane.running] if lane.running else [])]:
                if entry.final is None:
                    self.end(entry, Cancelled(at=entry.at))
            if lane.worker is not None:
                lane.worker.kill()
        self._changed.notify_all()

    def enforce_deadlines(self) -> float | None:
        """Stop what has taken too long; seconds until this is to be called again, null if only after a change."""
        now, due = time.monotonic(), []
        for lane in self.lanes.values():
            entry = lane.running
            if lane.worker is not None and (starts := lane.start_due(now)) is not None:
                due.append(starts)
            if entry is not None and entry.deadline is not None:
                if entry.deadline <= now:
                    self._lose_patience(lane, entry)
                if entry.deadline is not None:
                    due.append(entry.deadline)
        return max(0.0, min(due) - now) if due else None

    def _lane(self, name: str) -> Lane:
        return self.lanes.setdefault(name, Lane(name))

    def _ensure_worker(self, lane: Lane) -> None:
        if lane.worker is not None or self.closed:
            return
        life = lane.lives + 1  # a dead worker's last words must not be taken for those of its successor
        try:
            worker = self._start(lane.name, partial(self._heard, lane, life), partial(self._ended, lane, life))
        except OSError as error:
            if (victim := lane.bereaved()) is not None:
                self.end(victim, words.no_process(lane.name, error))
        else:
            lane.started(worker, life)

    def _admit(self, lane: Lane) -> None:
        """Decide on runs whose dry run is done, once the lane's worker has told how fast it is."""
        for entry in tuple(lane.waiting) if lane.hello else ():
            if not entry.admitted and entry.flops is not None:
                entry.admitted = True
                rate = lane.hello.flops_per_second
                refusal = self._limits.refuse_time(entry.flops, rate, entry.job)
                if refusal and isinstance(entry.job, Run):
                    entry.left_out = slow_methods(entry.job, entry.dry, rate, self._limits)
                if refusal and not entry.left_out:
                    self.end(entry, refusal)

    def _send(self, lane: Lane, entry: Entry) -> None:
        limit = self._limits.bytes_now() if isinstance(entry.job, (Run, *BACKGROUND)) else None
        job = without(entry.job, entry.left_out) if entry.left_out else entry.job
        lane.worker.ask(Do(id=entry.id, job=job.model_dump_json(), limit_bytes=limit))
        entry.sent, entry.began = True, time.monotonic()
        entry.deadline = time.monotonic() + self._limits.patience(entry.job)
        if entry.guards is not None:
            entry.guards.say(StageMessage(name="check", done=0, total=1))

    def _ask_to_stop(self, entry: Entry, why: Why) -> None:
        entry.stopping = why
        entry.deadline = time.monotonic() + GRACE_SECONDS
        self.lanes[entry.lane].worker.ask(Stop(id=entry.id))

    def _lose_patience(self, lane: Lane, entry: Entry) -> None:
        if entry.stopping is None:
            self._ask_to_stop(entry, "time")
        else:
            entry.deadline = None
            lane.worker.kill()

    def _heard(self, lane: Lane, life: int, line: Hello | Said, size: int) -> None:
        with self._changed:
            if lane.lives != life or lane.worker is None:
                return
            if isinstance(line, Hello):
                lane.greeted(line)
                self._devices, self._auto = line.devices, line.devices[0]
            elif lane.running is not None and lane.running.id == line.id:
                self._said(lane.running, line, size)
            self.advance()

    def _said(self, entry: Entry, line: Said, size: int) -> None:
        message = line.message
        entry.note_time(message, line.at)
        if isinstance(message, ResultMessage) and self._shared(entry):
            message = words.marked_shared(message)
        if isinstance(message, ResultMessage) and entry.left_out:
            message = with_left_out(message, entry.job, entry.left_out)
        if isinstance(message, Cancelled) and entry.stopping == "yield":
            self.lanes[entry.lane].put_back(entry)
        elif isinstance(message, Cancelled):
            self.end(entry, self._limits.overtime(entry.job) if entry.stopping == "time" else Cancelled(at=entry.at))
        elif isinstance(message, FINAL):
            self.end(entry, message, size)
        else:
            entry.say(message, size)

    def _shared(self, entry: Entry) -> bool:
        others = [lane for name, lane in self.lanes.items() if name != entry.lane]
        return entry.timed is not None and any(lane.worked_between(*entry.timed) for lane in others)

    def _checked(self, run: Entry, message: Final) -> None:
        """The dry run that `run` waits for has ended."""
        run.check = None
        match message:
            case ResultMessage():
                run.flops, run.dry = checked(run.job, message.data)
            case Failed(reason="failed"):
                self.end(run, Failed(reason="failed", error=words.unchecked(message.error)))
            case Lost():
                self.end(run, Lost(error=words.unchecked(message.error)))
            case _:
                self.end(run, message)

    def _ended(self, lane: Lane, life: int, code: int) -> None:
        with self._changed:
            if lane.lives != life or lane.worker is None:
                return
            victim = lane.bereaved()
            if victim is not None:
                if victim.stopping == "yield":
                    lane.put_back(victim)
                else:
                    self.end(victim, words.last_words(self._limits, lane.name, victim, code))
                self._ensure_worker(lane)  # whoever lost a job soon wants the next
            self.advance()
