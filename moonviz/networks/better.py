"""Changes of a layer that might let the walk pass it with less. Nothing here knows whether they do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from moonviz.building.facts import Place
from moonviz.building.words import NAMES
from moonviz.layers.base import Shape
from moonviz.networks.candidates import Candidate, instead, layer_at, with_numbers, without
from moonviz.specs import NetworkSpec
from moonviz.specs import layers as specs

MOST_TRIED = 48
SLOPE = 0.1


def changes_of(network: NetworkSpec, place: Place, in_shape: Shape) -> Iterator[Candidate | None]:
    """What might be done with the layer at a place, whose input has this shape."""
    layer = layer_at(network, place)
    name = NAMES[layer.kind]
    match layer:
        case specs.ReLU():
            yield instead(network, place, 1, f"{name} → LeakyReLU {SLOPE}", kind="leaky_relu", slope=SLOPE)
        case specs.Gated():
            yield instead(network, place, 1, f"{name} → ELU", kind="elu")
            yield instead(network, place, 2, f"{name} → LeakyReLU {SLOPE}", kind="leaky_relu", slope=SLOPE)
        case specs.Norm() | specs.BatchNorm():
            yield instead(network, place, 1, f"{name} → ActNorm", kind="actnorm")
        case specs.Dropout() | specs.Softmax():
            yield without(network, place, 1)
        case specs.Dense():
            yield with_numbers(network, place, 1, width=in_shape[0])
        case specs.Pool():
            yield from _windows(network, place, layer, (layer.padding, 0))
        case specs.Conv():
            yield from _windows(network, place, layer, tuple(range(max(layer.padding, layer.kernel // 2) + 1)))
            yield from _narrower(network, place, layer, in_shape)
        case _:
            pass


def _windows(
    network: NetworkSpec, place: Place, layer: specs.Conv | specs.Pool, paddings: tuple[int, ...]
) -> Iterator[Candidate | None]:
    """Other windows: where they lie, how far apart, and last how large they are."""
    kernels = dict.fromkeys((layer.kernel, 3, layer.stride, 1))
    strides = dict.fromkeys((layer.stride, 1, 2, layer.kernel))
    tried = sorted(
        (
            (padding != layer.padding) + 1.5 * (stride != layer.stride) + 2 * (kernel != layer.kernel),
            abs(padding - layer.padding),
            kernel,
            stride,
            padding,
        )
        for kernel, stride, padding in product(kernels, strides, dict.fromkeys((*paddings, 0, 1)))
    )
    for cost, far, kernel, stride, padding in tried[:MOST_TRIED]:
        yield with_numbers(network, place, cost + far / 64, kernel=kernel, stride=stride, padding=padding)


def _narrower(network: NetworkSpec, place: Place, layer: specs.Conv, in_shape: Shape) -> Iterator[Candidate | None]:
    """No more channels than come in, and windows that such a convolution can be undone from."""
    channels = min(layer.channels, in_shape[0])
    same = {"kernel": layer.kernel, "stride": layer.stride, "padding": layer.padding}
    odd = layer.kernel - (layer.kernel % 2 == 0)
    for cost, numbers in (
        (1, same),
        (2.5, same | {"padding": 0}),
        (2.6, same | {"padding": odd // 2, "kernel": odd, "stride": 1}),
        (3, same | {"kernel": 3, "stride": 2, "padding": 1}),
        (3.5, {"kernel": 1, "stride": 1, "padding": 0}),
    ):
        yield with_numbers(network, place, cost, channels=channels, **numbers)
