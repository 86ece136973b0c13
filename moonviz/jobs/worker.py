"""A worker process: `python -m moonviz.jobs.worker --lane measure|estimate`.

It reads jobs from standard input and writes messages to standard output, one JSON line each (`wire.py`).
The only file of `jobs` behind which torch stands.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import IO

from moonviz.jobs.outbox import Outbox
from moonviz.jobs.serving import Computes, Inbox, Observer, serve, watch_parent
from moonviz.jobs.wire import Hello
from moonviz.results import LayerCard, Report
from moonviz.specs.network import NetworkSpec
from moonviz.specs.run import RunSpec

ENGINE = "moonviz.jobs.worker:Torch"
"""What computes, unless told otherwise."""


class Torch:
    """The real mathematics.

    Torch is imported by `prepare` and not at the top: by then standard output is safe from whatever a library prints
    while it loads, and the end of the parent is noticed even during those seconds.
    """

    def prepare(self, lane: str, device: str) -> Hello:
        """Import torch, set its flags, and measure how fast the device multiplies matrices."""
        from moonviz.estimates import estimate_methods
        from moonviz.networks import describe
        from moonviz.runs import run_methods
        from moonviz.runs.environment import devices, set_flags

        self._run, self._estimate, self._describe = run_methods, estimate_methods, describe
        set_flags(1 if lane == "estimate" else None)
        present = devices()
        chosen = device if device in present else present[0]
        rate = _flops_per_second(chosen) if lane == "measure" else None
        return Hello(pid=os.getpid(), devices=tuple(present), flops_per_second=rate)

    def run(self, spec: RunSpec, observer: Observer, limit_bytes: int | None) -> Report:
        """Run every method for real."""
        return self._run(spec, observer, limit_bytes=limit_bytes)

    def estimate(self, spec: RunSpec) -> Report:
        """Run every method without arithmetic."""
        return self._estimate(spec)

    def describe(self, network: NetworkSpec) -> Sequence[LayerCard]:
        """Describe every layer."""
        return self._describe(network)


def _flops_per_second(device: str) -> float:
    """2n³ FLOPs of an n×n product over its best time: a rate that networks stay below, so times are not overrated."""
    import torch

    side = 512 if device == "cpu" else 4096
    a = torch.ones(side, side, device=device)
    best = float("inf")
    for _ in range(4):
        begin = time.perf_counter()
        (a @ a).sum().item()  # `item` waits for an accelerator to finish
        best = min(best, time.perf_counter() - begin)
    return 2 * side**3 / best


def claim_stdout() -> IO[str]:
    """Keep standard output for messages, and send whatever else is printed, by C libraries too, to standard error."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one lane until the parent ends."""
    parser = argparse.ArgumentParser(prog="python -m moonviz.jobs.worker", description=main.__doc__)
    parser.add_argument("--lane", choices=("measure", "estimate"), required=True)
    parser.add_argument("--device", default="auto", help="what a measure lane computes on")
    parser.add_argument("--parent", type=int, default=os.getppid(), help=argparse.SUPPRESS)
    parser.add_argument("--engine", default=ENGINE, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the whole group; the parent decides
    outbox = Outbox(claim_stdout())
    inbox = Inbox(sys.stdin.buffer)
    watch_parent(chosen.parent)
    module, _, name = chosen.engine.partition(":")
    computes: Computes = getattr(importlib.import_module(module), name)()
    outbox.hello(computes.prepare(chosen.lane, chosen.device))
    serve(computes, inbox, outbox)


if __name__ == "__main__":
    main()
