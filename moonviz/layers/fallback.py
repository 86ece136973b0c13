"""Rules for layers that have none of their own: through the inverse, or through the Jacobian written out."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers.base import InvertibleLayer, Residual, Shape, State, Stateful, leaf, tensors
from moonviz.layers.checks import counted
from moonviz.layers.masks import pick, put_back
from moonviz.layers.mixins import AdvancesStepwise, KeepsInput, KeepsNothing

LARGEST_JACOBIAN = 1_000_000
"""The most numbers that the Jacobian of one example, or the basis of its outputs, may have."""

FAINT = 1e-3
"""Directions that J shrinks to less than this part of its largest singular value are kept with those that it erases:
undoing them would multiply rounding by more than 1/FAINT."""


class VijpOfInverse(InvertibleLayer):
    """Mixin: f's vijp is the vjp of its inverse, cot_y = cot_x ∂f⁻¹/∂y at y = f(x)."""

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        """By torch's autograd through `inverse`."""
        with torch.no_grad():
            y = leaf(self(x))
        with torch.enable_grad():
            back = self.inverse(y)
        cots = torch.autograd.grad(tensors(back), tensors(y), tensors(cot_x))
        return cots[0] if len(cots) == 1 else (cots[0], cots[1])


class JacobianLayer(AdvancesStepwise):
    """Mixin for small layers without a rule of their own, with J = UΣVᵀ of each example written out.

    In the basis U, what J erases are the coordinates whose singular value is 0: they are the fragment, together with
    the few whose singular value is faint. The others are (cot_x V)/Σ, so::

        cot_y = ((cot_x V)/Σ + f) Uᵀ

    J and so its rank depend on the weights or on x, so the fragment's size is known in a run alone; a dry run takes J
    to have the largest rank its shape allows. Both sweeps factor the same J, so neither U nor the rank need be kept.
    """

    data_dependent = True

    def __init__(self, *given: Any) -> None:
        """Take what the layer takes.

        Raises:
            InvalidSpec: If it is too large, draws or couples examples, or has halves.
        """
        super().__init__(*given)
        if not can_be_written_out(self.in_shape, self.out_shape):
            raise InvalidSpec(
                f"a {self.kind} layer {too_large(self.in_shape, self.out_shape)}. Make it smaller, or train with "
                "`backprop`."
            )
        if isinstance(self, Stateful) or self.paired or self.pairs_output:
            raise InvalidSpec(
                f"a {self.kind} layer does not map each example by itself from one tensor to one, so its Jacobian "
                "cannot be written out per example. Train with `backprop`."
            )

    @abstractmethod
    def jacobian(self, residual: Residual, like: Tensor) -> Tensor:
        """`[N, n_out, n_in]`, or `[1, n_out, n_in]` where it is the same for all examples, in the type of a tensor."""

    @property
    def least(self) -> int:
        """The fewest numbers per example that J can erase: n_out − n_in, if that is more than 0."""
        return max(0, prod(self.out_shape) - prod(self.in_shape))

    @property
    def what_it_keeps(self) -> str:
        """The fragment and where it is found, in words that follow a subject."""
        found = f"found from its Jacobian of {_sides(self.in_shape, self.out_shape)}"
        if not self.least:
            return f"keeps a fragment only if it erases or nearly erases a direction of h, {found}"
        return f"keeps a fragment of at least {counted(self.least, 'number')} per example, {found}"

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        left, sizes, _ = self._factors(residual, cot_y)
        rows = _times(cot_y, left)
        return pick(self, rows, _faint(sizes).expand_as(rows), self.least / prod(self.out_shape), self.least)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        left, sizes, right = self._factors(self.residual(x), cot_x)
        rank = right.shape[1]
        rows = _times(cot_x, right.mT).div_(sizes[:, :rank])
        rows = F.pad(rows, (0, sizes.shape[1] - rank))
        rows = put_back(rows, _faint(sizes).expand_as(rows), fragment)
        return _times(rows, left.mT).view(-1, *self.out_shape).to(cot_x.dtype)

    def _factors(self, residual: Residual, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """U `[·, n_out, n_out]`, Σ's diagonal with zeros to n_out `[·, n_out]`, Vᵀ `[·, min(n_out, n_in), n_in]`."""
        matrix = self.jacobian(residual, like)
        # LAPACK has no half precision
        matrix = matrix.to(torch.promote_types(matrix.dtype, torch.float32))
        _, n_out, n_in = matrix.shape
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=n_out > n_in)
        return left, F.pad(sizes, (0, n_out - sizes.shape[1])), right


class JacobianOfEach(KeepsInput, JacobianLayer):
    """Mixin: J depends on x, so each example has its own."""

    def jacobian(self, residual: Residual, like: Tensor) -> Tensor:
        x = leaf(residual[0])
        with torch.enable_grad():
            y = self(x)
        count = prod(self.out_shape)
        # one output of every example at a time; `torch.func.jacrev` would refuse to work inside a measured run
        basis = torch.eye(count, dtype=y.dtype, device=y.device).view(count, 1, *self.out_shape)
        (rows,) = torch.autograd.grad(y, x, basis.expand(count, *y.shape), is_grads_batched=True)
        return rows.reshape(count, len(x), -1).transpose(0, 1)


class JacobianOfAll(KeepsNothing, JacobianLayer):
    """Mixin: f is linear but for a bias, so all examples share one J."""

    def jacobian(self, residual: Residual, like: Tensor) -> Tensor:
        count = prod(self.out_shape)
        basis = torch.eye(count, dtype=like.dtype, device=like.device).view(count, *self.out_shape)
        return self.vjp_x(residual, basis).reshape(1, count, -1)


def can_be_written_out(in_shape: Shape, out_shape: Shape) -> bool:
    """Whether a layer between these shapes is small enough for a `JacobianLayer`."""
    return _to_factor(in_shape, out_shape) <= LARGEST_JACOBIAN


def too_large(in_shape: Shape, out_shape: Shape) -> str:
    """Why it is not, in words that follow a subject."""
    return (
        f"has a Jacobian of {_sides(in_shape, out_shape)}, too large to be written out: "
        f"{_to_factor(in_shape, out_shape):,} numbers to factor, more than {LARGEST_JACOBIAN:,}"
    )


def _to_factor(in_shape: Shape, out_shape: Shape) -> int:
    """J's numbers, or those of U where J is higher than wide."""
    n_in, n_out = prod(in_shape), prod(out_shape)
    return n_out * max(n_in, n_out)


def _sides(in_shape: Shape, out_shape: Shape) -> str:
    return f"{prod(out_shape):,}×{prod(in_shape):,}"


def _faint(sizes: Tensor) -> Tensor:
    """Which singular values are 0 or faint."""
    return sizes <= FAINT * sizes[:, :1]


def _times(rows: Tensor, matrices: Tensor) -> Tensor:
    """Each example's numbers as a row times its matrix, or times the only one: `[N, columns]`."""
    rows = rows.flatten(1).to(matrices.dtype)
    if len(matrices) == 1:
        return rows @ matrices[0]
    return (rows.unsqueeze(1) @ matrices).squeeze(1)
