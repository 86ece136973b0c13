"""The ledger: every tensor storage made during a step, to the byte, by what the method declared it to be.

It watches each operation's outputs through a dispatch mode, on the CPU, on an accelerator and on the meta device
alike. It cannot see scratch memory inside a kernel; `allocator_peak_bytes` shows that where a device counts it.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from moonviz.events import HeldBytes, Kind, LayerEvent, StepRecord
from moonviz.runs.flops import count_flops
from moonviz.runs.moments import Moment, rounded

Place = tuple[Kind, int]
_UNDECLARED: Place = ("temporary", -1)


@dataclass(slots=True)
class _Entry:
    bytes: int
    place: Place
    made: int
    """Number of the event in which it was made."""


class Ledger:
    """Counts live bytes while it is entered; enter and leave it around every step of a method.

    Attributes:
        live_bytes: Bytes alive now.
        peak_bytes: Highest of them so far.
        activation_peak_bytes: The same without parameter gradients, its own maximum.
        flops: Floating-point operations so far, solves included.
        by_category: Bytes by kind at the moment of `peak_bytes`.
        rounded_peak: Highest sum so far of storages rounded up to `moments.ROUNDED_TO` bytes each.
        largest_bytes: The largest storage so far.
        moment: More of the step that was closed last.
    """

    def __init__(self, outside: Iterable[Tensor]) -> None:
        """Start counting; storages of `outside` (weights, buffers, batch, target) are never counted."""
        self._outside = {tensor.untyped_storage()._cdata for tensor in outside}
        self._entries: dict[int, _Entry] = {}
        self._totals: defaultdict[Place, int] = defaultdict(int)
        self._told: dict[Place, int] = {}
        self._log: list[tuple[_Entry, int]] = []
        self._saved: list[int] = []
        self._log_start = self.live_bytes = self.peak_bytes = self.activation_peak_bytes = self.flops = 0
        self._step_peak = self._steps = self._step_flops = self._event = self._told_peak = 0
        self.largest_bytes = self.rounded_peak = self._rounded_live = self._rounded_step = 0
        self.by_category: dict[Kind, int] = {}
        self.moment = Moment({}, 0, 0, {}, 0)
        self._begin: defaultdict[Kind, int] = defaultdict(int)
        self._watch = _Watch(self)
        self._hooks: torch.autograd.graph.saved_tensors_hooks | None = None

    def __enter__(self) -> Ledger:
        self._watch.__enter__()
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._note_saved, _as_it_is)
        self._hooks.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._hooks is not None
        self._hooks.__exit__()
        self._watch.__exit__(kind, error, trace)

    def close_step(self, event: LayerEvent, dry: bool = False) -> StepRecord:
        """Declare what the event holds and give the step's record; what is alive and undeclared is `temporary`.

        In a dry run a step that stands for several passes has its operations multiplied.
        """
        for held in event.added:
            for key in held.storages:
                if key in self._entries:
                    self._declare(key, (held.kind, held.layer))
        for key in self._saved:
            if key in self._entries and self._entries[key].place == _UNDECLARED:
                self._declare(key, ("activation", event.layer))
        self._saved.clear()
        record = self._record(event)
        self._follow_activations()
        self._note_moment(record)
        self.flops += self._step_flops * (event.stands_for if dry else 1)
        self._step_flops = 0
        self._steps += event.stands_for > 0
        self._step_peak = self.live_bytes
        return record

    @property
    def gradient_bytes(self) -> int:
        """Bytes of parameter gradients alive now."""
        return sum(size for (kind, _), size in self._totals.items() if kind == "gradient")

    def places(self) -> Iterator[tuple[int, Place, int]]:
        """What is alive and declared now: each storage's identity, its (kind, layer), its bytes."""
        for key, entry in self._entries.items():
            if entry.place != _UNDECLARED:
                yield key, entry.place, entry.bytes

    def add(self, storage: torch.UntypedStorage) -> None:
        """Count a storage unless it is known."""
        key = storage._cdata
        if key in self._entries or key in self._outside:
            return
        size = storage.nbytes()
        self._entries[key] = entry = _Entry(size, _UNDECLARED, self._event)
        self.largest_bytes = max(self.largest_bytes, size)
        self._totals[_UNDECLARED] += size
        self._move(entry, size)
        weakref.finalize(storage, self._free, key).atexit = False

    def _free(self, key: int) -> None:
        entry = self._entries.pop(key)
        self._totals[entry.place] -= entry.bytes
        self._move(entry, -entry.bytes)

    def _move(self, entry: _Entry, size: int) -> None:
        self.live_bytes += size
        self._log.append((entry, size))
        self._step_peak = max(self._step_peak, self.live_bytes)
        self.peak_bytes = max(self.peak_bytes, self.live_bytes)
        self._rounded_live += rounded(size) if size > 0 else -rounded(-size)
        self._rounded_step = max(self._rounded_step, self._rounded_live)

    def _declare(self, key: int, place: Place) -> None:
        entry = self._entries[key]
        self._totals[entry.place] -= entry.bytes
        self._totals[place] += entry.bytes
        if entry.made < self._event:  # it was alive when the step began, as something else
            self._begin[entry.place[0]] -= entry.bytes
            self._begin[place[0]] += entry.bytes
        entry.place = place

    def _note_saved(self, tensor: Tensor) -> Tensor:
        self._saved.append(tensor.untyped_storage()._cdata)
        return tensor

    def _record(self, event: LayerEvent) -> StepRecord:
        added, removed = [], []
        for place, now in self._totals.items():
            change = now - self._told.get(place, 0)
            if change and place != _UNDECLARED:
                (added if change > 0 else removed).append(HeldBytes(kind=place[0], layer=place[1], bytes=abs(change)))
        by_kind: defaultdict[Kind, int] = defaultdict(int)
        for (kind, _), size in self._totals.items():
            by_kind[kind] += size
        self._totals = defaultdict(int, {place: size for place, size in self._totals.items() if size})
        self._told = dict(self._totals)
        return StepRecord(
            index=self._steps,
            phase=event.phase,
            layer=event.layer,
            live_bytes=self.live_bytes,
            peak_bytes=self._step_peak,
            by_category={kind: size for kind, size in by_kind.items() if size},
            passes=max(1, event.stands_for),
            held_added=tuple(added),
            held_removed=tuple(removed),
        )

    def _follow_activations(self) -> None:
        """Walk through the step once more without what turned out to be gradients."""
        level = self._log_start
        for entry, size in self._log:
            if entry.place[0] == "gradient":
                continue
            level += size
            self.activation_peak_bytes = max(self.activation_peak_bytes, level)
        self._log_start = self.live_bytes - self.gradient_bytes

    def _note_moment(self, record: StepRecord) -> None:
        """Walk through the step once more up to its highest moment, now that it is known what everything was."""
        highest, fullest, whole = self._moments()
        by_category = {kind: size for kind, size in highest.items() if size}
        fullest = {kind: size for kind, size in fullest.items() if size}
        self.moment = Moment(by_category, self._rounded_step, self._rounded_live, fullest, whole)
        self.rounded_peak = max(self.rounded_peak, self._rounded_step)
        if self._step_peak > self._told_peak:
            self._told_peak, self.by_category = self._step_peak, by_category
        self._begin = defaultdict(int, record.by_category)
        self._rounded_step = self._rounded_live
        self._event += 1
        self._log.clear()

    def _moments(self) -> tuple[dict[Kind, int], dict[Kind, int], int]:
        """Bytes by kind at the step's highest moment; at the highest with the most gradients, and rounded up there."""
        at, level = self._begin.copy(), sum(self._begin.values())
        highest, best = at.copy() if level == self._step_peak else None, (at["gradient"], level)
        fullest, whole = at.copy(), self.moment.rounded_live
        now = whole
        for entry, size in self._log:
            level += size
            now += rounded(size) if size > 0 else -rounded(-size)
            at[entry.place[0]] += size
            if highest is None and level == self._step_peak:
                highest = at.copy()
            if size > 0 and (at["gradient"], level) > best:
                best, fullest, whole = (at["gradient"], level), at.copy(), now
        assert highest is not None
        return highest, fullest, whole


class _Watch(TorchDispatchMode):
    """Tells a ledger of every operation's outputs."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        for leaf in (out,) if isinstance(out, Tensor) else tree_leaves(out):
            # torch's forward mode stands for zeros by tensors without memory
            if isinstance(leaf, Tensor) and not leaf._is_zerotensor():
                self._ledger.add(leaf.untyped_storage())
        self._ledger._step_flops += count_flops(func, args, kwargs, out)
        return out


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor
