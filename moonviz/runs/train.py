"""Train one network by two methods, side by side: the same weights at the start, the same batches, the same rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
import torch

from moonviz.data.split import held_out, training_batch
from moonviz.errors import TooLarge
from moonviz.methods import require
from moonviz.networks import Network, build
from moonviz.runs.environment import environment, resolve_device
from moonviz.runs.learner import Batch, Learner, apart
from moonviz.runs.observer import Nobody, Observer
from moonviz.runs.trace import Trace, dry_run, trace
from moonviz.specs.methods import MethodOptions
from moonviz.specs.network import NetworkSpec
from moonviz.specs.train import HELD_OUT, TrainSpec, suggested_rule, training_examples
from moonviz.training import Trained, TrainPoint, TrainReport

_AT_ONCE = 64
"""Fewest held-out images that are looked at together."""


def train(
    spec: NetworkSpec,
    methods: Sequence[str | Mapping[str, Any]] = ("backprop", "moonwalk-mixed"),
    steps: int = 200,
    learning_rate: float | None = None,
    momentum: float | None = None,
    test_every: int = 10,
    device: str = "cpu",
    batch_seed: int = 0,
    limit_bytes: int | None = None,
) -> TrainReport:
    """Train a network on the handwritten digits by two methods, and compare what comes out.

    Args:
        spec: The network; its data must be the digits, which have images held out.
        methods: Two methods, each a name or `{"name": …, "options": {…}}`.
        steps: Steps of gradient descent.
        learning_rate: None: one that suits the preset.
        momentum: As in `torch.optim.SGD`. None: what goes with the suggested rate, and 0 with one of your own.
        test_every: Steps between two looks at the held-out images.
        device: ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
        batch_seed: Seed of the order of the batches.
        limit_bytes: As in `train_methods`.

    Returns:
        A `TrainReport`: plain data, no tensors.

    Raises:
        InvalidSpec: If a method or option is unknown, or the network does not see the digits.
        UnsupportedPair: Before any work, if a method cannot train a layer.
        TooLarge: If it would not fit the limit.
    """
    chosen = [{"name": one} if isinstance(one, str) else dict(one) for one in methods]
    rule = suggested_rule(spec) if learning_rate is None else {"learning_rate": learning_rate}
    if momentum is not None:
        rule["momentum"] = momentum
    asked = TrainSpec.read(
        {
            "network": spec.model_dump(),
            "methods": chosen,
            "steps": steps,
            **rule,
            "test_every": test_every,
            "device": device,
            "batch_seed": batch_seed,
        }
    )
    return train_methods(asked, limit_bytes=limit_bytes)


def train_methods(spec: TrainSpec, observer: Observer | None = None, limit_bytes: int | None = None) -> TrainReport:
    """Train by each of two methods on the same batches. Memory is measured in one step apart, so nothing slows these.

    Args:
        spec: Network, methods, steps, rule.
        observer: Told of each stage and point; what it raises ends the training.
        limit_bytes: Most tensor bytes of both networks and one step. None: no limit.

    Raises:
        InvalidSpec: If the network does not fit together or the device is not here.
        UnsupportedPair: Before any work, if a method cannot train a layer.
        TooLarge: If it would not fit the limit.
    """
    watch = observer or Nobody()
    device = resolve_device(spec.device)
    options = [choice.resolved for choice in spec.methods]
    _check(spec, options, watch, limit_bytes)
    with torch.random.fork_rng(devices=[]):  # random layers draw from torch's generator, which is the caller's
        memory = [_measure(spec, one, device, watch, done) for done, one in enumerate(options)]
        learners = [Learner(one, build(spec.network, device)) for one in options]
        points = _descend(spec, learners, watch)
    return TrainReport(
        environment=environment(device),
        spec=spec.model_dump(mode="json"),
        training_examples=training_examples(spec.network.data),
        test_examples=HELD_OUT[spec.network.data],
        runs=tuple(_told(one, traced, n, points) for n, (one, traced) in enumerate(zip(learners, memory, strict=True))),
        points=tuple(points),
    )


def _check(spec: TrainSpec, options: Sequence[MethodOptions], watch: Observer, limit_bytes: int | None) -> None:
    """Refuse what cannot be trained and what would not fit, before any work."""
    shapes = build(spec.network, "meta")
    for one in options:
        require(one, shapes)
    weights = sum(one.numel() * one.element_size() for one in (*shapes.parameters(), *shapes.buffers()))
    copies = len(options) * (2 if spec.momentum else 1)  # momentum keeps as much again
    for done, one in enumerate(options):
        watch.stage("check", done, len(options), one.label)
        needed = dry_run(spec.network, one).peak_bytes + copies * weights
        if limit_bytes is not None and needed > limit_bytes:
            raise TooLarge(f"`{one.label}`, with the weights of both networks,", needed, limit_bytes)


def _measure(spec: TrainSpec, options: MethodOptions, device: str, watch: Observer, done: int) -> Trace:
    """One step with the ledger, on a network of its own: measuring must not move what is trained."""
    watch.stage("trace", done, len(spec.methods), options.label)
    network = build(spec.network, device)
    torch.manual_seed(spec.batch_seed)
    records = trace(network, options, *_batch(spec, network, 0))
    while True:
        try:
            next(records)
        except StopIteration as end:
            return end.value
        watch.tick()


def _descend(spec: TrainSpec, learners: list[Learner], watch: Observer) -> list[TrainPoint]:
    tests = _tests(spec, learners[0].network)
    points = [_point(0, (None,) * len(learners), learners, tests)]
    watch.points(points)
    for step in range(spec.steps):
        watch.stage("train", step, spec.steps, None)
        batch = _batch(spec, learners[0].network, step)
        losses = [None if one.error else one.learn(spec, batch, step, watch) for one in learners]
        looks = (step + 1) % spec.test_every == 0 or step + 1 == spec.steps
        points.append(_point(step + 1, losses, learners, tests if looks else ()))
        watch.points(points[-1:])
        if all(one.error for one in learners):
            break
    return points


def _point(
    step: int, losses: Sequence[float | None], learners: Sequence[Learner], tests: Sequence[Batch]
) -> TrainPoint:
    largest, relative = (
        (None, None) if any(one.error for one in learners) else apart(*(one.network for one in learners))
    )
    accuracies = tuple(None if one.error else one.accuracy(tests) for one in learners) if tests else None
    return TrainPoint(
        step=step,
        losses=tuple(losses),
        accuracies=accuracies,
        max_abs_difference=largest,
        relative_difference=relative,
    )


def _told(learner: Learner, traced: Trace, place: int, points: Sequence[TrainPoint]) -> Trained:
    looks = [point.accuracies[place] for point in points if point.accuracies]
    return Trained(
        method=learner.options.method,
        options=learner.options.model_dump(),
        label=learner.options.label,
        peak_bytes=traced.peak_bytes,
        activation_peak_bytes=traced.activation_peak_bytes,
        accuracy=None if learner.error else looks[-1],
        stopped_at=learner.stopped_at,
        error=learner.error,
    )


def _batch(spec: TrainSpec, network: Network, step: int) -> Batch:
    return _put(*training_batch(spec.network.data, spec.network.batch, spec.batch_seed, step), network)


def _tests(spec: TrainSpec, network: Network) -> list[Batch]:
    """The held-out images in even parts of about a batch."""
    inputs, targets = held_out(spec.network.data)
    parts = ceil(len(targets) / max(spec.network.batch, _AT_ONCE))
    pairs = zip(np.array_split(inputs, parts), np.array_split(targets, parts), strict=True)
    return [_put(*pair, network) for pair in pairs]


def _put(inputs: Any, targets: Any, network: Network) -> Batch:
    return torch.from_numpy(inputs).to(network.device, network.dtype), torch.from_numpy(targets).to(network.device)
