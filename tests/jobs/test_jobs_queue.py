from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from job_cases import describe, estimate, run, train

from moonviz.jobs import FINAL, Failed, Limits, LocalEngine, Lost, Queued, ResultMessage, StageMessage
from moonviz.jobs import book as books
from moonviz.jobs.client import MOST_PENDING_OF_A_TAB, MOST_WAITING
from moonviz.jobs.messages import Cancelled
from moonviz.jobs.wire import Do, Hello, Said, Stop


class PuppetWorker:
    """A worker without a process: the test says what it does."""

    def __init__(self, lane: str, heard: Callable[[Hello | Said, int], None], ended: Callable[[int], None]) -> None:
        self.lane, self._heard, self._ended = lane, heard, ended
        self.pid = id(self)
        self.greeted = self.killed = self.dead = False
        self.job: str | None = None
        self.asked_to_stop = self.dies_at_once = False

    def ask(self, line: Do | Stop) -> None:
        if isinstance(line, Do):
            assert self.greeted, "a job was sent to a worker that is not ready"
            assert self.job is None, "a worker was given a second job"
            self.job, self.asked_to_stop = line.id, False
        elif line.id == self.job:
            self.asked_to_stop = True

    def kill(self) -> None:
        self.killed = True
        if self.dies_at_once:
            self.die()

    def greet(self) -> None:
        self.greeted = True
        self._heard(Hello(pid=self.pid, devices=("cpu",), flops_per_second=1e9), 100)

    def stage(self, name: str) -> None:
        self._heard(self._said(StageMessage(name=name, done=0, total=1)), 100)

    def finish(self, size: int = 100) -> None:
        said = self._said(Cancelled() if self.asked_to_stop else ResultMessage(data={"results": [{"flops": 1}]}))
        self.job = None
        self._heard(said, size)

    def die(self) -> None:
        self.dead, self.job = True, None
        self._ended(-9)

    def _said(self, message: object) -> Said:
        return Said(id=self.job, at=time.monotonic(), message=message)


class Puppets:
    """All workers an engine has started."""

    def __init__(self) -> None:
        self.all: list[PuppetWorker] = []
        self.engine = LocalEngine(Limits(), start=self._start)

    @property
    def living(self) -> list[PuppetWorker]:
        return [worker for worker in self.all if not worker.dead]

    def settle(self) -> None:
        """Let every worker do all its work."""
        for _ in range(1_000):
            busy = [worker for worker in self.living if worker.killed or not worker.greeted or worker.job]
            if not busy:
                return
            for worker in busy:
                worker.die() if worker.killed else worker.finish() if worker.greeted else worker.greet()
        raise AssertionError("never settles")

    def close(self) -> None:
        for worker in self.living:
            worker.dies_at_once = True
        self.engine.close()

    def _start(self, lane: str, heard: Callable[..., None], ended: Callable[[int], None]) -> PuppetWorker:
        self.all.append(PuppetWorker(lane, heard, ended))
        return self.all[-1]


@pytest.fixture
def puppets():
    puppets = Puppets()
    yield puppets
    puppets.close()


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, each job's messages make sense and each job ends."""

    def __init__(self) -> None:
        super().__init__()
        self.puppets = Puppets()
        self.engine = self.puppets.engine
        self.jobs: list[str] = []

    @rule(
        tab=st.sampled_from("abc"),
        kind=st.sampled_from([run, run, describe, estimate, train]),
        name=st.sampled_from("xyz"),
    )
    def submit(self, tab: str, kind: Callable[[str], object], name: str) -> None:
        self.jobs.append(self.engine.submit(kind(name), tab))

    @rule(at=st.integers(0, 30))
    def cancel(self, at: int) -> None:
        if self.jobs:
            self.engine.cancel(self.jobs[at % len(self.jobs)])

    @rule(tab=st.sampled_from("abc"))
    def close_tab(self, tab: str) -> None:
        self.engine.close_tab(tab)

    @rule()
    def warm_up(self) -> None:
        self.engine.warm_up()

    @rule(at=st.integers(0, 3), what=st.sampled_from(["work", "work", "work", "stage", "die"]))
    def worker(self, at: int, what: str) -> None:
        if not self.puppets.living:
            return
        worker = self.puppets.living[at % len(self.puppets.living)]
        if what == "die" or worker.killed:
            worker.die()
        elif not worker.greeted:
            worker.greet()
        elif worker.job:
            worker.stage("trace") if what == "stage" else worker.finish()

    @invariant()
    def streams_make_sense(self) -> None:
        for job in self.jobs:
            messages = self.engine.messages(job)
            assert [message.number for message in messages] == list(range(len(messages)))
            assert not any(isinstance(message, FINAL) for message in messages[:-1])
            assert isinstance(messages[0], Queued | Failed | Lost)
            assert self.engine.messages(job, 1) == messages[1:] or isinstance(messages[0], Lost)

    @invariant()
    def lanes_are_kept_within_bounds(self) -> None:
        lanes = [worker.lane for worker in self.puppets.living]
        assert len(lanes) == len(set(lanes)), "two workers in one lane"
        for tab in "abc":
            pending = self.engine._book.pending(tab)
            for lane in {entry.lane for entry in pending}:
                assert sum(entry.lane == lane for entry in pending) <= MOST_PENDING_OF_A_TAB
            keys = [entry.key for entry in pending if entry.stopping is None]
            assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        self.puppets.settle()
        assert all(self.engine.final(job) is not None for job in self.jobs)
        for lane in self.engine._floor.lanes.values():
            assert lane.running is None
            assert not lane.waiting
        self.puppets.close()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=40, deadline=None, derandomize=True)


def test_the_forty_first_to_wait_is_refused(puppets: Puppets) -> None:
    engine = puppets.engine
    engine.submit(run(), "runs")
    for worker in puppets.living:
        worker.greet()
    (checking,) = [worker for worker in puppets.living if worker.job]
    checking.finish()
    waiting = [engine.submit(run(), f"tab {n}") for n in range(MOST_WAITING)]
    assert not any(engine.final(job) for job in waiting)
    refusal = engine.final(engine.submit(run(), "one more"))
    assert isinstance(refusal, Failed)
    assert refusal.reason == "refused"
    assert "40 jobs are waiting" in refusal.error.message
    engine.cancel(waiting[0])
    assert engine.final(engine.submit(run(), "one more")) is None
    puppets.settle()
    assert isinstance(engine.final(waiting[-1]), ResultMessage)


def test_who_ends_makes_room_and_the_newest_stays(puppets: Puppets, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = puppets.engine

    def done(tab: str, size: int = 100) -> str:
        job = engine.submit(describe(), tab)
        for worker in puppets.living:
            worker.finish(size) if worker.greeted else worker.greet()
            if worker.job:
                worker.finish(size)
        return job

    mine = [done("a") for _ in range(books.MOST_ENDED_OF_A_TAB + 1)]
    assert [isinstance(engine.final(job), Lost) for job in mine] == [True, *[False] * books.MOST_ENDED_OF_A_TAB]
    for n in range(books.MOST_ENDED):
        done(f"tab {n}")
    assert isinstance(engine.final(mine[-1]), Lost)
    monkeypatch.setattr(books, "MOST_ENDED_BYTES", 5_000)
    large = [done("b", 4_000), done("b", 9_000)]
    assert isinstance(engine.final(large[0]), Lost)
    assert isinstance(engine.final(large[1]), ResultMessage)


def test_a_dead_workers_last_words_are_not_its_successors(puppets: Puppets) -> None:
    engine = puppets.engine
    first = engine.submit(describe("one"), "a")
    (old,) = puppets.living
    old.greet()
    old.die()
    assert isinstance(engine.final(first), Lost)
    second = engine.submit(describe("two"), "a")
    puppets.living[-1].greet()
    old.job = second
    old.finish()
    assert engine.final(second) is None
    old.die()
    assert engine.final(second) is None


def test_a_worker_that_takes_too_long_to_come_up_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moonviz.jobs.lane.START_SECONDS", 0.05)
    puppets = Puppets()
    puppets.engine.submit(describe(), "a")
    (worker,) = puppets.living
    deadline = time.monotonic() + 5
    while not worker.killed:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    puppets.close()


def test_a_device_that_is_not_there_gets_no_process(puppets: Puppets) -> None:
    puppets.engine.warm_up()
    puppets.settle()
    puppets.engine.submit(run(device="mps"), "a")
    puppets.engine.submit(run(device="auto"), "b")
    puppets.settle()
    assert sorted(worker.lane for worker in puppets.all) == ["estimate", "measure/cpu"]
