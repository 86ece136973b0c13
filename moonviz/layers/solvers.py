"""Factorised matrices W `[o, i]` that undo r = h W for many rows at once: of full row rank, or `Tall`."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from moonviz.errors import SingularLayer


class RowSolver(ABC):
    """h = r W^R, with W W^R = I."""

    @abstractmethod
    def solve(self, rows: Tensor) -> Tensor:
        """The h `[M, o]` of rows r = h W, `[M, i]`, in r's dtype."""


class SquareSolver(RowSolver):
    """Where W is square it can be undone from either side."""

    @abstractmethod
    def solve_transposed(self, rows: Tensor) -> Tensor:
        """The x `[M, i]` of rows y = x Wᵀ, `[M, o]`, in y's dtype."""


class Triangular(SquareSolver):
    """W is lower triangular."""

    def __init__(self, matrix: Tensor, unit: bool) -> None:
        """Take W; with `unit` its diagonal counts as ones, whatever it holds."""
        self._matrix, self._unit = working(matrix), unit

    def solve(self, rows: Tensor) -> Tensor:
        return self._solve(self._matrix, rows, upper=False)

    def solve_transposed(self, rows: Tensor) -> Tensor:
        return self._solve(self._matrix.mT, rows, upper=True)

    def _solve(self, matrix: Tensor, rows: Tensor, upper: bool) -> Tensor:
        found = torch.linalg.solve_triangular(matrix, working(rows), upper=upper, left=False, unitriangular=self._unit)
        return found.to(rows.dtype)


class Leading(RowSolver):
    """W = [T, V] with T square: h = (the first columns of r) T⁻¹; what stands in V plays no part."""

    def __init__(self, square: SquareSolver, size: int) -> None:
        self._square, self._size = square, size

    def solve(self, rows: Tensor) -> Tensor:
        return self._square.solve(rows[:, : self._size])


class QR(SquareSolver):
    """Any W, by Wᵀ = QR: h = (r Q) R⁻ᵀ. W Wᵀ would square its condition; on many rows it is faster than LU."""

    def __init__(self, matrix: Tensor, title: str) -> None:
        """Factorise Wᵀ.

        Raises:
            SingularLayer: If W lacks full row rank, naming the layer by its title.
        """
        self._q, self._r = torch.linalg.qr(working(matrix).mT)
        _refuse_lost(self._r, title)

    def solve(self, rows: Tensor) -> Tensor:
        turned = working(rows) @ self._q
        return torch.linalg.solve_triangular(self._r.mT, turned, upper=False, left=False).to(rows.dtype)

    def solve_transposed(self, rows: Tensor) -> Tensor:
        solved = torch.linalg.solve_triangular(self._r, working(rows), upper=True, left=False)
        return (solved @ self._q.mT).to(rows.dtype)


class Tall:
    """W `[o, i]`, o > i, of full column rank: W = [Q₁ Q₂][R; 0], so h = r R⁻¹Q₁ᵀ + f Q₂ᵀ with f = h Q₂ kept of h."""

    def __init__(self, matrix: Tensor, title: str) -> None:
        """Factorise W.

        Raises:
            SingularLayer: If W lacks full column rank, naming the layer by its title.
        """
        self._q, r = torch.linalg.qr(working(matrix), "complete")
        self._r = r[: matrix.shape[1]]
        _refuse_lost(self._r, title)

    def erased(self, rows: Tensor) -> Tensor:
        """The f `[M, o − i]` of rows h `[M, o]`, in h's dtype."""
        return (rows.to(self._q.dtype) @ self._q[:, self._r.shape[1] :]).to(rows.dtype)

    def solve(self, rows: Tensor, kept: Tensor) -> Tensor:
        """The h `[M, o]` of rows r = h W, `[M, i]`, and the f kept of it, in r's dtype."""
        known = torch.linalg.solve_triangular(self._r, rows.to(self._q.dtype), upper=True, left=False)
        both = torch.cat((known, kept.to(self._q.dtype)), 1)
        del known
        return (both @ self._q.mT).to(rows.dtype)


def _refuse_lost(r: Tensor, title: str) -> None:
    """Raise if R says that the factorised matrix lacks full rank."""
    # a column that those before it span leaves rounding alone on the diagonal, never an exact 0
    lost = r.diagonal().abs() <= 8 * torch.finfo(r.dtype).eps * torch.linalg.vector_norm(r, dim=0)
    if not lost.is_meta and bool(lost.any()):
        raise SingularLayer(title)


def working(tensor: Tensor) -> Tensor:
    """Without history and in float32 at least: LAPACK has no half precision, and its rounding would be the largest."""
    return tensor.detach().to(torch.promote_types(tensor.dtype, torch.float32))
