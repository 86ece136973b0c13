"""Defaults for layers, small and named: a layer takes those that fit and writes the rest."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from moonviz.layers.base import FragmentalLayer, InvertibleLayer, Layer, Residual, State, leaf, tensors


class FreshOutput(Layer):
    """Mixin: `forward` always makes a new output, so there is nothing to win by overwriting x."""

    def consume(self, x: State) -> State:
        """`forward`."""
        return self(x)


class KeepsNothing(Layer):
    """Mixin: the vjp does not depend on x (a linear map)."""

    def residual(self, x: State) -> Residual:
        """Empty."""
        return ()

    def keep(self, x: State) -> tuple[State, Residual]:
        """`consume`, and nothing kept."""
        return self.consume(x), ()


class KeepsInput(Layer):
    """Mixin for layers without a rule of their own: the residual is x, the vjp is torch's."""

    def residual(self, x: State) -> Residual:
        """All of x."""
        return tensors(x)

    def keep(self, x: State) -> tuple[State, Residual]:
        """`forward`, and x kept."""
        return self(x), tensors(x)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        """By torch's autograd."""
        x = leaf(residual[0] if len(residual) == 1 else (residual[0], residual[1]))
        with torch.enable_grad():
            y = self(x)
        cots = torch.autograd.grad(tensors(y), tensors(x), tensors(cot_y))
        return cots[0] if len(cots) == 1 else (cots[0], cots[1])


class AdvancesStepwise(FragmentalLayer):
    """Mixin: `advance` as its three parts one after the other."""

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        """vijp first (x is whole), then y together with the parameter gradients."""
        with torch.no_grad():
            cot_y = self.vijp(x, cot_x, fragment)
        y, grads = self.forward_and_grads(x, cot_y)
        return y, cot_y, grads


class RetreatsStepwise(InvertibleLayer):
    """Mixin: `undo` and `retreat` as their parts one after the other."""

    def undo(self, y: State) -> tuple[State, Residual]:
        """The inverse first, then the residual of what it gave."""
        x = self.inverse(y)
        return x, self.residual(x)

    def retreat(self, y: State, cot_y: State) -> tuple[State, State, tuple[Tensor, ...]]:
        """The inverse, then both products at x."""
        with torch.no_grad():
            x, residual = self.undo(y)
            cot_x = self.vjp_x(residual, cot_y)
        return x, cot_x, self.vjp_params(x, cot_y)


class WithoutWeights(Layer):
    """Mixin: there is nothing to draw."""

    def initialise(self, generator: Generator) -> None:
        """Nothing to do."""
