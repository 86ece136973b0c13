"""A flow and a transformer: couplings with more inside than convolutions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from moonviz.specs.layers import (
    ActNorm,
    AttentionInside,
    Conv,
    Conv1x1,
    ConvInside,
    Coupling,
    Dense,
    Embed,
    GlobalMeanPool,
    MlpInside,
    Slope,
    Squeeze,
)
from moonviz.specs.network import Batch, Block, Depth, NetworkSpec
from moonviz.specs.presets.settings import Channels, EvenChannels, LastScale, Preset, Settings
from moonviz.specs.sources import SOURCES


class GlowSettings(Settings):
    """Settings of `glow-tiny`."""

    depth: Depth = 16
    batch: Batch = 64
    channels: Channels = 4
    hidden: Channels = 16
    slope: Slope = 0.2
    last_scale: LastScale = 0.1


class TransformerSettings(Settings):
    """Settings of `reversible-transformer`."""

    depth: Depth = 12
    batch: Batch = 16
    width: EvenChannels = 64
    heads: Annotated[int, Field(ge=1, le=64)] = 2
    slope: Slope = 0.2
    last_scale: LastScale = 0.25


def _glow_tiny(settings: GlowSettings) -> NetworkSpec:
    inside = ConvInside(hidden=settings.hidden, slope=settings.slope, last_scale=settings.last_scale)
    step = (ActNorm(), Conv1x1(), Coupling(form="affine", inside=inside))
    return NetworkSpec(
        name="glow-tiny",
        data="digits",
        stem=(Conv(channels=settings.channels), Squeeze()),
        body=(Block(layers=step, repeat=settings.depth),),
        head=(GlobalMeanPool(), Dense(width=SOURCES["digits"].classes, init="gaussian")),
        **settings.common,
    )


def _reversible_transformer(settings: TransformerSettings) -> NetworkSpec:
    attention = Coupling(inside=AttentionInside(heads=settings.heads, last_scale=settings.last_scale))
    mlp = Coupling(inside=MlpInside(slope=settings.slope, last_scale=settings.last_scale))
    return NetworkSpec(
        name="reversible-transformer",
        data="text",
        stem=(Embed(width=settings.width),),
        body=(Block(layers=(attention, mlp), repeat=settings.depth),),
        head=(Conv(channels=SOURCES["text"].classes, kernel=1, padding=0),),
        **settings.common,
    )


FLOWS: dict[str, Preset] = {
    "glow-tiny": Preset(
        "Digits, a flow",
        "Glow's steps on squeezed digits: a factor per channel, a matrix along the channels, an affine coupling.",
        "An affine coupling's vjp needs its whole input, so residuals grow like activations: rebuild them with phase "
        "one `inverse`.",
        GlowSettings,
        _glow_tiny,
    ),
    "reversible-transformer": Preset(
        "Text, transformer blocks",
        "Causal attention and a small dense network in additive couplings, predicting the next byte of a novel.",
        "Backprop keeps every head's table of attention weights; Moonwalk keeps half of the state for an attention and "
        "one bit per hidden unit for a dense part.",
        TransformerSettings,
        _reversible_transformer,
    ),
}
