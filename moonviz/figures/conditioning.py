"""What a network does to rounding errors when its layers are undone, in plain words, from its spec alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

from moonviz.figures.precision import unit
from moonviz.figures.style import power_text, significant
from moonviz.specs import NetworkSpec

ROUNDING = {"float64": 1.1e-16, "float32": 6e-8, "float16": 4.9e-4, "bfloat16": 3.9e-3}
"""Largest relative error of rounding once, by number format."""

OTHERS = {
    "coupling": "Undoing a coupling subtracts what was added, so nothing is divided; what rounding errors do depends "
    "on how strongly the function inside reacts, which shrinking its last layer keeps small.",
    "relu": "A ReLU erases what falls below zero. Moonwalk keeps those numbers as fragments, so nothing is stretched.",
    "conv": "A convolution is undone position by position through its pivot tap; other taps within bounds keep errors "
    "small.",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """How far undoing one block can stretch an error, and all blocks together.

    Attributes:
        factor: Of the worst activation in a block; 1 where no slope divides.
        words: In plain words, for some depth and number format.
    """

    factor: float
    words: str


def stretch(network: NetworkSpec, depth: int, dtype: str) -> Stretch:
    """Conditioning of a network at a depth."""
    layers = [layer for block in network.body for layer in block.layers]
    slopes = [layer.slope for layer in layers if layer.kind == "leaky_relu"]
    dividing = f"Undoing a LeakyReLU of slope {min(slopes, default=1):g} divides what fell below zero by it"
    said = [OTHERS[kind] for kind in OTHERS if any(layer.kind == kind for layer in layers)]
    if not slopes:
        return Stretch(1.0, " ".join(said) or "No layer of this network divides by a small slope.")
    factor = 1 / min(slopes)
    power = depth * log10(factor)
    times, blocks = significant(factor, 2), unit(network.model_dump(mode="json"))
    most = f"{factor**depth:,.0f}" if power < 4 else power_text(round(power))
    words = (
        f"{dividing}: it stretches an error by up to {times} per layer, and over {depth:,} {blocks} by up to {most}. "
        f"{dtype} begins with errors of about {power_text(round(log10(ROUNDING[dtype])))}. Only units below zero are "
        "stretched, so what is measured stays below that bound."
    )
    return Stretch(factor, " ".join([words, *said]))
