"""Gradient checkpointing: every layer forward twice, then as backpropagation."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """4LC."""
    return 4 * sizes.layers


def activation_bytes(sizes: Sizes) -> float:
    """2√L·A: √L segment inputs, and √L layers of the one that is run again."""
    return 2 * sizes.layers**0.5 * sizes.activation_bytes
