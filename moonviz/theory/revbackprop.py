"""RevBackprop: forward, then inverse, vjp in x and vjp in θ in one piece for every layer."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """4LC."""
    return 4 * sizes.layers


def activation_bytes(sizes: Sizes) -> float:
    """A."""
    return sizes.activation_bytes
