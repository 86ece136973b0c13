"""ReLU and LeakyReLU: one bit per unit says all about their slope."""

from __future__ import annotations

from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.layers.base import FragmentalLayer, Residual, Shape, State
from moonviz.layers.bits import apply_signs, clear_bits, clear_table, pack_signs, slope_table
from moonviz.layers.checks import Factory
from moonviz.layers.masks import pick, put_back
from moonviz.layers.mixins import AdvancesStepwise, RetreatsStepwise, WithoutWeights
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


class ReLU(WithoutWeights, FragmentalLayer):
    """y = max(x, 0): dead units erase their cotangents, so these are the fragment, `[number of dead units]`."""

    kind = "ReLU"
    overwrites = True
    data_dependent = True

    def __init__(self, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, in_shape)
        self.register_buffer("factors", slope_table(0.0, place.dtype, place.device), persistent=False)
        self.register_buffer("clear", clear_table(place.device), persistent=False)

    @property
    def reason(self) -> str:
        n = prod(self.in_shape)
        return (
            f"Dead units have slope 0 and erase their cotangents, so these are kept: about {n // 2:,} of {n:,} numbers "
            "per example, and one bit per unit."
        )

    def forward(self, x: State) -> State:
        return F.relu(x)

    def consume(self, x: State) -> State:
        return F.relu_(x)

    def residual(self, x: State) -> Residual:
        return (pack_signs(x),)

    def keep(self, x: State) -> tuple[State, Residual]:
        y = self.consume(x)
        return y, (pack_signs(y),)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return apply_signs(residual[0], self.factors, cot_y)

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return pick(self, cot_y, clear_bits(residual[0], self.clear, cot_y.shape), 0.5)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        # not x ≤ 0: a bit that `pack_signs` leaves clear is one where x > 0 is false, and for nan both are
        return put_back(cot_x.clone(), (x > 0).logical_not_(), fragment)

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            y = self.consume(x)  # alive where x was
            return y, self.vijp(y, cot_x, fragment), ()


FACTORIES: dict[type, Factory] = {
    specs.LeakyReLU: LeakyReLU,
    specs.ReLU: lambda spec, in_shape, place: ReLU(in_shape, place),
}
