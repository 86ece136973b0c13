"""A worker process: `python -m moonviz.jobs.worker --lane measure|estimate|probe`.

It reads jobs from standard input, does one at a time, and writes messages to standard output (`wire.py`).
What it computes with, and torch behind that, is loaded last: by then standard output is safe from whatever a library
prints while it loads, and the end of the parent is noticed even during those seconds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from typing import IO

from pydantic import ValidationError

from moonviz.errors import InvalidSpec
from moonviz.jobs.faults import EXPECTED, failed
from moonviz.jobs.messages import (
    JOB,
    Cancelled,
    Check,
    Describe,
    Estimate,
    Precision,
    Probe,
    ProbeLayer,
    Run,
    Sweep,
    Train,
    Walk,
)
from moonviz.jobs.outbox import Outbox
from moonviz.jobs.serving import Answers, Computes, Inbox, Observer, Stopped, watch_parent
from moonviz.jobs.wire import Do
from moonviz.specs.base import explain


def serve(computes: Computes, inbox: Inbox, outbox: Outbox) -> None:
    """Do jobs until the process ends."""
    answers = Answers()
    while True:
        asked = inbox.jobs.get()
        outbox.open(asked.id)
        try:
            observer = Observer(asked.id, inbox, outbox)
            observer.tick()
            outbox.close_with_result(_answer(asked, computes, observer, answers))
        except Stopped:
            outbox.close(Cancelled())
        # Whatever a job runs into ends that job, never the worker, and reaches the page as words.
        except Exception as error:
            if not isinstance(error, EXPECTED):
                traceback.print_exc()  # standard error is the log
            outbox.close(failed(error))


def _answer(asked: Do, computes: Computes, observer: Observer, answers: Answers) -> str:
    try:
        job = JOB.validate_json(asked.job)
    except ValidationError as error:
        raise InvalidSpec(explain(error)) from None
    if isinstance(job, Run):
        return computes.run(job.spec, observer, asked.limit_bytes).to_json()
    if isinstance(job, Precision):
        return computes.precision(job.spec, observer, asked.limit_bytes).to_json()
    if isinstance(job, Train):
        return computes.train(job.spec, observer, asked.limit_bytes).to_json()
    key = job.canonical()
    answer = answers.get(key)
    if answer is None:
        answer = _small(job, computes, observer)
        answers.put(key, answer)
    return answer


def _small(
    job: Check | Estimate | Sweep | Describe | Probe | ProbeLayer | Walk, computes: Computes, observer: Observer
) -> str:
    if isinstance(job, Estimate):
        return computes.estimate(job.spec).to_json()
    if isinstance(job, Check):
        return computes.check(job.network, job.after, job.methods, observer).model_dump_json()
    if isinstance(job, Sweep):
        return json.dumps([point.model_dump(mode="json") for point in computes.sweep(job, observer)])
    if isinstance(job, Probe):
        return computes.probe(job.network, job.number).to_json()
    if isinstance(job, ProbeLayer):
        return computes.probe_layer(job.layer, job.in_shape, job.seed).to_json()
    if isinstance(job, Walk):
        return computes.walk(job.spec).to_json()
    return json.dumps([card.model_dump(mode="json") for card in computes.describe(job.network)])


def claim_stdout() -> IO[str]:
    """Keep standard output for messages, and send whatever else is printed, by C libraries too, to standard error."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one lane until the parent ends."""
    parser = argparse.ArgumentParser(prog="python -m moonviz.jobs.worker", description=main.__doc__)
    parser.add_argument("--lane", choices=("measure", "estimate", "probe"), required=True)
    parser.add_argument("--device", default="auto", help="what a measure lane computes on")
    parser.add_argument("--parent", type=int, default=os.getppid(), help=argparse.SUPPRESS)
    parser.add_argument("--engine", default="moonviz.jobs.compute:Torch", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the whole group; the parent decides
    outbox = Outbox(claim_stdout(), orphaned=partial(os._exit, 0))
    inbox = Inbox(sys.stdin.buffer)
    watch_parent(chosen.parent)
    try:
        module, _, name = chosen.engine.partition(":")
        computes: Computes = getattr(importlib.import_module(module), name)()
        outbox.hello(computes.prepare(chosen.lane, chosen.device))
        serve(computes, inbox, outbox)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # a regular end would wait for threads that read


if __name__ == "__main__":
    main()
