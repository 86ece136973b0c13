"""GELU and SiLU: their slope vanishes at a point and in the left tail, so cotangents there are kept."""

from __future__ import annotations

from abc import abstractmethod
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.layers.base import FragmentalLayer, Residual, Shape, State
from moonviz.layers.checks import Factory
from moonviz.layers.masks import pick, put_back
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, WithoutWeights
from moonviz.specs import layers as specs


class _Gated(FreshOutput, AdvancesStepwise, WithoutWeights, FragmentalLayer):
    """y = φ(x) unit by unit; cot_y = cot_x/φ′ where |φ′| ≥ τ, and the fragment, in order, elsewhere.

    Both sweeps make the mask from the same x by the same operations, so it need not be kept. With τ = 0 nothing is
    kept and cot_x is divided by slopes as small as they come.

    Attributes:
        share: The part of all units that is kept where x is standard normal: what a dry run expects.
    """

    saves_output = False
    data_dependent = True

    def __init__(self, spec: specs.Gated, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape)
        self.threshold = spec.threshold
        # midpoints of 4,096 slices of equal probability
        normal = torch.special.ndtri((torch.arange(4096, dtype=torch.float64) + 0.5) / 4096)
        self.share = float((self._slope(normal).abs() < spec.threshold).double().mean())

    @property
    def reason(self) -> str:
        n = prod(self.in_shape)
        return (
            "The slope vanishes at a point and is close to 0 in the left tail, so cotangents where its size is below "
            f"{self.threshold:g} are kept: about {round(self.share * n):,} of {n:,} numbers per example, besides x."
        )

    @abstractmethod
    def _slope(self, x: Tensor) -> Tensor:
        """φ′ at x, in new memory."""

    def residual(self, x: State) -> Residual:
        return (x,)

    def keep(self, x: State) -> tuple[State, Residual]:
        return self(x), (x,)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self._slope(residual[0]).mul_(cot_y)

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return pick(self, cot_y, self._flat(self._slope(residual[0])), self.share)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        slope = self._slope(x)
        flat = self._flat(slope)
        return put_back(torch.div(cot_x, slope, out=slope), flat, fragment)

    def _flat(self, slope: Tensor) -> Tensor:
        """Where |φ′| < τ."""
        return (slope > -self.threshold).logical_and_(slope < self.threshold)


class Gelu(_Gated):
    """y = x·Φ(x), Φ the normal distribution's; Hendrycks, Gimpel: *Gaussian Error Linear Units*, 2016."""

    kind = "GELU"

    def forward(self, x: State) -> State:
        return F.gelu(x)

    def _slope(self, x: Tensor) -> Tensor:
        return torch.ops.aten.gelu_backward(torch.ones_like(x), x)


class Silu(_Gated):
    """y = x/(1 + e⁻ˣ)."""

    kind = "SiLU"

    def forward(self, x: State) -> State:
        return F.silu(x)

    def _slope(self, x: Tensor) -> Tensor:
        return torch.ops.aten.silu_backward(torch.ones_like(x), x)


_BY_KIND: dict[str, type[_Gated]] = {"gelu": Gelu, "silu": Silu}
FACTORIES: dict[type, Factory] = {specs.Gated: lambda spec, in_shape, place: _BY_KIND[spec.kind](spec, in_shape)}
