"""The same layer on a smaller input, for a look inside one whose own Jacobian is too large to write out. No torch."""

from __future__ import annotations

from math import prod

from moonviz.specs import layers as specs

Shape = tuple[int, ...]
_CHANNELS = 4
_SIDE = 8
_WIDTH = 24
"""Units of a small dense layer."""


def small_twin(layer: specs.LayerSpec, in_shape: Shape) -> tuple[specs.LayerSpec, Shape] | None:
    """A layer of the same kernel, stride, padding and settings, with fewer channels and positions.

    Channels out keep their ratio to channels in, and positions the place where the last window ends.

    Args:
        layer: Its spec.
        in_shape: Shape of one example's input.

    Returns:
        The layer and its input's shape; null where that is no smaller.
    """
    channels, sides = _channels(layer, in_shape), tuple(_side(layer, side) for side in in_shape[1:])
    ratio = channels / in_shape[0]
    changed: dict[str, object] = {}
    if isinstance(layer, specs.Dense):
        changed["width"] = max(1, round(layer.width * ratio))
    if isinstance(layer, specs.Conv):
        changed["channels"] = max(1, round(layer.channels * ratio))
    if isinstance(layer, specs.Coupling) and not isinstance(layer.inside, specs.AttentionInside):
        changed["inside"] = layer.inside.model_copy(update={"hidden": _hidden(layer.inside.hidden, ratio)})
    if isinstance(layer, specs.Residual):
        changed["hidden"] = _hidden(layer.hidden, ratio)
    shape = (channels, *sides)
    return (layer.model_copy(update=changed), shape) if prod(shape) < prod(in_shape) else None


def _channels(layer: specs.LayerSpec, in_shape: Shape) -> int:
    """Channels of the small input: even, and for as many heads as there are."""
    wanted = _WIDTH if len(in_shape) == 1 else _CHANNELS
    if isinstance(layer, specs.Conv):
        wanted = 2
    if isinstance(layer, specs.Coupling) and isinstance(layer.inside, specs.AttentionInside):
        wanted = max(wanted, 2 * layer.inside.heads)
    return min(in_shape[0], wanted)


def _side(layer: specs.LayerSpec, side: int) -> int:
    """Positions of the small input along one axis: the windows of a kernel end as they do along the whole."""
    if isinstance(layer, specs.Conv | specs.Pool):
        least = max(_SIDE, layer.kernel)
        return min(side, least + (side - least) % layer.stride)
    if isinstance(layer, specs.Squeeze):
        return min(side, 2 * layer.factor)
    return min(side, _CHANNELS)


def _hidden(hidden: int | None, ratio: float) -> int | None:
    return hidden and max(1, round(hidden * ratio))
