"""The draft that an untouched Build page shows."""

from __future__ import annotations

from moonviz.specs import Block, NetworkSpec
from moonviz.specs.layers import Conv, Conv1x1, Coupling, Dense, GlobalMeanPool, LeakyReLU, Norm, ReLU, Squeeze

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
                LeakyReLU(),
                Conv1x1(),
                ReLU(),
                Norm(kind="rms_norm"),
                Conv(channels=64, kernel=7, stride=2, padding=3),
            )
        ),
    ),
    head=(GlobalMeanPool(), Dense(width=2, init="gaussian")),
)
"""A body with a layer of every badge, and one that stops the walk: its wide kernel has no tap to solve for."""
