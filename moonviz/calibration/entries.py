"""What a run predicted and what it measured, as plain numbers. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from moonviz.results import Report, Result

LONGEST_NAME = 100
"""The most letters that are kept of a machine's or method's name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One method of one run. Nothing of the network, the data or the person is in it.

    Attributes:
        device: ``cpu``, ``cuda`` or ``mps``.
        machine: The processor's or accelerator's name.
        method: The method with its options.
        predicted_bytes: Peak by the dry run; on CUDA with every storage rounded as the allocator rounds it.
        measured_bytes: The ledger's peak; on CUDA the allocator's.
        predicted_seconds: Operations over the rate that the device reaches at its best: the least it can take.
        measured_seconds: Median of the timed passes.
    """

    device: str
    machine: str
    method: str
    predicted_bytes: int | None = None
    measured_bytes: int | None = None
    predicted_seconds: float | None = None
    measured_seconds: float | None = None


def entries_of(report: Report, flops_per_second: float | None = None) -> tuple[Entry, ...]:
    """The entries of a run: of every method that went all the way.

    Args:
        report: What the run found.
        flops_per_second: The device's rate, by which seconds are predicted; null where it is not known.
    """
    here = report.environment
    return tuple(
        Entry(here.device, here.machine[:LONGEST_NAME], result.label[:LONGEST_NAME], *_bytes(result), *both)
        for result in report.results
        if result.status == "ok" and not result.predicted
        for both in (_seconds(result, flops_per_second),)
    )


def _bytes(result: Result) -> tuple[int | None, int | None]:
    if result.allocator_peak_bytes is not None:
        return result.predicted_allocator_bytes, result.allocator_peak_bytes
    return result.predicted_peak_bytes, result.peak_bytes


def _seconds(result: Result, flops_per_second: float | None) -> tuple[float | None, float | None]:
    predicted = result.flops / flops_per_second if result.flops and flops_per_second else None
    return predicted, result.seconds.median if result.seconds else None
