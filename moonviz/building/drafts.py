"""Networks to start from."""

from __future__ import annotations

from moonviz.specs import SOURCES, Block, NetworkSpec
from moonviz.specs.layers import Conv, Dense, Embed, Flatten, LayerSpec, LeakyReLU
from moonviz.specs.sources import DataSource

BLANK_WIDTH = 32
"""Channels of the embedding that a blank network for text begins with."""


def blank(data: DataSource = "digits") -> NetworkSpec:
    """The least network for a data source: one LeakyReLU for a body, and the head that its classes need."""
    card = SOURCES[data]
    stem: tuple[LayerSpec, ...] = (Embed(width=BLANK_WIDTH),) if card.values == "bytes" else ()
    if card.targets == "position":
        head: tuple[LayerSpec, ...] = (Conv(channels=card.classes, kernel=1, padding=0),)
    else:
        head = (Flatten(), Dense(width=card.classes, init="gaussian"))
    body = (Block(layers=(LeakyReLU(),)),)
    return NetworkSpec(name="my network", data=data, stem=stem, body=body, head=head)
