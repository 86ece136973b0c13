"""One layer's piece of the autograd graph, pulled back on its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from moonviz.layers.base import State, tensors


class Tape:
    """What autograd recorded of some layers, from their input to their output.

    It holds edges of the graph, not tensors: a layer may overwrite its input, and then the edge is all that is left
    of it. The graph keeps what the backward needs.
    """

    def __init__(self, x: State | None, weights: dict[str, nn.Parameter]) -> None:
        """Start at x (edges are taken before a layer may overwrite it); None: no cotangent is wanted there."""
        self._inputs = edges(x) if x is not None else ()
        self._weights = weights
        self._outputs: tuple[GradientEdge, ...] = ()

    def end(self, y: State) -> Tape:
        """Close the tape at y."""
        self._outputs = edges(y)
        return self

    def pull(self, cot_y: State | None = None) -> tuple[State | None, dict[str, Tensor]]:
        """(cot_x, parameter gradients) from cot_y; frees what was saved. None: y is the loss, its cotangent is 1."""
        if not self._inputs and not self._weights:
            return None, {}
        found = torch.autograd.grad(
            self._outputs,
            (*self._inputs, *self._weights.values()),
            None if cot_y is None else tensors(cot_y),
        )
        cots, grads = found[: len(self._inputs)], found[len(self._inputs) :]
        cot_x = None if not cots else cots[0] if len(cots) == 1 else (cots[0], cots[1])
        return cot_x, dict(zip(self._weights, grads, strict=True))


class _Cut(torch.autograd.Function):
    """The identity, joined to an anchor instead of to its input: the graph behind it starts here.

    A new leaf would do the same, but its place in the graph keeps the leaf's memory alive until the pull, needed or
    not. Without the cut, one half of a pair is an ancestor of the other and the engine would walk on through it.
    """

    @staticmethod
    def forward(anchor: Tensor, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Nothing to save."""

    @staticmethod
    def backward(ctx: Any, cot: Tensor) -> tuple[None, None]:
        return None, None


def cut(state: State) -> State:
    """The same numbers, no copy, as the start of a new piece of graph."""
    if isinstance(state, Tensor):
        return _cut(state)
    return _cut(state[0]), _cut(state[1])


def _cut(x: Tensor) -> Tensor:
    anchor = torch.empty(0, device=x.device, dtype=x.dtype, requires_grad=True)
    return _Cut.apply(anchor, x.detach())


def edges(state: State) -> tuple[GradientEdge, ...]:
    """Where a state's tensors hang in the graph now."""
    return tuple(get_gradient_edge(tensor) for tensor in tensors(state))
