"""Floating-point operations by formula: torch's own for products and convolutions, and what it counts as nothing.

A multiplication and an addition are two. Elementwise work is not counted: it is bound by memory, not arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import flop_registry

aten = torch.ops.aten


def count_flops(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> int:
    """FLOPs of one operation, 0 for what is not counted."""
    packet = func._overloadpacket
    if packet in _SOLVES:
        return _SOLVES[packet](*args, **kwargs)
    formula = flop_registry.get(packet)
    return int(formula(*args, **kwargs, out_val=out)) if formula else 0


def _lu(matrix: Tensor, *, pivot: bool = True) -> int:
    """n²(m − n/3) for n ≤ m the sides: 2n³/3 for a square matrix."""
    *batch, rows, columns = matrix.shape
    small, large = sorted((rows, columns))
    return prod(batch) * round(small**2 * (large - small / 3))


def _lu_solve(factors: Tensor, pivots: Tensor, right: Tensor, **_: Any) -> int:
    """Two triangular solves: 2n² per right-hand side."""
    return 2 * factors.shape[-1] * right.numel()


def _triangular(matrix: Tensor, right: Tensor, **_: Any) -> int:
    """n² per right-hand side."""
    return matrix.shape[-1] * right.numel()


def _qr(matrix: Tensor, mode: str = "reduced", **_: Any) -> int:
    """R by reflections, 2mn² − 2n³/3 for m ≥ n, and Q built from them; Golub, Van Loan, section 5.2."""
    *batch, m, n = matrix.shape
    n = min(m, n)
    triangle = 2 * n**2 * (m - n / 3)
    whole = 4 * (m**2 * n - m * n**2 + n**3 / 3)
    return prod(batch) * round(triangle + {"r": 0, "reduced": triangle, "complete": whole}[mode])


def _svd(matrix: Tensor, full_matrices: bool = False, compute_uv: bool = True, **_: Any) -> int:
    """14mn² + 8n³ for U₁, Σ and V, 4m²n + 8mn² + 9n³ for all of U; Golub, Van Loan, section 8.6."""
    *batch, rows, columns = matrix.shape
    n, m = sorted((rows, columns))
    whole = 4 * m**2 * n + 8 * m * n**2 + 9 * n**3
    return prod(batch) * (whole if full_matrices else 14 * m * n**2 + 8 * n**3)


_SOLVES: dict[Any, Callable[..., int]] = {
    aten.linalg_lu_factor_ex: _lu,
    aten.linalg_lu_solve: _lu_solve,
    aten.linalg_solve_triangular: _triangular,
    aten.linalg_qr: _qr,
    aten._linalg_svd: _svd,
}
