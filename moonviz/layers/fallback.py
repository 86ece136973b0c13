"""Rules for layers that have none of their own: through the inverse, or through the Jacobian written out."""

from __future__ import annotations

from math import prod

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers.base import InvertibleLayer, Layer, Residual, State, Stateful, leaf, tensors
from moonviz.layers.masks import pick, put_back
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsInput

LARGEST_JACOBIAN = 1_000_000
"""The most numbers that the Jacobian of one example may have."""


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


class JacobianLayer(FreshOutput, KeepsInput, AdvancesStepwise):
    """Any small layer, with J = UΣVᵀ of each example written out.

    In the basis U, what J erases are the coordinates whose singular value is 0: they are the fragment. The others are
    (cot_x V)/Σ, so::

        cot_y = ((cot_x V)/Σ + f) Uᵀ

    The rank may differ from example to example, so the fragment's size depends on the data; a dry run takes J to have
    the largest rank its shape allows. Both sweeps factor the same J, so neither U nor the rank need be kept.
    """

    data_dependent = True

    def __init__(self, inner: Layer) -> None:
        """Wrap a layer that maps each example by itself.

        Raises:
            InvalidSpec: If the layer is too large, draws or couples examples, or has halves.
        """
        super().__init__(inner.in_shape, inner.out_shape)
        n_in, n_out = prod(inner.in_shape), prod(inner.out_shape)
        if n_in * n_out > LARGEST_JACOBIAN:
            raise InvalidSpec(
                f"a {inner.kind} from {n_in:,} to {n_out:,} numbers has a Jacobian of {n_in * n_out:,}, more than "
                f"{LARGEST_JACOBIAN:,}: too large to be written out. Make the layer smaller, or train with `backprop`."
            )
        if isinstance(inner, Stateful) or inner.paired or inner.pairs_output:
            raise InvalidSpec(
                f"a {inner.kind} layer does not map each example by itself from one tensor to one, so its Jacobian "
                "cannot be written out per example. Train with `backprop`."
            )
        self.inner = inner
        self.kind, self.saves_output = inner.kind, inner.saves_output

    @property
    def reason(self) -> str:
        n_in, n_out = prod(self.in_shape), prod(self.out_shape)
        return (
            f"Without a rule of its own its Jacobian, {n_out:,}×{n_in:,} per example, is written out: what it erases "
            f"is kept, {max(0, n_out - n_in):,} or more of {n_out:,} numbers, besides x."
        )

    def initialise(self, generator: Generator) -> None:
        self.inner.initialise(generator)

    def forward(self, x: State) -> State:
        return self.inner(x)

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        left, sizes, _ = self._factors(residual[0])
        n_in, n_out = prod(self.in_shape), prod(self.out_shape)
        return pick(self, _times(cot_y, left), self._erased(sizes), max(0.0, 1 - n_in / n_out))

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        left, sizes, right = self._factors(x)
        rank = right.shape[1]
        rows = _times(cot_x, right.mT).div_(sizes[:, :rank])
        rows = put_back(F.pad(rows, (0, sizes.shape[1] - rank)), self._erased(sizes), fragment)
        return _times(rows, left.mT).view(-1, *self.out_shape).to(cot_x.dtype)

    def _factors(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """U `[N, n_out, n_out]`, Σ's diagonal with zeros to n_out `[N, n_out]`, Vᵀ `[N, min(n_out, n_in), n_in]`."""
        n_in, n_out = prod(self.in_shape), prod(self.out_shape)
        x = leaf(x)
        with torch.enable_grad():
            y = self.inner(x)
        # one output of every example at a time; `torch.func.jacrev` would refuse to work inside a measured run
        basis = torch.eye(n_out, dtype=y.dtype, device=y.device).view(n_out, 1, *self.out_shape)
        (rows,) = torch.autograd.grad(y, x, basis.expand(n_out, *y.shape), is_grads_batched=True)
        matrix = rows.reshape(n_out, -1, n_in).transpose(0, 1)
        # LAPACK has no half precision
        matrix = matrix.to(torch.promote_types(x.dtype, torch.float32))
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=n_out > n_in)
        return left, F.pad(sizes, (0, n_out - sizes.shape[1])), right

    def _erased(self, sizes: Tensor) -> Tensor:
        """Which singular values are 0 but for rounding."""
        side = max(prod(self.in_shape), prod(self.out_shape))
        return sizes <= side * torch.finfo(sizes.dtype).eps * sizes[:, :1]


def _times(rows: Tensor, matrices: Tensor) -> Tensor:
    """Each example's numbers as a row times its matrix: `[N, columns]`."""
    return (rows.flatten(1).unsqueeze(1).to(matrices.dtype) @ matrices).squeeze(1)
