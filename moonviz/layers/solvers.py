"""Factorised matrices W `[o, i]`, o ≤ i, of full row rank, that undo r = h W for many rows at once."""

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
    """W is square, so it can be undone from either side."""

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


class LU(SquareSolver):
    """Any square W."""

    def __init__(self, matrix: Tensor, title: str) -> None:
        """Factorise W.

        Raises:
            SingularLayer: If W is singular, naming the layer by its title.
        """
        self._factors, self._pivots, info = torch.linalg.lu_factor_ex(working(matrix))
        if not info.is_meta and bool(info.any()):
            raise SingularLayer(title)

    def solve(self, rows: Tensor) -> Tensor:
        return torch.linalg.lu_solve(self._factors, self._pivots, working(rows), left=False).to(rows.dtype)

    def solve_transposed(self, rows: Tensor) -> Tensor:
        found = torch.linalg.lu_solve(self._factors, self._pivots, working(rows), left=False, adjoint=True)
        return found.to(rows.dtype)


class QR(RowSolver):
    """Fewer rows than columns: Wᵀ = QR gives h = (r Q) R⁻ᵀ, which does not square W's condition as W Wᵀ would."""

    def __init__(self, matrix: Tensor, title: str) -> None:
        """Factorise Wᵀ.

        Raises:
            SingularLayer: If W lacks full row rank, naming the layer by its title.
        """
        self._q, self._r = torch.linalg.qr(working(matrix).mT)
        if not self._r.is_meta and not bool(self._r.diagonal().all()):
            raise SingularLayer(title)

    def solve(self, rows: Tensor) -> Tensor:
        turned = working(rows) @ self._q
        return torch.linalg.solve_triangular(self._r.mT, turned, upper=False, left=False).to(rows.dtype)


def working(tensor: Tensor) -> Tensor:
    """Without history and in float32 at least: LAPACK has no half precision, and its rounding would be the largest."""
    return tensor.detach().to(torch.promote_types(tensor.dtype, torch.float32))
