"""One pass of a method: plain, or driven with the ledger, on a real device or as a dry run."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor

from moonviz.events import Kind, StepRecord
from moonviz.methods import SCHEDULES, Gradients, require
from moonviz.networks import Network, build
from moonviz.runs.environment import resolve_device
from moonviz.runs.ledger import Ledger
from moonviz.runs.moments import Moment
from moonviz.specs.methods import MethodOptions, method_options
from moonviz.specs.network import NetworkSpec


@dataclass(frozen=True, slots=True)
class Trace:
    """What one traced pass gave."""

    records: tuple[StepRecord, ...]
    peak_bytes: int
    activation_peak_bytes: int
    gradient_bytes: int
    allocator_peak_bytes: int | None
    flops: int
    gradients: Gradients
    by_category: dict[Kind, int]
    """Bytes by kind at the peak."""
    rounded_peak_bytes: int
    """The highest sum of storages, each rounded up as CUDA's allocator does."""
    largest_bytes: int
    """The largest storage that was made."""
    moments: tuple[Moment, ...]
    """More of each record's step."""

    @property
    def has_fragments(self) -> bool:
        """Whether any layer's cotangent had to be kept in part."""
        return any(held.kind == "fragment" for record in self.records for held in record.held_added)


def pass_through(
    network: Network, options: MethodOptions, x: Tensor, target: Tensor, tick: Callable[[], None] | None = None
) -> Gradients:
    """One pass, neither timed nor measured; `tick` is called at every event.

    Raises:
        UnsupportedPair: Before any work, if the method cannot train a layer.
    """
    require(options, network)
    network.begin_step()
    schedule = SCHEDULES[options.method].steps(options, network, x, target)
    while True:
        try:
            next(schedule)
        except StopIteration as end:
            return end.value
        if tick is not None:
            tick()


def trace(network: Network, options: MethodOptions, x: Tensor, target: Tensor) -> Generator[StepRecord, None, Trace]:
    """Drive one pass with the ledger: yields a record per step and returns the whole."""
    require(options, network)
    outside = (*network.parameters(), *network.buffers(), x, target)
    network.begin_step()
    ledger, allocator = Ledger(outside), _Allocator(network.device)
    records: list[StepRecord] = []
    moments: list[Moment] = []
    schedule = SCHEDULES[options.method].steps(options, network, x, target)
    while True:
        try:
            # entered for the step alone: a mode left on over a yield would leak to whoever drives us
            with ledger:
                event = next(schedule)
        except StopIteration as end:
            gradients = end.value
            break
        record = ledger.close_step(event, dry=network.device.type == "meta")
        if event.stands_for:
            records.append(record)
            moments.append(ledger.moment)
            yield record
        del event
    return Trace(
        tuple(records),
        ledger.peak_bytes,
        ledger.activation_peak_bytes,
        ledger.gradient_bytes,
        allocator.peak(),
        ledger.flops,
        gradients,
        ledger.by_category,
        ledger.rounded_peak,
        ledger.largest_bytes,
        tuple(moments),
    )


def finish(records: Generator[StepRecord, None, Trace]) -> Trace:
    """Run a trace to its end."""
    while True:
        try:
            next(records)
        except StopIteration as end:
            return end.value


def walk(
    spec: NetworkSpec, method: str, device: str = "cpu", batch_seed: int = 0, **options: Any
) -> Iterator[StepRecord]:
    """Walk through one step of training, record by record.

    Args:
        spec: The network.
        method: One of `moonviz.METHODS`.
        device: ``"cpu"``, ``"cuda"``, ``"mps"``, ``"auto"``, or ``"meta"`` for a dry walk.
        batch_seed: Seed of the batch.
        **options: The method's options.

    Yields:
        One `StepRecord` per event, `seconds` null.

    Raises:
        InvalidSpec: If the method or an option is unknown.
        UnsupportedPair: Before any work, if the method cannot train a layer.
    """
    chosen = method_options(method, options)
    network = build(spec, "meta" if device == "meta" else resolve_device(device))
    x, target = network.batch(batch_seed)
    yield from trace(network, chosen, x, target)


def dry_run(spec: NetworkSpec, options: MethodOptions, numbers: dict[int, int] | int | None = None) -> Trace:
    """The real schedule on the meta device: the same bytes and FLOPs, no arithmetic, no memory.

    Args:
        spec: The network.
        options: The method's options.
        numbers: How many numbers each data-dependent fragment has, by layer or for all; None: as many as are
            expected. With a run's own counts the dry run gives the run's own bytes.
    """
    network = build(spec, "meta")
    for number, layer in enumerate(network.body, 1):
        layer.dry_numbers = numbers.get(number, 0) if isinstance(numbers, dict) else numbers
    x, target = network.batch()
    return finish(trace(network, options, x, target))


def most_numbers(network: Network) -> int:
    """The most numbers that any fragment of a network can have."""
    return max(prod(layer.out_shape) for layer in network.body) * network.spec.batch


def fragment_numbers(records: tuple[StepRecord, ...], dtype: torch.dtype) -> dict[int, int]:
    """How many numbers each layer's fragment had in a run: what `dry_run` takes to give the same bytes."""
    return {
        held.layer: held.bytes // dtype.itemsize
        for record in records
        for held in record.held_added
        if held.kind == "fragment"
    }


class _Allocator:
    """The device allocator's peak over what was allocated before; the CPU has no such counter."""

    def __init__(self, device: torch.device) -> None:
        self._device = device if device.type == "cuda" else None
        self._before = 0
        if self._device is not None:
            torch.accelerator.reset_peak_memory_stats(self._device)
            self._before = torch.accelerator.memory_allocated(self._device)

    def peak(self) -> int | None:
        if self._device is None:
            return None
        return torch.accelerator.max_memory_allocated(self._device) - self._before
