"""The sizes that the formulas speak of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """A network of L equal layers.

    Attributes:
        layers: L.
        activation_bytes: A, the bytes of one layer's activation.
        residual_bytes: r, the bytes that one layer's vjp needs.
        parameters: P, weights per layer.
        inputs: n₀, numbers of one example at the body's input.
        directions: K of `projforward`.
        chunk: m of `moonwalk-pure`.
    """

    layers: int
    activation_bytes: int
    residual_bytes: int
    parameters: int = 0
    inputs: int = 0
    directions: int = 1
    chunk: int = 32
