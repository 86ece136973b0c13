"""Naive forward mode: P·L passes, each through half of the layers on average, two units a layer."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """P·L²·C."""
    return sizes.parameters * sizes.layers**2


def activation_bytes(sizes: Sizes) -> float:
    """A."""
    return sizes.activation_bytes
