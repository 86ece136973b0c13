"""The real mathematics, for a worker to load: the only file of `jobs` that imports torch."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from threading import Thread

import torch

from moonviz.building.facts import Check, Place
from moonviz.calibration import entries_of, record
from moonviz.data.datasets import load
from moonviz.estimates.checking import check
from moonviz.estimates.dry import estimate_methods
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.sweeping import sweep
from moonviz.jobs.messages import Sweep
from moonviz.jobs.serving import Observer
from moonviz.jobs.wire import Hello
from moonviz.networks import describe
from moonviz.precision import PrecisionReport
from moonviz.probing import LayerProbe
from moonviz.results import LayerCard, Report
from moonviz.runs import measure_precision, run_methods
from moonviz.runs.environment import devices, set_flags
from moonviz.runs.probe import Budget, probe_layer, probe_layer_of
from moonviz.runs.train import train_methods
from moonviz.runs.walked import walk_page
from moonviz.specs import preset
from moonviz.specs.layers import Dense, LayerSpec
from moonviz.specs.network import NetworkSpec
from moonviz.specs.precision import PrecisionSpec
from moonviz.specs.run import RunSpec
from moonviz.specs.train import TrainSpec
from moonviz.training import TrainReport
from moonviz.walking import EXAMPLES, WalkPage, WalkSpec


class Torch:
    """Does what `Computes` asks for.

    Attributes:
        flops_per_second: The device's rate as it was measured when this was prepared; null before.
    """

    flops_per_second: float | None = None

    def prepare(self, lane: str, device: str) -> Hello:
        """Set torch's flags, and measure how fast the device multiplies matrices and how long it takes to do little."""
        set_flags(None if lane == "measure" else 1)
        if lane == "estimate":
            # torch loads much of itself at the first dry run, for more than a second: let that begin at once
            Thread(target=check, args=(preset("reversible-transformer", depth=1),), daemon=True).start()
        if lane == "probe":
            load("digits")  # what is slow the first time is not to count as a probe's time
            probe_layer(Dense(width=2), (2,))
            walk_page(EXAMPLES["dense"].spec.by("moonwalk-pure"), Budget("", seconds=60))
        present = devices()
        chosen = device if device in present else present[0]
        if lane != "measure":
            return Hello(pid=os.getpid(), devices=tuple(present))
        self.flops_per_second = _flops_per_second(chosen)
        return Hello(
            pid=os.getpid(),
            devices=tuple(present),
            flops_per_second=self.flops_per_second,
            seconds_per_step=_seconds_per_step(chosen),
        )

    def run(self, spec: RunSpec, observer: Observer, limit_bytes: int | None) -> Report:
        """Run every method for real, and keep what was predicted beside what was measured."""
        report = run_methods(spec, observer, limit_bytes=limit_bytes)
        record(entries_of(report, self.flops_per_second))
        return report

    def precision(self, spec: PrecisionSpec, observer: Observer, limit_bytes: int | None) -> PrecisionReport:
        """Measure errors by depth, dtype and method."""
        return measure_precision(spec, observer, limit_bytes=limit_bytes)

    def train(self, spec: TrainSpec, observer: Observer, limit_bytes: int | None) -> TrainReport:
        """Train by two methods."""
        return train_methods(spec, observer, limit_bytes=limit_bytes)

    def estimate(self, spec: RunSpec) -> Report:
        """Run every method without arithmetic."""
        return estimate_methods(spec)

    def describe(self, network: NetworkSpec) -> Sequence[LayerCard]:
        """Describe every layer."""
        return describe(network)

    def check(self, network: NetworkSpec, after: Place | None, methods: Sequence[str], observer: Observer) -> Check:
        """Say all that is known of a draft."""
        return check(network, after, methods, observer.tick)

    def sweep(self, job: Sweep, observer: Observer) -> Sequence[PeakPoint]:
        """Dry-run methods over depths and batches."""
        methods = [choice.resolved for choice in job.methods]
        return sweep(job.network, methods, job.depths, job.batches, job.samples, observer.peaks, observer.tick)

    def probe(self, network: NetworkSpec, number: int) -> LayerProbe:
        """Look at the Jacobian of a layer of a network."""
        return probe_layer_of(network, number)

    def probe_layer(self, layer: LayerSpec, in_shape: tuple[int, ...], seed: int) -> LayerProbe:
        """Look at the Jacobian of a layer on its own."""
        return probe_layer(layer, in_shape, seed)

    def walk(self, spec: WalkSpec) -> WalkPage:
        """Walk a method through a tiny network."""
        return walk_page(spec)


def _flops_per_second(device: str) -> float:
    """2n³ FLOPs of an n×n product over its best time: a rate that networks stay below, so times are not overrated."""
    side = 512 if device == "cpu" else 4096
    a = torch.ones(side, side, device=device)
    best = float("inf")
    for _ in range(4):
        begin = time.perf_counter()
        (a @ a).sum().item()  # `item` waits for an accelerator to finish
        best = min(best, time.perf_counter() - begin)
    return 2 * side**3 / best


def _seconds_per_step(device: str) -> float:
    """Best time to go forward through a tiny layer and back: all of it is what torch takes for any layer at all."""
    x, weight = (torch.ones(shape, device=device, requires_grad=True) for shape in ((1, 8), (8, 8)))
    rounds, best = 16, float("inf")
    for _ in range(4):
        begin = time.perf_counter()
        for _ in range(rounds):
            y = torch.nn.functional.leaky_relu(x @ weight)
            found = torch.autograd.grad(y, (x, weight), torch.ones_like(y))
        found[0].sum().item()  # `item` waits for an accelerator to finish
        best = min(best, (time.perf_counter() - begin) / rounds)
    return best
