"""Backpropagation: every layer forward, then a vjp in x and one in θ for each."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """3LC."""
    return 3 * sizes.layers


def activation_bytes(sizes: Sizes) -> float:
    """L·A."""
    return sizes.layers * sizes.activation_bytes
