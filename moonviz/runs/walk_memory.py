"""What is in memory after each event of a walk, with its numbers and the names of its quantities."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import torch
from torch import Tensor

from moonviz.events import Kind, LayerEvent
from moonviz.runs.ledger import Ledger, Place
from moonviz.runs.lens import How, Lens
from moonviz.walking.page import Kept, Matrix

_Part = tuple[int, int, Tensor, int]
"""A storage among those of one quantity: its order, identity, numbers, bytes."""
_LETTER: dict[Kind, str] = {
    "activation": "x", "cotangent": "h", "anchor": "h", "residual": "r", "fragment": "f", "tangent": "t",
    "gradient": "g",
}  # fmt: skip


@dataclass
class Memory:
    """Follows a method's memory by the ledger's places and the lens's numbers.

    Attributes:
        lens: Sees every tensor that is made.
        sizes: How many numbers each quantity has, where that is known: fewer in memory are a part of it.
        bits: By layer, how many signs it keeps.
        last: The head's number.
        fragments: By layer, the fragment as it was last seen.
        held: What is in memory now.
    """

    lens: Lens
    sizes: dict[str, int]
    bits: dict[int, int]
    last: int
    fragments: dict[int, tuple[Tensor, ...]] = field(default_factory=dict)
    held: tuple[Kept, ...] = ()
    _named: dict[int, tuple[Place, int]] = field(default_factory=dict)
    """Storages that a method named, and in which order, so that those that autograd keeps beside can be told apart."""

    def read(self, event: LayerEvent, ledger: Ledger) -> tuple[Kept, ...]:
        """What is in memory after an event whose step the ledger has closed."""
        for held in event.added:
            for order, key in enumerate(held.storages):
                self._named[key] = ((held.kind, held.layer), order)
        groups: defaultdict[tuple[Place, int], list[_Part]] = defaultdict(list)
        for key, place, size in ledger.places():
            numbers = self.lens.read(key, _how(place[0]))
            if numbers is None:
                continue
            told, order = self._named.get(key, (None, 0))
            # a named storage and its like belong together; each nameless one stands alone
            groups[place, 0 if told == place else key].append((order, key, numbers, size))
        before = {(one.kind, one.layer, one.name): one for one in self.held}
        found = [self._kept(place, not nameless, parts) for (place, nameless), parts in groups.items()]
        self.held = tuple(
            one.model_copy(update={"fresh": one.numbers != getattr(before.get(_key(one)), "numbers", None)})
            for one in sorted((one for one in found if one.numbers), key=lambda one: (one.layer, one.kind, one.name))
        )
        return self.held

    def values(self, event: LayerEvent) -> dict[str, Matrix]:
        """Every quantity that an event made and keeps: states and tangents as columns, cotangents as rows.

        Where a quantity shares memory with another, the ledger counts it once; its value is whole here all the same.
        """
        told: dict[str, Matrix] = {}
        for held in event.added:
            keys = tuple(dict.fromkeys(held.storages))  # two halves may be views of one storage
            parts = [self.lens.read(key, _how(held.kind)) for key in keys]
            if not parts or any(part is None for part in parts) or held.kind not in _LETTER:
                continue
            name = self._name((held.kind, held.layer))
            tensors = self._fitting(name, keys, tuple(parts))
            if held.kind == "fragment":
                self.fragments[held.layer] = tensors
            told[name] = self._rows(held.kind, held.layer, tensors)
        return told

    def _rows(self, kind: Kind, layer: int, tensors: tuple[Tensor, ...]) -> Matrix:
        numbers = self._numbers((kind, layer), tensors)
        if kind == "tangent":  # one after the other in memory; columns here
            size = self.sizes[f"x{layer}"]
            return tuple(zip(*(numbers[at : at + size] for at in range(0, len(numbers), size)), strict=True))
        if kind in ("activation", "residual"):
            return tuple((number,) for number in numbers)
        return (numbers,)

    def _name(self, place: Place) -> str:
        kind, layer = place
        return "loss" if kind == "activation" and layer == self.last else f"{_LETTER[kind]}{layer}"

    def _fitting(self, name: str, keys: tuple[int, ...], tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """A half that is a view keeps the whole alive that it was taken from: then what it is a view of is read."""
        count = sum(part.numel() for part in tensors)
        if count <= self.sizes.get(name, count):
            return tensors
        return tuple(self.lens.read(key, "newest") for key in keys)

    def _kept(self, place: Place, named: bool, parts: list[_Part]) -> Kept:
        kind, layer = place
        parts.sort(key=lambda part: part[:2])
        name = self._name(place) if named and kind in _LETTER else ""
        tensors = self._fitting(name, tuple(part[1] for part in parts), tuple(part[2] for part in parts))
        numbers = self._numbers(place, tensors)
        wanted = self.sizes.get(f"x{layer}" if kind == "tangent" else name)
        partial = wanted is not None and bool(len(numbers) % wanted if kind == "tangent" else len(numbers) != wanted)
        size = sum(part[3] for part in parts)
        return Kept(kind=kind, layer=layer, name=name, numbers=numbers, bytes=size, partial=bool(name) and partial)

    def _numbers(self, place: Place, tensors: tuple[Tensor, ...]) -> tuple[float, ...]:
        """All numbers of some storages; of packed bits the signs, lowest bit first."""
        kind, layer = place
        if kind == "residual" and tensors[0].dtype == torch.uint8:
            bits = [float(byte >> bit & 1) for part in tensors for byte in part.flatten().tolist() for bit in range(8)]
            return tuple(bits[: self.bits[layer]])
        if kind == "tangent" and len(tensors) > 1:  # halves of many tangents: each joins its other half
            many = sum(part.numel() for part in tensors) // self.sizes[f"x{layer}"]
            if many and all(part.numel() % many == 0 for part in tensors):
                tensors = (torch.cat([part.reshape(many, -1) for part in tensors], 1),)
        return tuple(number for part in tensors for number in part.double().flatten().tolist())


def _how(kind: Kind) -> How:
    """Tangents are stacked as they are made, whatever views come after; gradients are as their last tensor has them."""
    return "first" if kind == "tangent" else "widest"


def _key(one: Kept) -> tuple[Kind, int, str]:
    return one.kind, one.layer, one.name
