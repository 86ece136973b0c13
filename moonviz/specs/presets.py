"""Networks ready to run, each with the settings it offers and what to notice in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Annotated, Any

from pydantic import Field

from moonviz.errors import InvalidSpec
from moonviz.specs.base import Spec
from moonviz.specs.layers import Conv, ConvInside, Coupling, Dense, Flatten, GlobalMeanPool, LeakyReLU, Slope
from moonviz.specs.network import Batch, Block, Depth, DType, NetworkSpec, Seed
from moonviz.specs.sources import SOURCES, DataSource


class Settings(Spec):
    """What every preset lets one set."""

    depth: Depth = 32
    batch: Batch = 64
    dtype: DType = "float32"
    seed: Seed = 0


class RevnetSettings(Settings):
    """Settings of the RevNet presets."""

    channels: Annotated[int, Field(ge=2, le=4_096, multiple_of=2)] = 32
    slope: Slope = 0.2
    last_scale: Annotated[float, Field(gt=0, le=4)] = 0.25


class PhotoSettings(RevnetSettings):
    """Settings of `photo-revnet`."""

    depth: Depth = 128
    batch: Batch = 8
    channels: Annotated[int, Field(ge=2, le=4_096, multiple_of=2)] = 64


class DenseSettings(Settings):
    """Settings of `digits-dense`."""

    depth: Depth = 16
    width: Annotated[int, Field(ge=1, le=16_384)] = 64
    slope: Slope = 0.5


def _revnet(name: str, data: DataSource, settings: RevnetSettings) -> NetworkSpec:
    inside = ConvInside(slope=settings.slope, last_scale=settings.last_scale)
    return NetworkSpec(
        name=name,
        data=data,
        batch=settings.batch,
        stem=(Conv(channels=settings.channels),),
        body=(Block(layers=(Coupling(inside=inside),), repeat=settings.depth),),
        head=(GlobalMeanPool(), Dense(width=SOURCES[data].classes, init="gaussian")),
        dtype=settings.dtype,
        seed=settings.seed,
    )


def _digits_dense(settings: DenseSettings) -> NetworkSpec:
    # The gain keeps the signal's size through a LeakyReLU, so that only the slope's conditioning is left to see.
    gain = sqrt(2 / (1 + settings.slope**2))
    return NetworkSpec(
        name="digits-dense",
        data="digits",
        batch=settings.batch,
        stem=(Flatten(), Dense(width=settings.width)),
        body=(
            Block(
                layers=(Dense(width=settings.width, gain=gain), LeakyReLU(slope=settings.slope)), repeat=settings.depth
            ),
        ),
        head=(Dense(width=SOURCES["digits"].classes, init="gaussian"),),
        dtype=settings.dtype,
        seed=settings.seed,
    )


@dataclass(frozen=True, slots=True)
class Preset:
    """A network that can be had by name.

    Attributes:
        title: A few words for a menu.
        about: What it is.
        notice: What to notice when it runs.
        settings: The settings it takes, with their ranges and defaults.
    """

    title: str
    about: str
    notice: str
    settings: type[Settings]
    _make: Callable[[Any], NetworkSpec]

    def __call__(self, settings: Settings) -> NetworkSpec:
        """The network with these settings."""
        return self._make(settings)


PRESETS: dict[str, Preset] = {
    "digits-revnet": Preset(
        "Digits, 32 coupling layers",
        "Additive couplings with convolutions inside, on handwritten digits: the one to start with.",
        "Backprop keeps two full halves per layer; Moonwalk keeps one bit for each hidden unit, and its gradient "
        "agrees to rounding.",
        RevnetSettings,
        lambda settings: _revnet("digits-revnet", "digits", settings),
    ),
    "photo-revnet": Preset(
        "Photographs, 128 coupling layers",
        "The long one: 128 couplings of 64 channels on 32×32 colour patches of two photographs.",
        "At this depth backprop's memory is almost all activations, and Moonwalk's is mostly the weight gradients "
        "that both must deliver.",
        PhotoSettings,
        lambda settings: _revnet("photo-revnet", "photos", settings),
    ),
    "digits-dense": Preset(
        "Digits, 16 dense layers",
        "Orthogonal dense layers, each followed by a LeakyReLU of slope 0.5: every layer can be undone.",
        "Undoing a LeakyReLU stretches what falls below zero, so rounding errors grow with depth: compare float32 "
        "with float64, then try a smaller slope.",
        DenseSettings,
        _digits_dense,
    ),
}
"""Every preset by name, in teaching order."""


def preset(name: str, **settings: object) -> NetworkSpec:
    """The spec of a preset, with some of its settings changed.

    Args:
        name: One of `PRESETS`.
        **settings: As the preset declares them: `depth`, `batch`, `dtype`, `seed`, and its own.

    Raises:
        InvalidSpec: If there is no such preset or setting, or a value is out of range.
    """
    if name not in PRESETS:
        raise InvalidSpec(f"there is no preset `{name}`; the presets are {', '.join(f'`{p}`' for p in PRESETS)}")
    chosen = PRESETS[name]
    try:
        return chosen(chosen.settings.read(settings))
    except InvalidSpec as error:
        known = ", ".join(f"`{key}`" for key in chosen.settings.model_fields)
        raise InvalidSpec(f"settings of `{name}`: {error} (its settings: {known})") from None
