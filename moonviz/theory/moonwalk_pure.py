"""Pure Moonwalk: n₀ tangents and n₀/m forwards, then sweep 3."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """(n₀(1+1/m)+3)LC."""
    return (sizes.inputs * (1 + 1 / sizes.chunk) + 3) * sizes.layers


def activation_bytes(sizes: Sizes) -> float:
    """A·m."""
    return sizes.activation_bytes * sizes.chunk
