"""From a layer's spec to its module: one factory per kind, which picks the class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.layers.activation import LeakyReLU
from moonviz.layers.base import FragmentalLayer, InvertibleLayer, Layer, Shape, SubmersiveLayer
from moonviz.layers.conv import OrdinaryConv
from moonviz.layers.coupling import AdditiveCoupling
from moonviz.layers.dense import OrdinaryDense, SquareDense
from moonviz.layers.placement import Placement
from moonviz.layers.reshape import Flatten, GlobalMeanPool
from moonviz.specs import layers as specs

CAPABILITIES: dict[str, type[Layer]] = {
    "invertible": InvertibleLayer,
    "submersive": SubmersiveLayer,
    "fragmental": FragmentalLayer,
    "ordinary": Layer,
}
"""From the strongest to none."""

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
    except InvalidSpec as error:
        raise InvalidSpec(f"{title}: {error}") from None
    layer.title = title
    return layer


def _dense(spec: specs.Dense, in_shape: Shape, place: Placement) -> Layer:
    if len(in_shape) != 1:
        raise InvalidSpec(f"a dense layer takes a vector, but gets {_words(in_shape)}. Put `flatten` before it.")
    return (SquareDense if in_shape == (spec.width,) else OrdinaryDense)(spec, in_shape, place)


def _conv(spec: specs.Conv, in_shape: Shape, place: Placement) -> Layer:
    _need_image("a convolution", in_shape)
    if min(in_shape[1:]) + 2 * spec.padding < spec.kernel:
        raise InvalidSpec(
            f"kernel {spec.kernel} is larger than {_words(in_shape)} with padding {spec.padding}. "
            "Take a smaller kernel."
        )
    return OrdinaryConv(spec, in_shape, place)


def _coupling(spec: specs.Coupling, in_shape: Shape, place: Placement) -> Layer:
    _need_image("a coupling with a convolution inside", in_shape)
    if in_shape[0] % 2:
        raise InvalidSpec(
            f"a coupling splits its channels in two halves, but gets {in_shape[0]}. Give the layer before it an even "
            "number of channels."
        )
    return AdditiveCoupling(spec, in_shape, place)


def _pool(spec: specs.GlobalMeanPool, in_shape: Shape, place: Placement) -> Layer:
    _need_image("a global mean pool", in_shape)
    return GlobalMeanPool(in_shape)


def _need_image(what: str, in_shape: Shape) -> None:
    if len(in_shape) != 3:
        raise InvalidSpec(f"{what} takes channels, height and width, but gets {_words(in_shape)}.")


def _words(shape: Shape) -> str:
    return "×".join(map(str, shape)) + " numbers"


_FACTORIES: dict[type, Callable[[Any, Shape, Placement], Layer]] = {
    specs.Dense: _dense,
    specs.LeakyReLU: LeakyReLU,
    specs.Conv: _conv,
    specs.Coupling: _coupling,
    specs.Flatten: lambda spec, in_shape, place: Flatten(in_shape),
    specs.GlobalMeanPool: _pool,
}
