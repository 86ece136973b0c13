"""Elementwise layers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.layers.base import AdvancesStepwise, Residual, RetreatsStepwise, Shape, State, WithoutWeights
from moonviz.layers.bits import apply_signs, pack_signs, slope_table
from moonviz.layers.checks import Factory
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class LeakyReLU(AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    """y = x where x > 0, slope·x elsewhere; the vjp needs one bit per unit."""

    kind = "leaky ReLU"
    overwrites = True

    def __init__(self, spec: specs.LeakyReLU, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, in_shape)
        self.slope = spec.slope
        self.register_buffer("factors", slope_table(spec.slope, place.dtype, place.device), persistent=False)

    @property
    def reason(self) -> str:
        return f"Each unit's slope is 1 or {self.slope:g}, never 0: divide to undo it. Keeps one bit per unit."

    def forward(self, x: State) -> State:
        return F.leaky_relu(x, self.slope)

    def consume(self, x: State) -> State:
        return F.leaky_relu_(x, self.slope)

    def inverse(self, y: State) -> State:
        return F.leaky_relu(y, 1 / self.slope)

    def residual(self, x: State) -> Residual:
        return (pack_signs(x),)

    def keep(self, x: State) -> tuple[State, Residual]:
        y = self.consume(x)
        return y, (pack_signs(y),)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return apply_signs(residual[0], self.factors, cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return _divide_by_slope(x, cot_x, self.slope)


def _divide_by_slope(x: Tensor, cot_x: Tensor, slope: float) -> Tensor:
    # torch's own backward of LeakyReLU with the slope's inverse: one fused kernel, no mask in memory
    return torch.ops.aten.leaky_relu_backward(cot_x, x, 1 / slope, False)


FACTORIES: dict[type, Factory] = {specs.LeakyReLU: LeakyReLU}
