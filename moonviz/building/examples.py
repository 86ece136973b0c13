"""The draft that an untouched Build page shows."""

from __future__ import annotations

from moonviz.building.facts import Place
from moonviz.specs import Block, NetworkSpec
from moonviz.specs.layers import Conv, Coupling, Dense, GlobalMeanPool, LeakyReLU, ReLU, Squeeze

EXAMPLE = NetworkSpec(
    name="my network",
    data="photos",
    batch=8,
    stem=(Conv(channels=32),),
    body=(
        Block(layers=(Coupling(),), repeat=4),
        Block(
            layers=(
                Squeeze(),
                Conv(channels=64, stride=2, pivot="unit"),
                ReLU(),
                Conv(channels=64, kernel=7, stride=2, padding=3),
                LeakyReLU(),
            )
        ),
    ),
    head=(GlobalMeanPool(), Dense(width=2, init="gaussian")),
)
"""A body with a layer of every badge, and one that stops the walk: its wide kernel has no tap to solve for."""
WORTH_A_LOOK = Place(part="body", block=1, layer=3)
"""Its layer that stops the walk."""
