"""How the matrix of a convolution's pivot tap is made from its weights, drawn and undone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import expm1, log

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from moonviz.layers.solvers import QR, Leading, RowSolver, SquareSolver, Triangular

EPSILON = 1e-3
"""Added to a softplus diagonal, so that it stays away from 0."""


class Pivot(ABC):
    """The pivot tap's matrix W* `[o, i]`, o ≤ i, as a function of free weights V of the same shape."""

    def __init__(self, at: int) -> None:
        """Take the tap's place among all taps, counted row by row."""
        self.at = at

    @abstractmethod
    def kernel(self, weight: Tensor) -> Tensor:
        """The taps that act, `[o, i, *]`, from the weights: V replaced by W*. Differentiable."""

    @abstractmethod
    def draw(self, free: Tensor, bounded: bool, generator: Generator) -> None:
        """Set V, already Gaussian of variance 1/fan-in, to what it starts with; `bounded`: well away from singular."""

    @abstractmethod
    def square(self, matrix: Tensor, title: str) -> SquareSolver:
        """What undoes W*, if it is square."""

    @abstractmethod
    def solver(self, matrix: Tensor, title: str) -> RowSolver:
        """What undoes W*, square or wider than high."""

    def matrix(self, kernel: Tensor) -> Tensor:
        """W* from the taps that act."""
        return kernel.flatten(2)[:, :, self.at]

    def initialise(self, drawn: Tensor, bounded: bool, generator: Generator) -> None:
        """Set V, and with `bounded` scale all other taps so that Σ ‖W_j‖_F ≤ σ_min(W*).

        Args:
            drawn: Weights `[o, i, *]` in float64, Gaussian of variance 1/fan-in, changed in place.
            bounded: Whether to keep the other taps within the bound.
            generator: Where to draw from.
        """
        taps = drawn.flatten(2)
        free = taps[:, :, self.at].clone()
        self.draw(free, bounded, generator)
        taps[:, :, self.at] = free
        if bounded:
            smallest = self.smallest(self.matrix(self.kernel(drawn)))
            sizes = taps.norm(dim=(0, 1))
            others = sizes.sum() - sizes[self.at]
            taps.mul_((smallest / others).clamp(max=1) if others > 0 else 1)
            taps[:, :, self.at] = free

    def smallest(self, matrix: Tensor) -> Tensor:
        """1/‖W*^R‖₂: σ_min of the part of W* that is solved with."""
        identity = torch.eye(matrix.shape[1], dtype=matrix.dtype)
        return 1 / torch.linalg.matrix_norm(self.solver(matrix, "the pivot").solve(identity), 2)


class FreePivot(Pivot):
    """W* = V."""

    def kernel(self, weight: Tensor) -> Tensor:
        return weight

    def draw(self, free: Tensor, bounded: bool, generator: Generator) -> None:
        # a Gaussian matrix has a tiny σ_min, and other taps below it would hardly be there
        if bounded:
            nn.init.orthogonal_(free, generator=generator)

    def square(self, matrix: Tensor, title: str) -> SquareSolver:
        return QR(matrix, title)

    def solver(self, matrix: Tensor, title: str) -> RowSolver:
        return QR(matrix, title)


class _TriangularPivot(Pivot):
    """W* = [T, rest]: T lower triangular with a diagonal away from 0; V's entries above T's diagonal play no part."""

    @abstractmethod
    def diagonal(self, free: Tensor) -> Tensor:
        """T's diagonal from V's."""

    @abstractmethod
    def neutral(self) -> float:
        """The entry of V's diagonal that stands for a 1."""

    def kernel(self, weight: Tensor) -> Tensor:
        rows = weight.shape[0]
        free = self.matrix(weight)
        block = free[:, :rows]
        triangle = block.tril(-1) + torch.diag_embed(self.diagonal(block.diagonal()))
        whole = triangle if free.shape[1] == rows else torch.cat((triangle, free[:, rows:]), 1)
        return weight.flatten(2).select_scatter(whole, 2, self.at).view_as(weight)

    def draw(self, free: Tensor, bounded: bool, generator: Generator) -> None:
        rows, columns = free.shape
        block = torch.empty(rows, rows, dtype=free.dtype).normal_(0, 0.3 / columns**0.5, generator=generator)
        free[:, :rows] = block.tril(-1) + self.neutral() * torch.eye(rows, dtype=free.dtype)

    def solver(self, matrix: Tensor, title: str) -> RowSolver:
        rows = matrix.shape[0]
        square = self.square(matrix[:, :rows], title)
        return square if matrix.shape[1] == rows else Leading(square, rows)


class UnitPivot(_TriangularPivot):
    """T has ones on its diagonal."""

    def diagonal(self, free: Tensor) -> Tensor:
        return torch.ones_like(free)

    def neutral(self) -> float:
        return 0.0

    def square(self, matrix: Tensor, title: str) -> SquareSolver:
        return Triangular(matrix, unit=True)


class SoftplusPivot(_TriangularPivot):
    """T has softplus(d) + ε on its diagonal."""

    def diagonal(self, free: Tensor) -> Tensor:
        return F.softplus(free) + EPSILON

    def neutral(self) -> float:
        return log(expm1(1 - EPSILON))

    def square(self, matrix: Tensor, title: str) -> SquareSolver:
        return Triangular(matrix, unit=False)


PIVOTS: dict[str, type[Pivot]] = {"free": FreePivot, "unit": UnitPivot, "softplus": SoftplusPivot}
