"""A short training as plain data: one network, two methods, the same weights and batches."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from moonviz.specs.base import Spec
from moonviz.specs.network import NetworkSpec, Seed
from moonviz.specs.presets import PRESETS
from moonviz.specs.run import Device, MethodChoice
from moonviz.specs.sources import SOURCES, is_own


class _HeldOut(dict[str, int]):
    """Of own data every fifth example is held out."""

    def __missing__(self, source: str) -> int:
        return SOURCES[source].examples // 5

    def __contains__(self, source: object) -> bool:
        return super().__contains__(source) or (isinstance(source, str) and is_own(source))


HELD_OUT: dict[str, int] = _HeldOut({"digits": 360, "digits-sequence": 360})
"""How many examples of a source are never trained on; a source that is not here cannot be trained on."""

MOST_STEPS = 2_000
DEFAULT_RATE = 0.01
RULES: dict[str, tuple[float, float]] = {
    "digits-revnet": (0.003, 0.8),
    "digits-dense": (0.02, 0.8),
    "dense-pyramid": (0.05, 0.0),
    "conv1d-fragments": (0.01, 0.9),
    "relu-net": (0.01, 0.9),
    "glow-tiny": (0.001, 0.9),
}
"""By preset: a learning rate and momentum that train it within 200 steps, found by trying."""


class TrainSpec(Spec):
    """Stochastic gradient descent by each of two methods, from the same seed and on the same batches.

    v ← momentum·v + g, then w ← w − learning_rate·v, as `torch.optim.SGD` does.
    """

    network: NetworkSpec
    methods: Annotated[tuple[MethodChoice, ...], Field(strict=False, min_length=2, max_length=2)]
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)] = 200
    learning_rate: Annotated[float, Field(gt=0, le=100)] = DEFAULT_RATE
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    test_every: Annotated[int, Field(ge=1, le=MOST_STEPS)] = 10
    """Steps between two looks at the images that are held out."""
    device: Device = "auto"
    batch_seed: Seed = 0

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        first, second = (choice.label for choice in self.methods)
        if first == second:
            raise ValueError(f"`{first}` is asked for twice; choose two methods to compare")
        source, name = self.network.data, self.network.name
        if source not in HELD_OUT:
            presets = ", ".join(f"`{one}`" for one in trainable_presets())
            raise ValueError(
                f"`{name}` sees `{source}`, and only the handwritten digits have images held out to test on. "
                f"Train one of {presets}."
            )
        most = training_examples(source)
        if self.network.batch > most:
            raise ValueError(
                f"`batch` is {self.network.batch:,}, but `{source}` has {most:,} images to train on. "
                "Take a smaller batch."
            )
        return self


def training_examples(source: str) -> int:
    """How many examples of a source are trained on."""
    return SOURCES[source].examples - HELD_OUT[source]


@cache
def trainable_presets() -> tuple[str, ...]:
    """Presets that see a source with held-out examples, in teaching order."""
    return tuple(name for name, card in PRESETS.items() if card(card.settings()).data in HELD_OUT)


def suggested_rule(network: NetworkSpec) -> dict[str, float]:
    """`learning_rate` and `momentum` that train a preset of its own size; cautious ones for any other network."""
    rate, momentum = RULES.get(network.name, (DEFAULT_RATE, 0.0))
    return {"learning_rate": rate, "momentum": momentum}
