"""Projected forward mode: K passes of one jvp in inputs and weights: three products a layer."""

from __future__ import annotations

from moonviz.theory.sizes import Sizes


def work(sizes: Sizes) -> float:
    """3KLC."""
    return 3 * sizes.directions * sizes.layers


def activation_bytes(sizes: Sizes) -> float:
    """A."""
    return sizes.activation_bytes


def expected_cosine(directions: int, parameters: int) -> float:
    """√(K/(K+P−1)): the rms cosine between the average of K directions' estimates and the gradient of P weights."""
    return (directions / (directions + parameters - 1)) ** 0.5
