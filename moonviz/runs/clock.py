"""Clocks: when each step of a pass ended. The pass they time is never traced."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Generator

import torch
from torch import Tensor

from moonviz.events import LayerEvent
from moonviz.methods import SCHEDULES
from moonviz.networks import Network
from moonviz.runs.observer import Observer
from moonviz.specs.methods import MethodOptions


class Clock(ABC):
    """Marks moments and tells the seconds between them."""

    @abstractmethod
    def mark(self) -> None:
        """Mark now."""

    @abstractmethod
    def gaps(self) -> list[float]:
        """Seconds between one mark and the next, once all work is done."""


class HostClock(Clock):
    """The processor's clock; waits for a device that works behind its back."""

    def __init__(self, device: torch.device) -> None:
        self._wait = device.type not in ("cpu", "meta")
        self._times: list[float] = []

    def mark(self) -> None:
        if self._wait:
            torch.accelerator.synchronize()
        self._times.append(time.perf_counter())

    def gaps(self) -> list[float]:
        return [after - before for before, after in zip(self._times, self._times[1:], strict=False)]


class CudaClock(Clock):
    """Events in the stream and one synchronisation at the end, so that timing does not slow the queue."""

    def __init__(self, device: torch.device) -> None:
        self._events: list[torch.cuda.Event] = []
        torch.cuda.synchronize(device)

    def mark(self) -> None:
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        self._events.append(event)

    def gaps(self) -> list[float]:
        torch.cuda.synchronize()
        return [a.elapsed_time(b) / 1000 for a, b in zip(self._events, self._events[1:], strict=False)]


def time_pass(
    network: Network, options: MethodOptions, x: Tensor, target: Tensor, observer: Observer
) -> tuple[float, list[float]]:
    """Seconds of one whole pass, the time to free the result not included, and of each step that is kept of it."""
    clock = (CudaClock if network.device.type == "cuda" else HostClock)(network.device)
    network.begin_step()
    generator: Generator[LayerEvent, None, object] = SCHEDULES[options.method].steps(options, network, x, target)
    kept = []
    clock.mark()
    for event in generator:
        clock.mark()
        kept.append(event.stands_for > 0)
        observer.tick()
    gaps = clock.gaps()
    return sum(gaps), [gap for gap, keep in zip(gaps, kept, strict=True) if keep]
