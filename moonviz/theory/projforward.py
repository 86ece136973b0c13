"""Projected forward mode: K passes of one jvp, two units a layer."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """2KLC, and K more where torch pushes weights and inputs one after the other."""
    return 2 * sizes.directions * sizes.layers


def activation_bytes(sizes: Sizes) -> float:
    """A."""
    return sizes.activation_bytes
