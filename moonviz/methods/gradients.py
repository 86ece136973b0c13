"""What a method returns, and how it says what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from moonviz.events import Held, Kind


@dataclass(slots=True)
class Gradients:
    """The loss and each parameter's gradient by name; a parameter shared by several layers gets their sum."""

    loss: Any = None
    by_name: dict[str, Any] = field(default_factory=dict)

    def add(self, grads: dict[str, Any]) -> None:
        """Take in one layer's gradients; `grads` has the sums afterwards, which are what is held."""
        for name, grad in grads.items():
            self.by_name[name] = grads[name] = self.by_name[name] + grad if name in self.by_name else grad


def held(kind: Kind, layer: int, what: Any) -> Held:
    """Say that `what` (a tensor, or nested tuples, lists or dicts of them) is held, without holding it."""
    return Held(kind, layer, tuple(tensor.untyped_storage()._cdata for tensor in _leaves(what)))


def _leaves(what: Any) -> Iterable[Any]:
    if isinstance(what, dict):
        what = tuple(what.values())
    if isinstance(what, tuple | list):
        for part in what:
            yield from _leaves(part)
    else:
        yield what
