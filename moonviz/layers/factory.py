"""From a layer's spec to its module: one factory per kind, which picks the class."""

from __future__ import annotations

from math import prod

from moonviz.errors import InvalidSpec
from moonviz.layers import (
    activation,
    conv,
    coupling,
    dense,
    dropout,
    embed,
    gated,
    mixing,
    norms,
    pool,
    reshape,
    residual,
    smooth,
    softmax,
)
from moonviz.layers.base import FragmentalLayer, InvertibleLayer, Layer, Shape, SubmersiveLayer
from moonviz.layers.checks import Factory, words
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs

CAPABILITIES: dict[str, type[Layer]] = {
    "invertible": InvertibleLayer,
    "submersive": SubmersiveLayer,
    "fragmental": FragmentalLayer,
    "ordinary": Layer,
}
"""From the strongest to none."""

LARGEST_SIDE, LARGEST_STATE = 1_024, 2**28
"""The most positions along an axis, and the most numbers of one example, that a layer may give."""

NEEDS: dict[str, type[Layer]] = {**CAPABILITIES, "any": Layer}
"""What a method may ask of each layer, as a type."""


def capability(layer: Layer) -> str:
    """The strongest capability a layer has."""
    return next(name for name, kind in CAPABILITIES.items() if isinstance(layer, kind))


def make(spec: specs.LayerSpec, in_shape: Shape, place: Placement, title: str) -> Layer:
    """The layer of a spec on inputs of this shape, weights not drawn yet.

    Raises:
        InvalidSpec: If the shape does not fit, naming the layer.
    """
    try:
        layer = _FACTORIES[type(spec)](spec, in_shape, place)
        _bounded(layer.out_shape)
    except InvalidSpec as error:
        raise InvalidSpec(f"{title}: {error}") from None
    layer.title = title
    return layer


def _bounded(shape: Shape) -> None:
    if max(shape[1:], default=1) > LARGEST_SIDE or prod(shape) > LARGEST_STATE:
        raise InvalidSpec(
            f"it would give {words(shape)} per example; at most {LARGEST_STATE:,} are allowed, and {LARGEST_SIDE:,} "
            "positions along an axis. Take fewer channels, less padding or a larger stride."
        )


_FACTORIES: dict[type, Factory] = {
    kind: factory
    for room in (
        dense,
        activation,
        smooth,
        gated,
        softmax,
        dropout,
        norms,
        conv,
        coupling,
        residual,
        mixing,
        reshape,
        embed,
        pool,
    )
    for kind, factory in room.FACTORIES.items()
}
