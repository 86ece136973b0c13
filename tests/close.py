"""Comparing tensors so that a failure says where they differ."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def leaves(state: Any) -> list[Tensor]:
    return [state] if isinstance(state, Tensor) else [leaf for part in state for leaf in leaves(part)]


def assert_close(got: Any, want: Any, tolerance: float, what: str = "") -> None:
    """‖got − want‖∞ ≤ tolerance·max(1, ‖want‖∞), the same shapes and dtypes."""
    got, want = leaves(got), leaves(want)
    assert len(got) == len(want), f"{what}: {len(got)} tensors instead of {len(want)}"
    for number, (g, w) in enumerate(zip(got, want, strict=True)):
        assert g.shape == w.shape, f"{what}[{number}]: shape {tuple(g.shape)} instead of {tuple(w.shape)}"
        assert g.dtype == w.dtype, f"{what}[{number}]: {g.dtype} instead of {w.dtype}"
        apart = (g - w).detach().abs()
        limit = tolerance * max(1.0, float(w.detach().abs().max())) if w.numel() else 0.0
        wrong = (~(apart <= limit)).nonzero()
        places = ", ".join(f"{tuple(at.tolist())}: {g[tuple(at)]:.6g} ≠ {w[tuple(at)]:.6g}" for at in wrong[:4])
        assert not len(wrong), (
            f"{what}[{number}]: {len(wrong)} of {g.numel()} entries differ by more than {limit:g}: {places}"
        )


def relative(got: dict[str, Tensor], want: dict[str, Tensor]) -> float:
    """‖got − want‖ / ‖want‖ over all parameters."""
    assert got.keys() == want.keys()
    apart = torch.cat([(got[name].double() - want[name].double()).flatten() for name in want])
    size = torch.cat([want[name].double().flatten() for name in want])
    return float(apart.norm() / size.norm())
