"""Stands in for the mathematics in worker processes. What it does is written in the network's name.

`pause trace` stays at a stage until it is stopped, `stuck trace` stays and does not listen, `crash trace` dies there.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress

from moonviz.building.facts import Check, Place
from moonviz.errors import InvalidSpec, SingularLayer, TooLarge, UnsupportedPair
from moonviz.estimates.points import PeakPoint
from moonviz.events import StepRecord
from moonviz.jobs.messages import Sweep
from moonviz.jobs.serving import Observer
from moonviz.jobs.wire import Hello
from moonviz.probing import LayerProbe, Picture
from moonviz.results import Environment, LayerCard, NetworkCard, Report, Result, Seconds
from moonviz.specs.layers import LayerSpec
from moonviz.specs.network import NetworkSpec
from moonviz.specs.run import RunSpec
from moonviz.specs.train import TrainSpec
from moonviz.training import Trained, TrainPoint, TrainReport
from moonviz.walking import WalkPage, WalkSpec

STAGES = ("check", "trace", "warm-up", "time", "truth")
ERRORS = {
    "invalid": InvalidSpec("`body.0`: no such thing"),
    "pair": UnsupportedPair("m", "layer 3 (dense)", "invertible", "Use another."),
    "large": TooLarge("`m`", 2**30, 2**20),
    "singular": SingularLayer("layer 3"),
    "memory": MemoryError(),
    "ours": RuntimeError("a secret\nwith lines"),
}


ENVIRONMENT = Environment(
    python="", torch="", moonviz="", system="", machine="", device="", cores=1, threads=1, memory_bytes=1
)


def record(index: int) -> StepRecord:
    return StepRecord(
        index=index, phase="forward", layer=index, live_bytes=8, peak_bytes=8, by_category={"activation": 8}
    )


class Compute:
    """The fake."""

    def prepare(self, lane: str, device: str) -> Hello:
        print("a library says hello")
        if "FAKE_START" in os.environ:
            time.sleep(float(os.environ["FAKE_START"]))
        self.dry_runs = 0
        return Hello(pid=os.getpid(), devices=("cpu",), flops_per_second=1e9 if lane == "measure" else None)

    def run(self, spec: RunSpec, observer: Observer, limit_bytes: int | None) -> Report:
        word, _, argument = spec.network.name.partition(" ")
        if word == "raise":
            raise ERRORS[argument]
        for stage in STAGES:
            observer.stage(stage, 0, 2, "backprop")
            if stage == "trace":
                self._trace(word, observer)
            if stage == argument:
                self._act(word, observer)
            observer.stage(stage, 1, 2, "backprop")
        return _report(spec, limit_bytes)

    def train(self, spec: TrainSpec, observer: Observer, limit_bytes: int | None) -> TrainReport:
        word, _, argument = spec.network.name.partition(" ")
        if word == "raise":
            raise ERRORS[argument]
        points = [TrainPoint(step=step, losses=(1.0, 1.0)) for step in range(spec.steps + 1)]
        for point in points:
            observer.stage("train", point.step, spec.steps, "backprop")
            observer.points([point])
            if argument == "train" and point.step == 2:
                self._act(word, observer)
        return TrainReport(
            environment=ENVIRONMENT, spec=spec.model_dump(mode="json"), training_examples=1, test_examples=1,
            points=tuple(points),
            runs=tuple(
                Trained(
                    method=choice.name, options={}, label=choice.label, peak_bytes=limit_bytes or 0,
                    activation_peak_bytes=1,
                )
                for choice in spec.methods
            ),
        )  # fmt: skip

    def estimate(self, spec: RunSpec) -> Report:
        word, _, argument = spec.network.name.partition(" ")
        if argument == "dry" and word == "raise-dry":
            raise InvalidSpec("`body.0`: does not fit")
        if argument == "dry":
            self._act(word, None)
        self.dry_runs += 1
        flops, slow = 10**15 if word == "huge" else 1_000, argument if word == "slow" else ""
        return _report(spec, self.dry_runs, predicted=True, flops=flops, slow=slow)

    def describe(self, network: NetworkSpec) -> Sequence[LayerCard]:
        if network.name == "slow":
            time.sleep(0.6)
        return [
            LayerCard(
                index=0, name="stem", kind="dense", capability="outside the walk", reason="", in_shape=(1,),
                out_shape=(1,), parameters=3,
            )
        ]  # fmt: skip

    def probe(self, network: NetworkSpec, number: int) -> LayerProbe:
        word, _, argument = network.name.partition(" ")
        if argument == "probe":
            self._act(word, None)
        return LayerProbe(
            number=number, title="", kind="dense", in_shape=(1,), out_shape=(1,), capability="ordinary", reason="",
            examples=1, rank=1, sigma_min=1, sigma_max=1, erased=0,
            jacobian=Picture(rows=1, columns=1, cell=(1, 1), values=((1,),)),
        )  # fmt: skip

    def probe_layer(self, layer: LayerSpec, in_shape: tuple[int, ...], seed: int) -> LayerProbe:
        return self.probe(NetworkSpec(body=({"layers": (layer,)},)), 1)

    def walk(self, spec: WalkSpec) -> WalkPage:
        return WalkPage(
            spec=spec.model_dump(mode="json"), label=spec.method.label, exact=True, layers=(), quantities={}, frames=(),
            grid=(), gradient={}, apart=0.0,
        )  # fmt: skip

    def check(self, network: NetworkSpec, after: Place | None, methods: Sequence[str], observer: Observer) -> Check:
        return Check(network=network.model_dump(mode="json"), peaks=dict.fromkeys(methods, 8))

    def sweep(self, job: Sweep, observer: Observer) -> Sequence[PeakPoint]:
        points = [PeakPoint(label="m", method="m", depth=depth, batch=1, peak_bytes=depth) for depth in job.depths]
        for point in points:
            observer.peaks([point])
        self._act(*job.network.name.split()[:1], observer)
        return points

    def _trace(self, word: str, observer: Observer) -> None:
        if word == "print":
            print("stray", flush=True)
            os.write(1, b"stray from C\n")
            subprocess.run(["echo", "stray from a child"], check=True)
        for index in range(20_000 if word == "flood" else 3):
            observer.stage("trace", index, 20_000, "backprop")
            observer.steps("backprop" if index % 2 else "moonwalk-mixed", [record(index)])

    def _act(self, word: str, observer: Observer | None) -> None:
        if word == "crash":
            time.sleep(0.3)
            os._exit(3)
        if word == "linger":
            time.sleep(0.5)
        while word == "pause":
            time.sleep(0.005)
            with suppress(Exception):  # as a runner may, for whom one method's failure is no reason to stop the others
                observer.tick()
        while word == "stuck":
            time.sleep(0.05)


def _report(spec: RunSpec, told: int | None, *, predicted: bool = False, flops: int = 1_000, slow: str = "") -> Report:
    seconds = None if predicted else Seconds(median=1, min=1, max=1, repeats=1)
    return Report(
        environment=ENVIRONMENT,
        network=NetworkCard(spec=spec.network.model_dump(mode="json")),
        results=tuple(
            Result(
                method=choice.name, label=choice.label, peak_bytes=told, predicted=predicted,
                flops=10**15 if choice.name == slow else flops, seconds=seconds, loss=float("nan"),
            )
            for choice in spec.methods
        ),
    )  # fmt: skip
