"""Predicted beside measured: every run's prediction and measurement, kept on this machine. No torch here.

Worker processes and the command line record; pages only read. Nothing here ever ends a run: what goes wrong is said in
one line.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue
from statistics import median
from threading import Thread
from typing import NoReturn, TypeVar

from moonviz.calibration import file
from moonviz.calibration.entries import Entry, entries_of
from moonviz.calibration.folder import STATE, state_folder

PATIENCE_SECONDS = 3.0
"""How long a run waits for its entries to be kept, and a page for the table."""
Found = TypeVar("Found")

log = logging.getLogger(__name__)
_said: set[str] = set()
"""Lines that this process has logged: each is said once."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Predicted ÷ measured over `count` runs."""

    min: float
    median: float
    max: float
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """One method on one machine; a spread is null where no run told both numbers.

    Attributes:
        device: ``cpu``, ``cuda`` or ``mps``.
        machine: The processor's or accelerator's name.
        method: The method with its options.
        bytes: Of peaks: the ledger's on the CPU, where it is 1; the allocator's on CUDA.
        seconds: Of a training step's time; predicted is the least it can take, so this is below 1.
    """

    device: str
    machine: str
    method: str
    bytes: Spread | None
    seconds: Spread | None


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, sorted by device, machine and method.

    Attributes:
        rows: One for each method on each machine.
        runs: Entries they come from.
        path: Where they are kept.
        note: Why nothing could be read, in one line; null if all is well.
    """

    rows: tuple[Row, ...] = ()
    runs: int = 0
    path: str = ""
    note: str | None = None


def record(entries: Iterable[Entry]) -> None:
    """Keep entries. If they cannot be kept, that is logged, once, and all goes on."""
    if not (entries := tuple(entries)):
        return
    try:
        _soon(lambda: file.append(state_folder(), entries))
    except (OSError, file.Unusable) as why:
        _say(f"Predictions are not kept beside measurements: {_place()}{why}.")


def table() -> Table:
    """Min, median and max of predicted ÷ measured, by machine and method. Reads; never writes, never raises."""
    try:
        entries = _soon(lambda: file.read(state_folder()))
    except (OSError, file.Unusable) as why:
        return Table(path=_place(""), note=f"What was predicted and measured cannot be read: {_place()}{why}.")
    return Table(tuple(_rows(entries)), len(entries), _place(""))


def _place(end: str = ": ") -> str:
    """Where the file is; nothing if that cannot be told."""
    try:
        return f"{state_folder() / file.NAME}{end}"
    except OSError:
        return ""


def _soon(work: Callable[[], Found]) -> Found:
    """What some work gives, if it gives it soon: a network folder that went away can keep a call forever.

    Raises:
        Unusable: If it takes longer than `PATIENCE_SECONDS`.
    """
    done: SimpleQueue[Callable[[], Found]] = SimpleQueue()

    def try_it() -> None:
        try:
            found = work()
        except (OSError, file.Unusable) as error:
            done.put(lambda error=error: _throw(error))
        else:
            done.put(lambda: found)

    Thread(target=try_it, name="calibration", daemon=True).start()
    try:
        return done.get(timeout=PATIENCE_SECONDS)()
    except Empty:
        raise file.Unusable(f"it gave no answer for {PATIENCE_SECONDS:g} s") from None


def _throw(error: Exception) -> NoReturn:
    raise error


def _rows(entries: list[Entry]) -> Iterator[Row]:
    def key(entry: Entry) -> tuple[str, str, str]:
        return str(entry.device), str(entry.machine), str(entry.method)

    for names, group in groupby(sorted(entries, key=key), key):
        these = list(group)
        yield Row(
            *names,
            bytes=_spread((one.predicted_bytes, one.measured_bytes) for one in these),
            seconds=_spread((one.predicted_seconds, one.measured_seconds) for one in these),
        )


def _spread(pairs: Iterable[tuple[float | None, float | None]]) -> Spread | None:
    ratios = [predicted / measured for predicted, measured in pairs if _counts(predicted) and _counts(measured)]
    return Spread(min(ratios), median(ratios), max(ratios), len(ratios)) if ratios else None


def _counts(number: object) -> bool:
    """Whether it is a number above 0: SQLite keeps whatever it is given."""
    return isinstance(number, int | float) and math.isfinite(number) and number > 0


def _say(line: str) -> None:
    if line not in _said:
        _said.add(line)
        log.warning(line)


__all__ = ["STATE", "Entry", "Row", "Spread", "Table", "entries_of", "record", "state_folder", "table"]
