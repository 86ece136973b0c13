"""Run several methods on one network: check, trace, warm up, time in turns, compare with the truth."""

from __future__ import annotations

import gc
from typing import Any

import torch
from torch import Tensor

from moonviz.errors import TooLarge
from moonviz.methods import require
from moonviz.networks import Network, build, describe
from moonviz.results import LayerSample, NetworkCard, Report, Result
from moonviz.runs.agreement import agree, sample_truth
from moonviz.runs.clock import time_pass
from moonviz.runs.entrants import Entrant, finished, unfinished
from moonviz.runs.environment import environment, resolve_device
from moonviz.runs.observer import Nobody, Observer
from moonviz.runs.trace import Trace, dry_run, fragment_numbers, pass_through, trace
from moonviz.runs.truth import find_truth
from moonviz.specs.methods import BackpropOptions, method_options
from moonviz.specs.network import NetworkSpec
from moonviz.specs.run import RunSpec

_RECORDS_AT_ONCE = 16


def run_methods(spec: RunSpec, observer: Observer | None = None, limit_bytes: int | None = None) -> Report:
    """One training step of a network by each of several methods, on the same weights and batch.

    The traced pass is never timed, and the timed passes take turns, method after method, so that a machine that
    slows down slows all of them.

    Args:
        spec: Network, methods, device, repeats.
        observer: Told of each stage, record and event; what it raises ends the run.
        limit_bytes: Most tensor bytes that a method (or the truth) may take, checked by a dry run before any memory
            is spent. None: no limit.

    Returns:
        A report with one result per method, in the order asked for, failed ones in their places.

    Raises:
        InvalidSpec: If the network does not fit together or the device is not here.
    """
    watch = observer or Nobody()
    device = resolve_device(spec.device)
    entrants = [Entrant(choice.resolved) for choice in spec.methods]
    cards = describe(spec.network)
    _check(spec.network, entrants, watch, limit_bytes)
    results, sample = {}, ()
    if _running(entrants):
        # random layers draw from torch's generator: the caller's goes on as if nothing had been run
        with torch.random.fork_rng(devices=[]):
            results, sample = _race(spec, device, entrants, watch, limit_bytes)
    return Report(
        environment=environment(device),
        network=NetworkCard(spec=spec.network.model_dump(mode="json"), layers=cards),
        results=tuple(results.get(entrant.label) or unfinished(entrant) for entrant in entrants),
        run=spec.model_dump(mode="json", include={"device", "repeats", "batch_seed"}),
        truth_sample=sample,
    )


def run(
    spec: NetworkSpec,
    method: str,
    device: str = "cpu",
    repeats: int = 5,
    batch_seed: int = 0,
    limit_bytes: int | None = None,
    **options: Any,
) -> Result:
    """Run one method on a network and compare its gradient with float64 autograd.

    Args:
        spec: The network.
        method: One of `moonviz.METHODS`.
        device: ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
        repeats: Timed passes.
        batch_seed: Seed of the batch.
        limit_bytes: As in `run_methods`.
        **options: The method's options.

    Returns:
        A `Result`: plain data, no tensors.

    Raises:
        InvalidSpec: If the method, an option or the device is unknown.
        UnsupportedPair: If the method cannot train a layer of this network.
        TooLarge: If it would not fit the limit.
    """
    chosen = method_options(method, options)
    network = build(spec, "meta")
    require(chosen, network)
    if limit_bytes is not None:
        _fits(chosen.label, dry_run(spec, chosen), limit_bytes)
    asked = RunSpec.read(
        {
            "network": spec.model_dump(),
            "methods": [{"name": method, "options": options}],
            "device": device,
            "repeats": repeats,
            "batch_seed": batch_seed,
        }
    )
    return run_methods(asked, limit_bytes=limit_bytes).results[0]


def _check(spec: NetworkSpec, entrants: list[Entrant], watch: Observer, limit_bytes: int | None) -> None:
    """Refuse what cannot be trained and what would not fit, before any work."""
    for done, entrant in enumerate(entrants):
        watch.stage("check", done, len(entrants), entrant.label)

        def check(entrant: Entrant = entrant) -> None:
            entrant.dry = dry_run(spec, entrant.options)
            if limit_bytes is not None:
                _fits(entrant.label, entrant.dry, limit_bytes)

        entrant.attempt(check)


def _fits(label: str, dry: Trace, limit_bytes: int) -> None:
    if dry.peak_bytes > limit_bytes:
        raise TooLarge(f"`{label}`", dry.peak_bytes, limit_bytes)


def _race(
    spec: RunSpec, device: str, entrants: list[Entrant], watch: Observer, limit_bytes: int | None
) -> tuple[dict[str, Result], tuple[LayerSample, ...]]:
    network = build(spec.network, device)
    x, target = network.batch(spec.batch_seed)
    for done, entrant in enumerate(_running(entrants)):
        watch.stage("trace", done, len(entrants), entrant.label)
        torch.manual_seed(spec.batch_seed)  # before every pass: all methods see the same draws, and so does the truth
        entrant.attempt(lambda entrant=entrant: _trace(entrant, network, x, target, watch))
    _time(spec.repeats, entrants, network, x, target, watch)
    watch.stage("truth", 0, 1, None)
    torch.manual_seed(spec.batch_seed)
    truth = find_truth(network, x, target, limit_bytes)
    torch.manual_seed(spec.batch_seed)
    reference = _backprop(entrants, network, x, target, limit_bytes)
    results = {
        entrant.label: finished(entrant, network, (x, target)).model_copy(
            update={"gradient": agree(network, entrant.traced.gradients.by_name, truth, reference)}
        )
        for entrant in _running(entrants)
        if entrant.traced is not None
    }
    return results, sample_truth(network, truth)


def _trace(entrant: Entrant, network: Network, x: Tensor, target: Tensor, watch: Observer) -> None:
    records, waiting = trace(network, entrant.options, x, target), []
    while True:
        try:
            waiting.append(next(records))
        except StopIteration as end:
            entrant.traced = end.value
            break
        watch.tick()
        if len(waiting) == _RECORDS_AT_ONCE:
            watch.steps(entrant.label, waiting)
            waiting = []
    watch.steps(entrant.label, waiting)
    if entrant.traced.has_fragments and any(layer.data_dependent for layer in network.body):
        # the prediction beside the measurement: the same schedule on fragments of the run's own sizes
        entrant.dry = dry_run(network.spec, entrant.options, fragment_numbers(entrant.traced.records, network.dtype))


def _time(repeats: int, entrants: list[Entrant], network: Network, x: Tensor, target: Tensor, watch: Observer) -> None:
    for turn in range(-1, repeats):
        for done, entrant in enumerate(_running(entrants)):
            stage = ("warm-up", done, len(entrants)) if turn < 0 else ("time", turn, repeats)
            watch.stage(*stage, entrant.label)
            gc.collect()

            def one_pass(entrant: Entrant = entrant, counts: bool = turn >= 0) -> None:
                seconds = time_pass(network, entrant.options, x, target, watch)
                if counts:
                    entrant.passes.append(seconds)

            entrant.attempt(one_pass)


def _backprop(
    entrants: list[Entrant], network: Network, x: Tensor, target: Tensor, limit_bytes: int | None
) -> dict[str, Tensor] | None:
    """Backprop's gradient in the run's own dtype: from the race, else made for the comparison if it fits."""
    options = BackpropOptions()
    for entrant in _running(entrants):
        if entrant.options == options and entrant.traced is not None:
            return entrant.traced.gradients.by_name
    if limit_bytes is not None and dry_run(network.spec, options).peak_bytes > limit_bytes:
        return None
    return pass_through(network, options, x, target).by_name


def _running(entrants: list[Entrant]) -> list[Entrant]:
    return [entrant for entrant in entrants if entrant.failure is None]
