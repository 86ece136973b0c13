"""Dense layers. The factory picks the class from the widths."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from moonviz.errors import SingularLayer
from moonviz.layers.base import (
    AdvancesStepwise,
    FreshOutput,
    KeepsNothing,
    Layer,
    Residual,
    RetreatsStepwise,
    Shape,
    State,
)
from moonviz.layers.checks import Factory, need_vector
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class _Dense(FreshOutput, KeepsNothing, Layer):
    """y = Wx + b on the last axis; x `[N, n_in]`, W `[n_out, n_in]`."""

    kind = "dense"
    saves_output = False

    def __init__(self, spec: specs.Dense, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, (spec.width,))
        self.spec = spec
        self.weight = place.empty(spec.width, in_shape[-1])
        self.bias = place.empty(spec.width) if spec.bias else None

    def initialise(self, generator: Generator) -> None:
        drawn = torch.empty(self.weight.shape, dtype=torch.float64)
        if self.spec.init == "orthogonal":
            nn.init.orthogonal_(drawn, self.spec.gain, generator=generator)
        else:
            drawn.normal_(0, self.spec.gain / self.in_shape[-1] ** 0.5, generator=generator)
        with torch.no_grad():
            self.weight.copy_(drawn)
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: State) -> State:
        return F.linear(x, self.weight, self.bias)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return cot_y @ self.weight


class SquareDense(_Dense, AdvancesStepwise, RetreatsStepwise):
    """As many outputs as inputs: undone by an LU factorisation of W."""

    @property
    def reason(self) -> str:
        n = self.out_shape[-1]
        return f"{n} outputs from {n} inputs: a square matrix, undone by an LU factorisation. Keeps nothing."

    def inverse(self, y: State) -> State:
        z = y if self.bias is None else y - self.bias
        return self._solve(self.weight.mT, z)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._solve(self.weight, cot_x)

    def _solve(self, matrix: Tensor, rows: Tensor) -> Tensor:
        """The r with r·matrix = rows, `[N, n]`."""
        # LAPACK has no half precision, and its rounding would be the largest error of the walk if it had
        work = torch.promote_types(matrix.dtype, torch.float32)
        factors, pivots, info = torch.linalg.lu_factor_ex(matrix.detach().to(work))
        if not info.is_meta and bool(info.any()):
            raise SingularLayer(self.title)
        return torch.linalg.lu_solve(factors, pivots, rows.to(work), left=False).to(rows.dtype)


class OrdinaryDense(_Dense):
    """Other widths than its inputs: trained by ordinary autograd, outside any walk."""

    @property
    def reason(self) -> str:
        return f"{self.out_shape[-1]} outputs from {self.in_shape[-1]} inputs: not square, so the walk cannot undo it."


def _dense(spec: specs.Dense, in_shape: Shape, place: Placement) -> Layer:
    need_vector("a dense layer", in_shape)
    return (SquareDense if in_shape == (spec.width,) else OrdinaryDense)(spec, in_shape, place)


FACTORIES: dict[type, Factory] = {specs.Dense: _dense}
