from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from fake_compute import STAGES
from job_cases import PATIENCE, describe, end, run, start_fake, until, until_stage

from moonviz.jobs import Cancelled, Failed, Limits, LocalEngine, Lost, ResultMessage, StageMessage
from moonviz.jobs.process import WorkerProcess

CANCEL_SECONDS = 2.0
"""What the contracts allow a cancel to take."""


def assert_works(engine: LocalEngine) -> None:
    """Whatever happened, both lanes do the next job."""
    assert isinstance(end(engine, engine.submit(run("next"), "c")), ResultMessage)


def cancel_in_time(engine: LocalEngine, job: str) -> Cancelled:
    began = time.monotonic()
    engine.cancel(job)
    final = end(engine, job)
    assert time.monotonic() - began < CANCEL_SECONDS
    assert isinstance(final, Cancelled)
    return final


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker outlives its parent"
        time.sleep(0.05)


@pytest.mark.parametrize("stage", STAGES)
def test_cancel_stops_a_run_at_its_next_event(engine: LocalEngine, stage: str) -> None:
    assert_works(engine)
    workers = engine.workers()
    job = engine.submit(run(f"pause {stage}"), "a")
    until_stage(engine, job, stage)
    assert cancel_in_time(engine, job).at == f"at stage `{stage}`, 0 of 2" or stage == "trace"
    assert_works(engine)
    assert engine.workers() == workers, "its worker stays"


@pytest.mark.parametrize("stage", ["trace", "time"])
def test_a_run_that_does_not_listen_is_killed_and_its_worker_replaced(engine: LocalEngine, stage: str) -> None:
    job = engine.submit(run(f"stuck {stage}"), "a")
    until_stage(engine, job, stage)
    before = engine.workers()["measure/cpu"]
    cancel_in_time(engine, job)
    assert_works(engine)
    assert engine.workers()["measure/cpu"] != before
    assert gone(before)


def test_cancel_while_the_size_is_checked(engine: LocalEngine) -> None:
    job = engine.submit(run("stuck dry"), "a")
    until(engine, job, lambda message: isinstance(message, StageMessage) and message.name == "check")
    cancel_in_time(engine, job)
    assert_works(engine)


def test_cancel_while_waiting(engine: LocalEngine) -> None:
    running, waiting = engine.submit(run("pause trace"), "a"), engine.submit(run(), "a")
    until_stage(engine, running, "trace")
    assert cancel_in_time(engine, waiting).at == "while waiting"
    assert engine.final(running) is None
    cancel_in_time(engine, running)


def test_cancel_while_the_worker_starts(fresh_engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_START", "0.5")
    job = fresh_engine.submit(run(), "a")
    cancel_in_time(fresh_engine, job)
    assert_works(fresh_engine)


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_worker_loses_its_job_and_is_replaced(engine: LocalEngine, stage: str) -> None:
    job = engine.submit(run(f"pause {stage}"), "a")
    until_stage(engine, job, stage)
    os.kill(engine.workers()["measure/cpu"], signal.SIGKILL)
    final = end(engine, job)
    assert isinstance(final, Lost)
    assert f"was killed (SIGKILL) at stage `{stage}`" in final.error.message
    assert "Run it again" in final.error.remedy
    assert_works(engine)


def test_a_worker_that_ends_by_itself_loses_its_job(engine: LocalEngine) -> None:
    final = end(engine, engine.submit(run("crash warm-up"), "a"))
    assert isinstance(final, Lost)
    assert "exit code 3 at stage `warm-up`" in final.error.message
    assert_works(engine)


@pytest.mark.parametrize("lane", ["estimate", "measure/cpu"])
def test_a_worker_killed_while_it_starts_loses_the_job_that_waits_for_it(
    fresh_engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, lane: str
) -> None:
    monkeypatch.setenv("FAKE_START", "0.3")
    job = fresh_engine.submit(run(), "a")
    os.kill(fresh_engine.workers(ready=False)[lane], signal.SIGKILL)
    final = end(fresh_engine, job)
    assert isinstance(final, Lost)
    assert "while it started" in final.error.message
    assert_works(fresh_engine)


def test_a_worker_killed_between_jobs_is_replaced(engine: LocalEngine) -> None:
    for lane in ("estimate", "measure/cpu"):
        assert_works(engine)
        pid = engine.workers()[lane]
        os.kill(pid, signal.SIGKILL)
        with engine._changed:
            assert engine._changed.wait_for(lambda: lane not in engine.workers(), PATIENCE)  # noqa: B023
        assert_works(engine)


def test_a_run_whose_size_check_dies_says_so(engine: LocalEngine) -> None:
    final = end(engine, engine.submit(run("crash dry"), "a"))
    assert isinstance(final, Lost)
    assert final.error.message.startswith("The size of this run could not be checked.")
    assert_works(engine)


@pytest.mark.parametrize("lane", ["estimate", "measure/cpu"])
def test_a_worker_that_never_comes_up_hangs_nobody(lane: str) -> None:
    def start(name: str, *hooks: Callable[..., None]) -> WorkerProcess:
        return (
            WorkerProcess(name, *hooks, engine="no_such_module:Compute") if name == lane else start_fake(name, *hooks)
        )

    engine = LocalEngine(Limits(), start=start)
    for job in [engine.submit(run(), tab) for tab in ("a", "b")]:
        final = end(engine, job)
        assert isinstance(final, Lost)
        assert f"`{lane}` ended by itself with exit code 1 while it started" in final.error.message
    engine.close()


def test_a_process_that_cannot_be_started_is_said() -> None:
    def start(*_: object) -> WorkerProcess:
        raise OSError(12, "Cannot allocate memory")

    engine = LocalEngine(Limits(), start=start)
    final = end(engine, engine.submit(describe(), "a"))
    assert isinstance(final, Lost)
    assert "Cannot allocate memory" in final.error.message
    engine.close()


def test_a_run_that_takes_too_long_is_stopped() -> None:
    engine = LocalEngine(Limits(max_seconds=1.0), start=start_fake)
    final = end(engine, engine.submit(run("pause time"), "a"))
    assert isinstance(final, Failed)
    assert final.reason == "too_large"
    assert "stopped after 1 s" in final.error.message
    assert_works(engine)
    engine.close()


def test_closing_ends_workers_and_jobs(fresh_engine: LocalEngine) -> None:
    job = fresh_engine.submit(run("stuck trace"), "a")
    until_stage(fresh_engine, job, "trace")
    pids = fresh_engine.workers().values()
    fresh_engine.close()
    assert isinstance(fresh_engine.final(job), Cancelled)
    assert not [pid for pid in pids if psutil.pid_exists(pid)], "killed and reaped"
    late = fresh_engine.final(fresh_engine.submit(run(), "b"))
    assert isinstance(late, Failed)


SCRIPT = """
import sys, time
sys.path.insert(0, {folder!r})
from job_cases import run, start_fake, until_stage
from moonviz.jobs import Limits, LocalEngine
engine = LocalEngine(Limits(), start=start_fake)
until_stage(engine, engine.submit(run("stuck trace"), "a"), "trace")
print(*engine.workers().values(), flush=True)
{then}
"""


@pytest.mark.parametrize(
    ("then", "how"), [("time.sleep(60)", signal.SIGKILL), ("time.sleep(60)", signal.SIGINT), ("", None)]
)
def test_workers_end_with_their_parent(then: str, how: signal.Signals | None) -> None:
    here = Path(__file__).parent
    parent = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(folder=str(here), then=then)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=here.parents[1],
    )
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        if how is not None:
            parent.send_signal(how)
        parent.wait(PATIENCE)
    wait_until_gone(*pids)


def test_a_worker_ends_with_the_pipe_even_if_its_parent_lives() -> None:
    heard: queue.SimpleQueue[object] = queue.SimpleQueue()
    worker = start_fake("measure/cpu", lambda line, _: heard.put(line), heard.put)
    assert heard.get(timeout=PATIENCE).pid == worker.pid
    worker._asked.put(None)  # closes the pipe
    assert heard.get(timeout=PATIENCE) == 0


def test_a_worker_notices_its_parents_end_even_if_the_pipe_stays_open() -> None:
    read, write = os.pipe()  # this process keeps the writing end open, as a forked sibling would
    script = (
        "import os, subprocess, sys; worker = [sys.executable, '-m', 'moonviz.jobs.worker', '--lane', 'measure',"
        "'--parent', str(os.getpid()), '--engine', 'fake_compute:Compute'];"
        f"print(subprocess.Popen(worker, stdin={read}, stdout=subprocess.DEVNULL).pid)"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests/jobs'}"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], pass_fds=(read,), stdout=subprocess.PIPE, check=True, env=env
    )
    os.close(read)
    wait_until_gone(int(done.stdout))
    os.close(write)
