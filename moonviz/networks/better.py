"""Changes of a layer that might let the walk pass it with less. Nothing here knows whether they do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from moonviz.building.words import NAMES
from moonviz.layers.base import Shape
from moonviz.specs import layers as specs

MOST_TRIED = 48
SLOPE = 0.1

Change = tuple[float, str, specs.LayerSpec | None]
"""(how much it changes, in words, the layer instead; null: none)."""


def changes_of(layer: specs.LayerSpec, in_shape: Shape) -> Iterator[Change]:
    """What might be done with a layer whose input has this shape, those that change little first."""
    name = NAMES[layer.kind]
    leaky = specs.LeakyReLU(slope=SLOPE)
    match layer:
        case specs.ReLU():
            yield 1, f"{name} → LeakyReLU {SLOPE}", leaky
        case specs.Gated():
            yield 1, f"{name} → ELU", specs.Elementwise(kind="elu")
            yield 2, f"{name} → LeakyReLU {SLOPE}", leaky
        case specs.Norm() | specs.BatchNorm():
            yield 1, f"{name} → ActNorm", specs.ActNorm()
        case specs.Dropout() | specs.Softmax():
            yield 1, f"remove this {name}", None
        case specs.Dense():
            yield from _with(layer, 1, width=in_shape[0])
        case specs.Pool():
            yield from _windows(layer, (layer.padding, 0))
        case specs.Conv():
            yield from _windows(layer, tuple(range(max(layer.padding, layer.kernel // 2) + 1)))
            yield from _narrower(layer, in_shape)
        case _:
            pass


def _windows(layer: specs.Conv | specs.Pool, paddings: tuple[int, ...]) -> Iterator[Change]:
    """Other windows: where they lie, how far apart, and last how large they are."""
    kernels = dict.fromkeys((layer.kernel, 3, layer.stride, 1))
    strides = dict.fromkeys((layer.stride, 1, 2, min(layer.kernel, 16)))
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
        yield from _with(layer, cost + far / 64, kernel=kernel, stride=stride, padding=padding)


def _narrower(layer: specs.Conv, in_shape: Shape) -> Iterator[Change]:
    """No more channels than come in, and windows that such a convolution can be undone from."""
    channels = min(layer.channels, in_shape[0])
    odd = layer.kernel - (layer.kernel % 2 == 0)
    for cost, numbers in (
        (1, {}),
        (2.5, {"padding": 0}),
        (2.6, {"padding": odd // 2, "kernel": odd, "stride": 1}),
        (3, {"kernel": 3, "stride": 2, "padding": 1}),
        (3.5, {"kernel": 1, "stride": 1, "padding": 0}),
    ):
        yield from _with(layer, cost, channels=channels, **numbers)


def _with(layer: Any, cost: float, **values: int) -> Iterator[Change]:
    """Other numbers, where they are others."""
    changed = {name: value for name, value in values.items() if getattr(layer, name) != value}
    if changed:
        says = ", ".join(f"{name} {getattr(layer, name)} → {value}" for name, value in changed.items())
        yield cost, says, type(layer)(**{**dict(layer), **changed})
