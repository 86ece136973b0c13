"""Smooth elementwise layers φ with a slope that is never 0, known from their output alone.

Where φ saturates the slope comes close to 0: its inverse grows without bound, and beyond the dtype's range it is inf
or nan. That is what the mathematics says, and nothing hides it.
"""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.layers.base import InvertibleLayer, Layer, Residual, Shape, State
from moonviz.layers.checks import Factory
from moonviz.layers.mixins import FreshOutput, WithoutWeights
from moonviz.specs import layers as specs


class KeepsOutput(Layer):
    """Mixin: the vjp is known from y."""

    def residual(self, x: State) -> Residual:
        """All of y."""
        return (self(x),)

    def keep(self, x: State) -> tuple[State, Residual]:
        """`consume`, and its output kept."""
        y = self.consume(x)
        return y, (y,)


class _Smooth(KeepsOutput, WithoutWeights, InvertibleLayer):
    """y = φ(x) unit by unit; cot_x = cot_y·φ′ and cot_y = cot_x/φ′, with φ′ from y."""

    slope_words: ClassVar[str]
    """φ′ in words."""

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape)

    @property
    def reason(self) -> str:
        n = prod(self.in_shape)
        return (
            f"Each unit's slope is {self.slope_words}, never 0: divide to undo it. Keeps y, {n:,} numbers per example."
        )

    @abstractmethod
    def _slope(self, y: Tensor) -> Tensor:
        """φ′ from y, in new memory."""

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self._slope(residual[0]).mul_(cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._divided(self(x), cot_x)

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            y = self.consume(x)
            return y, self._divided(y, cot_x), ()

    def undo(self, y: State) -> tuple[State, Residual]:
        return self.inverse(y), (y,)

    def retreat(self, y: State, cot_y: State) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            return self.inverse(y), self.vjp_x((y,), cot_y), ()

    def _divided(self, y: Tensor, cot_x: Tensor) -> Tensor:
        # the very numbers that `vjp_x` multiplied with: torch's fused backward may round 1 − y² otherwise, and
        # where φ saturates that is all there is
        slope = self._slope(y)
        return torch.div(cot_x, slope, out=slope)


class Elu(_Smooth):
    """y = x where x > 0, eˣ − 1 elsewhere; φ′ = 1 + min(y, 0)."""

    kind = "ELU"
    overwrites = True
    slope_words = "1 above 0 and y + 1 below"

    def forward(self, x: State) -> State:
        return F.elu(x)

    def consume(self, x: State) -> State:
        return F.elu_(x)

    def inverse(self, y: State) -> State:
        return F.relu(y).add_(y.clamp(max=0).log1p_())

    def _slope(self, y: Tensor) -> Tensor:
        return y.clamp(max=0).add_(1)


class Softplus(FreshOutput, _Smooth):
    """y = log(1 + eˣ); φ′ = 1 − e⁻ʸ."""

    kind = "softplus"
    slope_words = "1 − e⁻ʸ"

    def forward(self, x: State) -> State:
        # torch's default replaces y by x above 20, a jump of 2e-9 that is no rounding in float64; above 40 it is
        return F.softplus(x, threshold=40)

    def inverse(self, y: State) -> State:
        return self._slope(y).log_().add_(y)

    def _slope(self, y: Tensor) -> Tensor:
        return y.neg().expm1_().neg_()


class Tanh(_Smooth):
    """y = tanh x; φ′ = 1 − y²."""

    kind = "tanh"
    overwrites = True
    slope_words = "1 − y²"

    def forward(self, x: State) -> State:
        return torch.tanh(x)

    def consume(self, x: State) -> State:
        return torch.tanh_(x)

    def inverse(self, y: State) -> State:
        return torch.atanh(y)

    def _slope(self, y: Tensor) -> Tensor:
        return y.square().neg_().add_(1)


class Sigmoid(_Smooth):
    """y = 1/(1 + e⁻ˣ); φ′ = y(1 − y)."""

    kind = "sigmoid"
    overwrites = True
    slope_words = "y(1 − y)"

    def forward(self, x: State) -> State:
        return torch.sigmoid(x)

    def consume(self, x: State) -> State:
        return torch.sigmoid_(x)

    def inverse(self, y: State) -> State:
        return torch.logit(y)

    def _slope(self, y: Tensor) -> Tensor:
        return y.neg().add_(1).mul_(y)


_BY_KIND: dict[str, type[_Smooth]] = {"elu": Elu, "softplus": Softplus, "tanh": Tanh, "sigmoid": Sigmoid}
FACTORIES: dict[type, Factory] = {
    specs.Elementwise: lambda spec, in_shape, place: _BY_KIND[spec.kind](in_shape),
}
