"""Dense networks on the digits: square, narrowing, and with dead units."""

from __future__ import annotations

from math import sqrt
from typing import Annotated

from pydantic import Field

from moonviz.specs.layers import Dense, Flatten, LeakyReLU, ReLU, Slope
from moonviz.specs.network import Block, Depth, NetworkSpec
from moonviz.specs.presets.settings import Preset, Settings, Width
from moonviz.specs.sources import SOURCES

CLASSES = SOURCES["digits"].classes


class DenseSettings(Settings):
    """Settings of `digits-dense`."""

    depth: Depth = 16
    width: Width = 64
    slope: Slope = 0.5


class PyramidSettings(DenseSettings):
    """Settings of `dense-pyramid`."""

    depth: Annotated[int, Field(ge=1, le=512)] = 16
    last: Width = 16


class ReluSettings(Settings):
    """Settings of `relu-net`."""

    depth: Depth = 16
    width: Width = 64


def _net(name: str, width: int, body: tuple[Block, ...], settings: Settings) -> NetworkSpec:
    return NetworkSpec(
        name=name,
        data="digits",
        stem=(Flatten(), Dense(width=width)),
        body=body,
        head=(Dense(width=CLASSES, init="gaussian"),),
        **settings.common,
    )


def gain(slope: float) -> float:
    """What keeps the signal's size through a LeakyReLU, so that only the slope's conditioning is left to see."""
    return sqrt(2 / (1 + slope**2))


def _digits_dense(settings: DenseSettings) -> NetworkSpec:
    layers = (Dense(width=settings.width, gain=gain(settings.slope)), LeakyReLU(slope=settings.slope))
    return _net("digits-dense", settings.width, (Block(layers=layers, repeat=settings.depth),), settings)


def _dense_pyramid(settings: PyramidSettings) -> NetworkSpec:
    first, last, depth = settings.width, min(settings.width, settings.last), settings.depth
    widths = [first + round((last - first) * step / depth) for step in range(1, depth + 1)]
    body = tuple(
        Block(layers=(Dense(width=width, gain=gain(settings.slope)), LeakyReLU(slope=settings.slope)))
        for width in widths
    )
    return _net("dense-pyramid", first, body, settings)


def _relu_net(settings: ReluSettings) -> NetworkSpec:
    layers = (Dense(width=settings.width, gain=gain(0)), ReLU())
    return _net("relu-net", settings.width, (Block(layers=layers, repeat=settings.depth),), settings)


DENSE: dict[str, Preset] = {
    "digits-dense": Preset(
        "Digits, dense layers",
        "Orthogonal dense layers, each followed by a LeakyReLU of slope 0.5: every layer can be undone.",
        "Undoing a LeakyReLU stretches what falls below zero, so rounding errors grow with depth: compare float32 "
        "with float64.",
        DenseSettings,
        _digits_dense,
    ),
    "dense-pyramid": Preset(
        "Digits, narrowing dense layers",
        "Dense layers that narrow from 64 units to 16, each followed by a LeakyReLU: none of the narrowing ones can be "
        "undone, yet each has a right inverse.",
        "RevBackprop is refused, since a narrowing layer's input cannot be rebuilt; Moonwalk's gradient is exact all "
        "the same.",
        PyramidSettings,
        _dense_pyramid,
    ),
    "relu-net": Preset(
        "Digits, dense layers with ReLU",
        "Orthogonal dense layers, each followed by a ReLU, whose dead units erase their part of h.",
        "Moonwalk keeps what dead units erase of h as fragments, about half of every activation, so it saves nothing "
        "here.",
        ReluSettings,
        _relu_net,
    ),
}
