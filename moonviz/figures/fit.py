"""Which methods can train a network, and how many passes the slow ones take, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from moonviz.figures.capability import BADGES, suffices
from moonviz.results import LayerCard
from moonviz.specs import MethodOptions, NetworkSpec
from moonviz.specs.methods import MoonwalkPureOptions

MANY = 1_000
"""Passes of one step from which on the number is worth a sentence."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What the layers of a network are, whatever its depth.

    Attributes:
        cards: The layers: stem, body, head.
        outside: Weights of stem and head.
        inside: Weights of the body at `depth` blocks.
        depth: Blocks that the cards stand for.
    """

    cards: tuple[LayerCard, ...]
    outside: int
    inside: int
    depth: int

    @classmethod
    def of(cls, cards: Sequence[LayerCard], depth: int) -> Fit:
        """From all layers of a network of so many blocks."""
        ends = cards[0].parameters + cards[-1].parameters
        return cls(tuple(cards), ends, sum(card.parameters for card in cards) - ends, depth)

    def spread(self, depth: int) -> tuple[LayerCard, ...]:
        """The layers of the same network with another number of blocks, each like the first."""
        if depth == self.depth:
            return self.cards
        stem, *body, head = self.cards
        block = body[: len(body) // self.depth]
        layers = [stem, *(layer for _ in range(depth) for layer in block), head]
        return tuple(
            layer.model_copy(update={"index": n, "name": layer.name.replace(f" {layer.index}", f" {n}")})
            for n, layer in enumerate(layers)
        )

    def refusal(self, options: MethodOptions) -> str | None:
        """Why a method cannot train this network; null if it can."""
        for card in self.cards:
            if not suffices(card.capability, options.needed):
                needs = BADGES[options.needed].name if options.needed != "fragmental" else "at least fragmental"
                start = f"`{options.label}` needs layers that are {needs}; layer {card.index} ({card.kind}) is not."
                if options.needed == "invertible" and card.capability == "submersive":
                    return (
                        f"{start} The gradient can pass it both ways, but its input cannot be rebuilt from its output."
                    )
                return f"{start} {card.reason}"
        return None

    def passes(self, options: MethodOptions, network: NetworkSpec) -> str | None:
        """How often a slow method goes through the network, in words; null where that is not worth a word."""
        weights = self.outside + self.inside * network.depth // self.depth
        if options.method == "forward" and weights > MANY:
            return f"forward takes {weights:,} passes for one step, one for each weight."
        if isinstance(options, MoonwalkPureOptions):
            inputs = prod(self.cards[1].in_shape)
            if inputs > MANY:
                return (
                    f"moonwalk-pure pushes {inputs:,} directions for one step, one for each number of an input, "
                    f"{options.chunk} at a time."
                )
        return None


def interchangeable(network: NetworkSpec) -> NetworkSpec:
    """The smallest network with the same layers: what batch, dtype, seed and depth do not change is asked once."""
    small = network.changed(batch=1, dtype="float32", seed=0)
    return small.with_depth(1) if len(small.body) == 1 else small
