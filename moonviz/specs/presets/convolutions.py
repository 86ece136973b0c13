"""Convolutional networks that are not invertible."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from moonviz.specs.layers import Conv, Conv1x1, Dense, GlobalMeanPool, LeakyReLU, Slope
from moonviz.specs.network import Batch, Block, Depth, NetworkSpec
from moonviz.specs.presets.settings import Channels, Preset, Settings
from moonviz.specs.sources import SOURCES, DataSource


class ConvPyramidSettings(Settings):
    """Settings of `conv-pyramid`."""

    depth: Depth = 8
    batch: Batch = 16
    channels: Channels = 32
    stages: Annotated[int, Field(ge=1, le=5)] = 3
    slope: Slope = 0.7


class FragmentSettings(Settings):
    """Settings of `conv1d-fragments`."""

    depth: Depth = 16
    batch: Batch = 32
    channels: Channels = 16
    slope: Slope = 0.5
    block: Annotated[int, Field(ge=3, le=64)] = 8


def _net(name: str, data: DataSource, channels: int, body: tuple[Block, ...], settings: Settings) -> NetworkSpec:
    return NetworkSpec(
        name=name,
        data=data,
        stem=(Conv(channels=channels),),
        body=body,
        head=(GlobalMeanPool(), Dense(width=SOURCES[data].classes, init="gaussian")),
        **settings.common,
    )


def _conv_pyramid(settings: ConvPyramidSettings) -> NetworkSpec:
    halving = Block(layers=(Conv(channels=settings.channels, stride=2, pivot="unit"),))
    mixing = Block(layers=(Conv1x1(bias=True), LeakyReLU(slope=settings.slope)), repeat=settings.depth)
    return _net("conv-pyramid", "photos", settings.channels, (halving, mixing) * settings.stages, settings)


def _conv1d_fragments(settings: FragmentSettings) -> NetworkSpec:
    layers = (
        Conv(channels=settings.channels, pivot="unit", bounded=True, block=settings.block),
        LeakyReLU(slope=settings.slope),
    )
    body = (Block(layers=layers, repeat=settings.depth),)
    return _net("conv1d-fragments", "digits-sequence", settings.channels, body, settings)


CONVOLUTIONS: dict[str, Preset] = {
    "conv-pyramid": Preset(
        "Photographs, three halvings",
        "Each stage halves height and width by a convolution with a triangular pivot tap, then mixes the channels.",
        "A strided convolution cannot be undone, but h at its output can be recovered from h at its input, so "
        "Moonwalk keeps nothing there.",
        ConvPyramidSettings,
        _conv_pyramid,
    ),
    "conv1d-fragments": Preset(
        "Digits as sequences, convolutions",
        "Ordinary convolutions of stride 1 along the 64 pixels of a digit, walked block by block.",
        "Moonwalk keeps two of every eight columns of h at each convolution; larger blocks keep less and take more "
        "steps one after the other.",
        FragmentSettings,
        _conv1d_fragments,
    ),
}
