"""Jobs and what they have said, within bounds. No torch here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from moonviz.jobs.engine import AnyJob, AnyMessage, Final
from moonviz.jobs.messages import FINAL, Queued, StageMessage, Steps

Why = Literal["cancel", "time", "yield"]
MOST_ENDED_OF_A_TAB = 8
MOST_ENDED = 64
MOST_ENDED_BYTES = 256_000_000
"""How much of jobs that have ended is kept, the newest always."""


@dataclass(eq=False, slots=True)
class Entry:
    """A job, where it stands, and all it has said.

    Attributes:
        job: What to do.
        tab: Who asked; null for the size check of a run, which belongs to that run.
        lane: Name of the lane it is done in.
        admitted: False for a run whose size is not known to be allowed.
        flops: What a run will take in all, once its dry run has told.
        dry: The report of its dry run without steps, once it has told.
        left_out: Methods of a run that would take too long, with the results they keep their places with.
        check: The dry run that a run waits for.
        guards: The run that waits for this dry run.
        sent: The worker has it.
        deadline: When patience with it ends, on the monotonic clock.
        stopping: It was asked to stop, and why; `yield`: to begin again when a run is done.
        timing: It is at its timed passes.
        timed: Begin and end of its timed passes as far as known, on the monotonic clock.
        began: When the worker got it, on the monotonic clock.
        told: The place in the queue that was last told, and whether a wait was predicted.
    """

    job: AnyJob
    tab: str | None
    lane: str
    admitted: bool = True
    id: str = field(default_factory=lambda: uuid4().hex)
    messages: list[AnyMessage] = field(default_factory=list)
    bytes: int = 0
    flops: int | None = None
    dry: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, dict[str, Any]] = field(default_factory=dict)
    check: Entry | None = None
    guards: Entry | None = None
    sent: bool = False
    deadline: float | None = None
    stopping: Why | None = None
    timing: bool = False
    timed: tuple[float, float] | None = None
    began: float | None = None
    told: tuple[int, bool, bool] | None = None

    @property
    def key(self) -> str:
        """Equal jobs have equal keys."""
        return self.job.canonical()

    @property
    def final(self) -> Final | None:
        """The last message, if it has ended."""
        last = self.messages[-1] if self.messages else None
        return last if isinstance(last, FINAL) else None

    @property
    def at(self) -> str:
        """Where it is, in words."""
        last = next((message for message in reversed(self.messages) if isinstance(message, StageMessage)), None)
        if not self.sent:
            return "while waiting"
        return f"at stage `{last.name}`, {last.done} of {last.total}" if last else "at its beginning"

    def note_time(self, message: AnyMessage, at: float) -> None:
        """Take note of when the timed passes begin and end, from what was said `at` a moment."""
        timing = isinstance(message, StageMessage) and message.name == "time"
        if (timing or self.timing) and not isinstance(message, Steps):
            self.timed = (self.timed[0] if self.timed else at, at)
            self.timing = timing

    def say(self, message: AnyMessage, size: int = 200) -> None:
        """Append a message of about `size` bytes, numbered."""
        self.messages.append(message.model_copy(update={"number": len(self.messages)}))
        self.bytes += size
        self.told = (
            None
            if not isinstance(message, Queued)
            else (
                message.position,
                message.starting,
                message.seconds is not None,
            )
        )


class Book:
    """All jobs by id. Those that have ended are dropped, the oldest first, when there are too many."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._ended: deque[Entry] = deque()

    def add(self, entry: Entry) -> None:
        """Know a job from now on."""
        self._entries[entry.id] = entry

    def get(self, job: str) -> Entry | None:
        """The job with this id, if it is known."""
        return self._entries.get(job)

    def of(self, tab: str) -> list[Entry]:
        """All known jobs of a tab."""
        return [entry for entry in self._entries.values() if entry.tab == tab]

    def pending(self, tab: str) -> list[Entry]:
        """A tab's jobs that have not ended."""
        return [entry for entry in self.of(tab) if entry.final is None]

    def drop(self, entry: Entry) -> None:
        """Forget a job."""
        self._entries.pop(entry.id, None)
        if entry in self._ended:
            self._ended.remove(entry)

    def retire(self, entry: Entry) -> None:
        """Note that a job has ended, and make room."""
        if entry.id not in self._entries:
            return
        self._ended.append(entry)
        mine = [ended for ended in self._ended if ended.tab == entry.tab]
        if len(mine) > MOST_ENDED_OF_A_TAB:
            self.drop(mine[0])
        while len(self._ended) > 1 and (
            len(self._ended) > MOST_ENDED or sum(ended.bytes for ended in self._ended) > MOST_ENDED_BYTES
        ):
            self.drop(self._ended[0])
