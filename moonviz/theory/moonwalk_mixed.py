"""Mixed-mode Moonwalk: forward, a vjp in x, then forward, vijp and a vjp in θ for every layer."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """5LC."""
    return 5 * sizes.layers


def activation_bytes(sizes: Sizes) -> float:
    """L·r + A."""
    return sizes.layers * sizes.residual_bytes + sizes.activation_bytes
