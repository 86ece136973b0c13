from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator

import pytest
from fake_compute import record

from moonviz.jobs.messages import Cancelled, ResultMessage, StageMessage, Steps
from moonviz.jobs.outbox import MESSAGE_SECONDS, Outbox
from moonviz.jobs.wire import ANSWERED, Hello, Said


def stage(name: str, done: int) -> StageMessage:
    return StageMessage(name=name, done=done, total=100)


class Pipe:
    """An outbox whose reader may look away."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self.writer = os.fdopen(write, "w")
        self.reader = os.fdopen(read, "rb")
        self.outbox = Outbox(self.writer, orphaned=lambda: None)

    def until_end(self) -> list[Said]:
        said = []
        for line in self.reader:
            said.append(ANSWERED.validate_json(line))
            if isinstance(said[-1].message, Cancelled | ResultMessage):
                break
        return said


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.reader.close()
    pipe.writer.close()


def test_progress_is_merged_by_stage_and_records_by_label_in_the_order_of_events(pipe: Pipe) -> None:
    pipe.outbox.open("job")
    pipe.outbox.stage(stage("check", 0))
    first = ANSWERED.validate_json(pipe.reader.readline())
    assert first.message == stage("check", 0)
    # The writer now rests for a message's time, and what follows is merged.
    before = time.monotonic()
    pipe.outbox.steps("a", [record(0)])
    for done in range(3):
        pipe.outbox.stage(stage("trace", done))
        pipe.outbox.steps("a", [record(done + 1)])
        pipe.outbox.steps("b", [record(done)])
    pipe.outbox.stage(stage("time", 0))
    pipe.outbox.close(Cancelled())
    said = pipe.until_end()
    assert [line.message for line in said] == [
        Steps(label="a", records=tuple(record(n) for n in range(4))),
        Steps(label="b", records=tuple(record(n) for n in range(3))),
        stage("trace", 2),
        stage("time", 0),
        Cancelled(),
    ]
    assert {line.id for line in said} == {"job"}
    assert all(before <= line.at <= time.monotonic() for line in said)


def test_a_stage_is_dated_by_its_beginning(pipe: Pipe) -> None:
    pipe.outbox.open("job")
    pipe.outbox.stage(stage("time", 0))
    first = ANSWERED.validate_json(pipe.reader.readline())
    time.sleep(2 * MESSAGE_SECONDS)
    pipe.outbox.stage(stage("time", 1))
    second = ANSWERED.validate_json(pipe.reader.readline())
    assert second.message.done == 1
    assert second.at == first.at


def test_a_reader_that_looks_away_does_not_hold_the_computation_up(pipe: Pipe) -> None:
    pipe.outbox.open("job")

    def compute() -> None:
        for n in range(200):
            pipe.outbox.steps(f"label {n}", [record(i) for i in range(100)])  # far more than a pipe holds
            time.sleep(0.0005)
        pipe.outbox.close(Cancelled())

    computing = threading.Thread(target=compute, daemon=True)
    computing.start()
    computing.join(10)
    assert not computing.is_alive()
    records = sum(len(line.message.records) for line in pipe.until_end()[:-1])
    assert records == 200 * 100


def test_what_waits_at_the_end_of_a_job_is_not_taken_for_the_next_ones(pipe: Pipe) -> None:
    for job in ("one", "two"):
        pipe.outbox.open(job)
        pipe.outbox.stage(stage("trace", 1))
        pipe.outbox.close(Cancelled())
    said = [*pipe.until_end(), *pipe.until_end()]
    assert [(line.id, line.message.kind) for line in said] == [
        ("one", "stage"),
        ("one", "cancelled"),
        ("two", "stage"),
        ("two", "cancelled"),
    ]


def test_a_result_is_put_into_its_line_as_text(pipe: Pipe) -> None:
    data = {"text": 'quotes " and }}', "list": [1, None, {}]}
    pipe.outbox.open("job")
    pipe.outbox.close_with_result(json.dumps(data))
    (said,) = pipe.until_end()
    assert said.id == "job"
    assert said.message == ResultMessage(data=data)


def test_hello_goes_out(pipe: Pipe) -> None:
    hello = Hello(pid=1, devices=("cpu",), flops_per_second=1.5)
    pipe.outbox.hello(hello)
    assert ANSWERED.validate_json(pipe.reader.readline()) == hello
