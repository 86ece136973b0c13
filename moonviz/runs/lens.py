"""Reads what a method holds in memory: the numbers behind the ledger's storages, and the directions that were drawn."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from moonviz.networks import Network

How = Literal["first", "widest", "newest"]


@dataclass(frozen=True, slots=True)
class _View:
    """How one of a storage's widest tensors lies in it. The storage itself is not kept alive."""

    storage: Any
    dtype: torch.dtype
    shape: torch.Size
    stride: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, made: Tensor) -> _View:
        """A tensor's."""
        return cls(weakref.ref(made.untyped_storage()), made.dtype, made.shape, made.stride(), made.storage_offset())


class Lens(TorchDispatchMode):
    """Remembers, while it is entered, how the tensors made lie in their storages."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[int, _View] = {}
        self._widest: dict[int, _View] = {}
        self._newest: dict[int, _View] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor) and not leaf._is_zerotensor():
                self._note(leaf)
        return out

    def read(self, key: int, how: How = "widest") -> Tensor | None:
        """A copy of the numbers in a live storage as they are now; null for one not seen.

        Args:
            key: The storage's identity.
            how: As which of its tensors has them: the `first` that had all of them, the latest that had (`widest`), or
                the `newest`, which may have a part.
        """
        view = {"first": self._first, "widest": self._widest, "newest": self._newest}[how].get(key)
        storage = view.storage() if view else None
        if storage is None:
            return None
        whole = torch.empty(0, dtype=view.dtype).set_(storage, view.offset, view.shape, view.stride)
        return whole.detach().clone()

    def _note(self, made: Tensor) -> None:
        storage = made.untyped_storage()
        known = self._widest.get(storage._cdata)
        self._newest[storage._cdata] = view = _View.of(made)
        # a place in memory may serve again after its tensor died, so the storage must be the same object still
        if known is None or known.storage() is not storage or known.shape.numel() < made.numel():
            self._first[storage._cdata] = self._widest[storage._cdata] = view
        elif known.shape.numel() == made.numel():
            self._widest[storage._cdata] = view


class Noting:
    """Stands for a network before a method, and notes which directions in its weights the method draws.

    Methods use only what a network has in public, so that one may stand between.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.drawn: dict[int, dict[str, Any]] = {}
        """By layer number, since the last time it was cleared: nested lists of numbers, by parameter."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def unit_direction(self, number: int, name: str, entry: int) -> dict[str, Tensor]:
        """As the network's."""
        return self._noted(number, self._network.unit_direction(number, name, entry))

    def random_direction(self, number: int, seed: int) -> dict[str, Tensor]:
        """As the network's."""
        return self._noted(number, self._network.random_direction(number, seed))

    def _noted(self, number: int, direction: dict[str, Tensor]) -> dict[str, Tensor]:
        self.drawn[number] = {name: tensor.tolist() for name, tensor in direction.items()}
        return direction
