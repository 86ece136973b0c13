"""From an activation as PyTorch prints it to this package's layer. No torch here."""

from __future__ import annotations

from moonviz.reading.printed import Given
from moonviz.specs import layers as specs

ACTIVATIONS = ("LeakyReLU", "ReLU", "GELU", "SiLU", "Tanh", "Sigmoid", "ELU", "Softplus", "Dropout")


def activation(given: Given) -> specs.LayerSpec:
    """The layer that computes the same.

    Raises:
        InvalidSpec: If one of its numbers has no counterpart.
    """
    match given.kind:
        case "LeakyReLU":
            return specs.LeakyReLU(slope=given.number("negative_slope", 0.01))
        case "ReLU":
            return specs.ReLU()
        case "Dropout":
            return specs.Dropout(probability=given.number("p", 0.5))
        case "GELU":
            given.must_be("approximate", "none")
            return specs.Gated(kind="gelu")
        case "SiLU":
            return specs.Gated(kind="silu")
        case "ELU":
            given.must_be("alpha", 1.0)
        case "Softplus":
            given.must_be("beta", 1.0)
            given.must_be("threshold", 20.0)
    return specs.Elementwise(kind=given.kind.lower())
