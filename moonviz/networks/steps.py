"""One layer's part in a walk: the local steps that methods put together. None of them leaves a graph behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from moonviz.layers.base import (
    BlockFragmentalLayer,
    FragmentalLayer,
    InvertibleLayer,
    Layer,
    Residual,
    State,
    detached,
)

Grads = dict[str, Tensor]


class LocalSteps(nn.Module, ABC):
    """Steps of layers 1…L of the body. Where a step takes x, it may overwrite it: the caller gives it up."""

    @abstractmethod
    def layer(self, number: int) -> Layer:
        """Layer 1…L of the body."""

    @abstractmethod
    def weights(self, number: int) -> dict[str, nn.Parameter]:
        """The parameters behind a layer number that want a gradient, by name."""

    @abstractmethod
    def owned(self, layer: Layer, x: State) -> State:
        """The input a layer may overwrite: a copy where the layer before still needs its output."""

    def without_history(self, x: State) -> State:
        """The same numbers, no longer followed by autograd; no copy."""
        return detached(x)

    def input_to_keep(self, number: int, x: State) -> State:
        """A layer's input to come back to later: a copy only where the layer will overwrite it."""
        if not self.layer(number).overwrites:
            return x
        return x.clone() if isinstance(x, Tensor) else (x[0].clone(), x[1].clone())

    def run(self, number: int, x: State) -> State:
        """y of a layer."""
        layer = self.layer(number)
        with torch.no_grad():
            return layer.consume(self.owned(layer, x))

    def keep(self, number: int, x: State) -> tuple[State, Residual]:
        """(y, residual) of a layer."""
        layer = self.layer(number)
        with torch.no_grad():
            return layer.keep(self.owned(layer, x))

    def vjp_x(self, number: int, residual: Residual, cot_y: State) -> State:
        """cot_x of a layer from its residual."""
        with torch.no_grad():
            return self.layer(number).vjp_x(residual, cot_y)

    def fragment(self, number: int, residual: Residual, cot_y: State, block: int | None = None) -> Residual:
        """What a layer erases of cot_y; `block`: positions per block, where a layer's fragment comes in blocks."""
        layer = self.layer(number)
        assert isinstance(layer, FragmentalLayer)
        with torch.no_grad():
            if block is not None and isinstance(layer, BlockFragmentalLayer):
                return layer.fragment_in_blocks(residual, cot_y, block)
            return layer.fragment(residual, cot_y)

    def advance(self, number: int, x: State, cot_x: State, fragment: Residual = ()) -> tuple[State, State, Grads]:
        """(y, cot_y, parameter gradients) of a layer."""
        layer = self.layer(number)
        assert isinstance(layer, FragmentalLayer)
        y, cot_y, grads = layer.advance(self.owned(layer, detached(x)), cot_x, fragment)
        return y, cot_y, self._named(number, grads)

    def undo(self, number: int, y: State) -> tuple[State, Residual]:
        """(x, residual) of a layer from its output."""
        layer = self.layer(number)
        assert isinstance(layer, InvertibleLayer)
        with torch.no_grad():
            return layer.undo(y)

    def retreat(self, number: int, y: State, cot_y: State) -> tuple[State, State, Grads]:
        """(x, cot_x, parameter gradients) of a layer from its output."""
        layer = self.layer(number)
        assert isinstance(layer, InvertibleLayer)
        x, cot_x, grads = layer.retreat(y, cot_y)
        return x, cot_x, self._named(number, grads)

    def _named(self, number: int, grads: Iterable[Tensor]) -> Grads:
        return dict(zip(self.weights(number), grads, strict=True))
