"""RevNets: additive couplings with convolutions inside."""

from __future__ import annotations

from moonviz.specs.layers import Conv, ConvInside, Coupling, Dense, GlobalMeanPool, Slope
from moonviz.specs.network import Batch, Block, Depth, NetworkSpec
from moonviz.specs.presets.settings import EvenChannels, LastScale, Preset, Settings
from moonviz.specs.sources import SOURCES, DataSource


class RevnetSettings(Settings):
    """Settings of the RevNet presets."""

    channels: EvenChannels = 32
    slope: Slope = 0.2
    last_scale: LastScale = 0.25


class PhotoSettings(RevnetSettings):
    """Settings of `photo-revnet`."""

    depth: Depth = 128
    batch: Batch = 8
    channels: EvenChannels = 64


class PaperSettings(RevnetSettings):
    """Settings of `paper-revnet`."""

    depth: Depth = 64
    batch: Batch = 16
    channels: EvenChannels = 64


def _revnet(name: str, data: DataSource, settings: RevnetSettings) -> NetworkSpec:
    inside = ConvInside(slope=settings.slope, last_scale=settings.last_scale)
    return NetworkSpec(
        name=name,
        data=data,
        stem=(Conv(channels=settings.channels),),
        body=(Block(layers=(Coupling(inside=inside),), repeat=settings.depth),),
        head=(GlobalMeanPool(), Dense(width=SOURCES[data].classes, init="gaussian")),
        **settings.common,
    )


REVNETS: dict[str, Preset] = {
    "digits-revnet": Preset(
        "Digits, coupling layers",
        "Additive couplings with convolutions inside, on handwritten digits: the one to start with.",
        "Backprop keeps two full halves per layer; Moonwalk keeps one bit for each hidden unit, and its gradient "
        "agrees to rounding.",
        RevnetSettings,
        lambda settings: _revnet("digits-revnet", "digits", settings),
    ),
    "photo-revnet": Preset(
        "Photographs, coupling layers",
        "The long one: 128 couplings of 64 channels on 32×32 colour patches of two photographs.",
        "At this depth backprop's memory is almost all activations, and Moonwalk's is mostly the weight gradients "
        "that both must deliver.",
        PhotoSettings,
        lambda settings: _revnet("photo-revnet", "photos", settings),
    ),
    "paper-revnet": Preset(
        "CIFAR-10's sizes, coupling layers",
        "A RevNet on 32×32 colour images of ten classes: synthetic ones, or CIFAR-10 where it is installed.",
        "Bytes depend on shapes alone, so memory is the same on synthetic images as on the real ones.",
        PaperSettings,
        lambda settings: _revnet("paper-revnet", "cifar10", settings),
    ),
}
