"""What a job may cost here, and whether it may run at all. No torch here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from moonviz.errors import InvalidSpec
from moonviz.jobs.engine import AnyJob
from moonviz.jobs.faults import SMALLER
from moonviz.jobs.messages import PROBES, Failed, Precision, Run, Train
from moonviz.results import Failure
from moonviz.specs.run import RunSpec
from moonviz.specs.train import HELD_OUT, TrainSpec

MAX_BYTES, MAX_SECONDS, DEMO = "MOONVIZ_MAX_BYTES", "MOONVIZ_MAX_SECONDS", "MOONVIZ_DEMO"
_UNITS = {"": 1, "B": 1, **{f"{unit}iB": 1024**n for n, unit in enumerate("KMGT", start=1)}}
_UNITS |= {f"{unit}B": 1000**n for n, unit in enumerate("KMGT", start=1)}
PASSES_BESIDE = 2
"""Warm-up and trace."""
PROBE_SECONDS = 5.0
"""Longest that a probe may take by the clock; its computing time is limited to a second by itself."""
_TRUTH_PASSES = 1
"""Float64 backprop, counted as one pass of the cheapest method: never too much."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may cost.

    Attributes:
        max_seconds: Longest predicted time of a run; one that takes longer than this in fact is stopped.
        max_bytes: Most tensor bytes of one method; null for half of the memory that is free when the run begins.
        max_depth: Most blocks of a network that is run, if there is a limit.
        max_batch: Most examples of a batch that is run, if there is a limit.
        max_repeats: Most timed passes, if there is a limit.
    """

    max_seconds: float = 600.0
    max_bytes: int | None = None
    max_depth: int | None = None
    max_batch: int | None = None
    max_repeats: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Limits:
        """Read the limits.

        `MOONVIZ_MAX_BYTES` is a number of bytes or one with a unit, such as ``4GiB``; `MOONVIZ_MAX_SECONDS` a number.
        `MOONVIZ_DEMO=1` sets what a public demo can offer on a small machine, every preset included: 512 MiB, 60 s,
        256 blocks, 256 examples, 11 repeats. The two others overrule it.

        Raises:
            InvalidSpec: Naming the variable that cannot be read.
        """
        demo = environment.get(DEMO, "").strip()
        if demo not in ("", "0", "1"):
            raise InvalidSpec(f"`{DEMO}` is {demo!r}; set it to 1 for the limits of a public demo, or leave it out")
        small = demo == "1"
        return cls(
            max_seconds=_seconds(environment.get(MAX_SECONDS, "")) or (60.0 if small else 600.0),
            max_bytes=_bytes(environment.get(MAX_BYTES, "")) or (512 * 2**20 if small else None),
            max_depth=256 if small else None,
            max_batch=256 if small else None,
            max_repeats=11 if small else None,
        )

    def bytes_now(self) -> int:
        """Most tensor bytes of one method if it began now."""
        return psutil.virtual_memory().available // 2 if self.max_bytes is None else self.max_bytes

    def refuse_shape(self, job: AnyJob) -> Failed | None:
        """Why a job may not run by its spec alone. A dry run of any size is cheap, so only real work is limited."""
        if not isinstance(job, Run | Train):
            return None
        network, repeats = job.spec.network, job.spec.repeats if isinstance(job, Run) else 0
        for name, given, most in (
            ("depth", network.depth, self.max_depth),
            ("batch", network.batch, self.max_batch),
            ("repeats", repeats, self.max_repeats),
        ):
            if most is not None and given > most:
                return too_large(
                    f"`{name}` is {given:,}; this demo runs at most {most:,}.",
                    f"Take a smaller `{name}`, estimate instead of running, or run moonviz on a machine of your own.",
                )
        return None

    def refuse_time(self, flops: int, flops_per_second: float | None, job: AnyJob) -> Failed | None:
        """Why a job of so many FLOPs may not run; a device without a known rate takes all.

        The rate is what the device reaches at its best, so the prediction is a lower bound: a run that is refused
        would surely have taken too long, while one that is admitted may take longer than predicted.
        """
        if not flops_per_second or flops / flops_per_second <= self.max_seconds:
            return None
        return too_large(
            f"This run would take at least {flops / flops_per_second:,.0f} s (predicted: {flops / 1e9:,.0f} GFLOP at "
            f"{flops_per_second / 1e9:,.0f} GFLOP/s); {self.max_seconds:,.0f} s are allowed.",
            f"{SMALLER} Fewer `{_knob(job)}` help too, and {MAX_SECONDS} sets the limit.",
        )

    def patience(self, job: AnyJob) -> float:
        """Most seconds a job may take in fact."""
        return min(PROBE_SECONDS, self.max_seconds) if isinstance(job, PROBES) else self.max_seconds

    def overtime(self, job: AnyJob) -> Failed:
        """What a job says that was stopped for taking too long."""
        if isinstance(job, PROBES):
            return too_large(
                f"This took longer than {self.patience(job):g} s, the most that is allowed.", "Look at a smaller layer."
            )
        return too_large(
            f"This was stopped after {self.max_seconds:,.0f} s, the most that is allowed.",
            f"{SMALLER} Fewer `{_knob(job)}` help too, and {MAX_SECONDS} sets the limit.",
        )


def too_large(message: str, remedy: str) -> Failed:
    """A job's end for its size."""
    return Failed(reason="too_large", error=Failure(message=message, remedy=remedy))


def checks(job: AnyJob) -> RunSpec | None:
    """What a job waits to see dry-run before it may start, if anything."""
    if isinstance(job, Run):
        return job.spec
    if isinstance(job, Train):
        return RunSpec(network=job.spec.network, methods=job.spec.methods, device=job.spec.device)
    return None


def planned_flops(spec: RunSpec | TrainSpec, report: Mapping[str, Any]) -> int:
    """FLOPs of a whole job, from the report of its dry run.

    A run: Σ flops × (repeats + warm-up + trace), and the truth. A training: Σ flops × (steps + trace), and the looks
    at the held-out images, each example a third of a step of the cheapest method.
    """
    each = [result["flops"] for result in report["results"] if result.get("flops")]
    if isinstance(spec, TrainSpec):
        looks = len(each) * (1 + spec.steps // spec.test_every)
        one_look = min(each, default=0) * HELD_OUT[spec.network.data] // (3 * spec.network.batch)
        return sum(each) * (spec.steps + 1) + looks * one_look
    return sum(each) * (spec.repeats + PASSES_BESIDE) + min(each, default=0) * _TRUTH_PASSES


def _knob(job: AnyJob) -> str:
    return "steps" if isinstance(job, Train) else "depths" if isinstance(job, Precision) else "repeats"


def bytes_of(text: str) -> int | None:
    """The bytes that a number with or without a unit says, such as ``4000000000`` or ``4GiB``; null if it says none."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?i?B?)\s*", text)
    if not found or found[2] not in _UNITS:
        return None
    return int(float(found[1]) * _UNITS[found[2]]) or None


def _bytes(text: str) -> int | None:
    if not text.strip():
        return None
    found = bytes_of(text)
    if found is None:
        raise InvalidSpec(f"`{MAX_BYTES}` is {text!r}; it takes a number of bytes above 0, such as 4000000000 or 4GiB")
    return found


def _seconds(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise InvalidSpec(f"`{MAX_SECONDS}` is {text!r}; it takes a number of seconds above 0, such as 600")
    return seconds
