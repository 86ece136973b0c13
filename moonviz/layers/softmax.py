"""Softmax over an example's features."""

from __future__ import annotations

import torch
from torch import Tensor

from moonviz.layers.base import FragmentalLayer, Layer, Residual, Shape, State
from moonviz.layers.checks import Factory, need_vector
from moonviz.layers.mixins import FreshOutput, WithoutWeights
from moonviz.layers.placement import Placement
from moonviz.layers.smooth import KeepsOutput
from moonviz.specs import layers as specs


class Softmax(FreshOutput, KeepsOutput, WithoutWeights, FragmentalLayer):
    """y = eˣ/Σeˣ, `[N, n]`; cot_x = y(cot_y − f) with the fragment f = Σ cot_y·y, so cot_y = cot_x/y + f."""

    kind = "softmax"

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape)

    @property
    def reason(self) -> str:
        n = self.in_shape[-1]
        return (
            "Outputs sum to 1, so the cotangent's mean under y is erased: 1 number per example is kept, besides y, "
            f"{n:,} numbers."
        )

    def forward(self, x: State) -> State:
        return torch.softmax(x, -1)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        (y,) = residual
        return (cot_y - self._mean(y, cot_y)).mul_(y)

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return (self._mean(residual[0], cot_y),)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._restored(self(x), cot_x, fragment)

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            y = self(x)
            return y, self._restored(y, cot_x, fragment), ()

    def _mean(self, y: Tensor, cot_y: Tensor) -> Tensor:
        return (cot_y * y).sum(-1, keepdim=True)

    def _restored(self, y: Tensor, cot_x: Tensor, fragment: Residual) -> Tensor:
        return (cot_x / y).add_(fragment[0])


def _softmax(spec: specs.Softmax, in_shape: Shape, place: Placement) -> Layer:
    need_vector("softmax", in_shape)
    return Softmax(in_shape)


FACTORIES: dict[type, Factory] = {specs.Softmax: _softmax}
