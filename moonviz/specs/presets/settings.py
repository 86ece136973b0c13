"""What one can set on a preset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from moonviz.specs.base import Spec
from moonviz.specs.network import Batch, Depth, DType, NetworkSpec, Seed

EvenChannels = Annotated[int, Field(ge=2, le=4_096, multiple_of=2)]
Channels = Annotated[int, Field(ge=1, le=4_096)]
Width = Annotated[int, Field(ge=1, le=16_384)]
LastScale = Annotated[float, Field(gt=0, le=4)]


class Settings(Spec):
    """What every preset lets one set."""

    depth: Depth = 32
    batch: Batch = 64
    dtype: DType = "float32"
    seed: Seed = 0

    @property
    def common(self) -> dict[str, Any]:
        """The fields of a network that are set as they are."""
        return {"batch": self.batch, "dtype": self.dtype, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class Preset:
    """A network that can be had by name.

    Attributes:
        title: A few words for a menu, without numbers: the settings may change them.
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
