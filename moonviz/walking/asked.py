"""What a walk is asked for: a tiny network with its weights written out, an input, and a method. No torch here."""

from __future__ import annotations

from math import isfinite
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from moonviz.specs.base import Spec
from moonviz.specs.layers import Coupling, Dense, LeakyReLU, MlpInside, ReLU
from moonviz.specs.network import NetworkSpec
from moonviz.specs.run import MethodChoice
from moonviz.specs.sources import SOURCES, own_source

MOST_LAYERS = 8
"""The most layers of a body that is walked number by number."""
MOST_SIZE = 4
"""The most numbers of a state."""
LARGEST = 100.0
"""The largest weight, or number of an input, in size."""
PLANE = own_source("0" * 32, (2,), 2, 10)
"""The data source of walks: points of the plane in two classes. A walk brings its own point, so none is ever drawn."""


def _small(value: float) -> float:
    if not isfinite(value) or abs(value) > LARGEST:
        raise ValueError(f"numbers of a walk lie between −{LARGEST:g} and {LARGEST:g}")
    return value


Number = Annotated[float, AfterValidator(_small)]
Row = Annotated[tuple[Number, ...], Field(strict=False, max_length=16)]
Rows = Annotated[tuple[Row, ...], Field(strict=False, min_length=1, max_length=16)]


class WalkSpec(Spec):
    """One method's walk through a tiny network, in float64, at one input.

    Attributes:
        network: Dense layers, LeakyReLU, ReLU and additive couplings; batch 1, float64, on the plane.
        weights: By ``"2.weight"``, the layer's number and the weight's name in it: rows of numbers; a bias is one row.
            Weights that are not named are drawn from the network's seed.
        x: The input.
        target: Its class.
        method: Which method, with its options.
    """

    network: NetworkSpec
    weights: dict[str, Rows] = Field(default_factory=dict)
    x: Row
    target: Annotated[int, Field(ge=0, le=15)] = 0
    method: MethodChoice

    @model_validator(mode="after")
    def _tiny(self) -> Self:
        network = self.network
        layers = [layer for block in network.body for layer in block.layers * block.repeat]
        if len(layers) > MOST_LAYERS:
            raise ValueError(f"a walk shows every number, so at most {MOST_LAYERS} layers; this body has {len(layers)}")
        for layer in (*network.stem, *layers, *network.head):
            plain = isinstance(layer, Dense | LeakyReLU | ReLU) or (
                isinstance(layer, Coupling) and layer.form == "additive" and isinstance(layer.inside, MlpInside)
            )
            if not plain:
                raise ValueError(
                    "a walk goes through dense layers, LeakyReLU, ReLU and additive couplings with an MLP inside; "
                    f"`{layer.kind}` is none of them"
                )
        if network.stem or network.batch != 1 or network.dtype != "float64":
            raise ValueError("a walk has no stem, a batch of 1, and dtype float64")
        wants = SOURCES[network.data]
        if wants.shape != (len(self.x),) or len(self.x) > MOST_SIZE or self.target >= wants.classes:
            raise ValueError(f"`x` needs as many numbers as the data has, at most {MOST_SIZE}, and a class it knows")
        return self

    def moved(self, x: tuple[float, ...] | None = None, weights: dict[str, object] | None = None) -> WalkSpec:
        """The same walk at another input, or with other weights.

        Raises:
            InvalidSpec: If a number is out of range or the wrong shape.
        """
        changed = self.model_dump() | ({"x": x} if x is not None else {})
        return type(self).read(changed | {"weights": changed["weights"] | (weights or {})})

    def by(self, method: str, **options: object) -> WalkSpec:
        """The same walk by another method.

        Raises:
            InvalidSpec: If there is no such method or option.
        """
        return type(self).read(self.model_dump() | {"method": {"name": method, "options": options}})
