"""Dense layers. The factory picks the class from the widths."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from moonviz.errors import SingularLayer
from moonviz.layers.base import Layer, Residual, Shape, State, SubmersiveLayer
from moonviz.layers.checks import Factory, counted, need_vector
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsNothing, RetreatsStepwise
from moonviz.layers.placement import Placement
from moonviz.layers.solvers import QR, Tall, working
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
        elif self.spec.init == "triangular":
            _product_of_triangles(drawn, generator).mul_(self.spec.gain)
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
        return f"{counted(n, 'output')} from {counted(n, 'input')}: a square matrix, undone by LU. Keeps nothing."

    def inverse(self, y: State) -> State:
        z = y if self.bias is None else y - self.bias
        return self._solve(working(self.weight).mT, z)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._solve(working(self.weight), cot_x)

    def _solve(self, matrix: Tensor, rows: Tensor) -> Tensor:
        """The r with r·matrix = rows, `[N, n]`."""
        factors, pivots, info = torch.linalg.lu_factor_ex(matrix)
        if not info.is_meta and bool(info):
            raise SingularLayer(self.title)
        return torch.linalg.lu_solve(factors, pivots, rows.to(matrix.dtype), left=False).to(rows.dtype)


class NarrowingDense(_Dense, AdvancesStepwise, SubmersiveLayer):
    """Fewer outputs than inputs. With Wᵀ = QR: cot_y = (cot_x Q)R⁻ᵀ.

    The textbook's (WWᵀ)⁻¹ would square the condition of W.
    """

    @property
    def reason(self) -> str:
        n_out, n_in = self.out_shape[-1], self.in_shape[-1]
        return f"{counted(n_out, 'output')} from {n_in:,} inputs: W has full row rank, erases nothing. Keeps nothing."

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return QR(self.weight, self.title).solve(cot_x)


class WideningDense(_Dense, AdvancesStepwise):
    """More outputs than inputs. With W = [Q₁ Q₂][R; 0]: cot_y = cot_x R⁻¹Q₁ᵀ + f Q₂ᵀ, the fragment f = cot_y Q₂."""

    @property
    def reason(self) -> str:
        n_out, n_in = self.out_shape[-1], self.in_shape[-1]
        return (
            f"{n_out:,} outputs from {counted(n_in, 'input')}: W erases {n_out - n_in:,} of {n_out:,} directions of "
            f"the cotangent. Keeps it there: {counted(n_out - n_in, 'number')} per example."
        )

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return (self._factors().erased(cot_y),)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._factors().solve(cot_x, fragment[0])

    def _factors(self) -> Tall:
        return Tall(self.weight, self.title)


def _product_of_triangles(weight: Tensor, generator: Generator) -> Tensor:
    """W = LU, both with ones on the diagonal, so that W is never singular; written into `weight`."""
    rows, columns = weight.shape
    n = min(rows, columns)
    # entries of this size keep the condition near 3 at every width; entries of size 1 would let it grow as 2ⁿ
    spread = 0.3 / n**0.5
    lower = torch.eye(rows, n, dtype=weight.dtype)
    lower += torch.empty_like(lower).normal_(0, spread, generator=generator).tril_(-1)
    upper = torch.eye(n, columns, dtype=weight.dtype)
    upper += torch.empty_like(upper).normal_(0, spread, generator=generator).triu_(1)
    return torch.mm(lower, upper, out=weight)


def _dense(spec: specs.Dense, in_shape: Shape, place: Placement) -> Layer:
    need_vector("a dense layer", in_shape)
    (n_in,) = in_shape
    if spec.width == n_in:
        return SquareDense(spec, in_shape, place)
    return (NarrowingDense if spec.width < n_in else WideningDense)(spec, in_shape, place)


FACTORIES: dict[type, Factory] = {specs.Dense: _dense}
