"""What a layer is called on a page: its name, its numbers, and its place in the network."""

from __future__ import annotations

from typing import Any

from moonviz.building.facts import Place
from moonviz.specs import NetworkSpec
from moonviz.specs import layers as specs

NAMES: dict[str, str] = {
    "dense": "Dense",
    "conv": "Conv",
    "conv1x1": "1×1 conv",
    "coupling": "Coupling",
    "residual": "Residual block",
    "leaky_relu": "LeakyReLU",
    "relu": "ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "softplus": "Softplus",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softmax": "Softmax",
    "actnorm": "ActNorm",
    "batch_norm": "BatchNorm",
    "layer_norm": "LayerNorm",
    "rms_norm": "RMSNorm",
    "dropout": "Dropout",
    "max_pool": "Max pool",
    "mean_pool": "Mean pool",
    "global_mean_pool": "Global mean pool",
    "squeeze": "Squeeze",
    "permute": "Permute",
    "flatten": "Flatten",
    "embed": "Embed",
}
"""Every kind of layer by its name for people, in the order of a menu."""

_INSIDES = {"conv": "convolutions", "mlp": "dense maps", "attention": "attention"}
_WIDTHS = {"dense": "width", "conv": "channels", "embed": "width"}


def title(layer: specs.LayerSpec, in_shape: tuple[int, ...] | None = None) -> str:
    """A layer's name, with what it makes of the channels: ``"Conv 64 → 128"``.

    Args:
        layer: Its spec.
        in_shape: Shape of one example's input, where it is known.
    """
    name, width = NAMES[layer.kind], _WIDTHS.get(layer.kind)
    if width is None:
        return f"{name} {layer.factor}×" if isinstance(layer, specs.Squeeze) else name
    takes = f"{in_shape[0]:,} → " if in_shape and layer.kind != "embed" else "→ "
    return f"{name} {takes}{getattr(layer, width):,}"


def subtitle(layer: specs.LayerSpec) -> str:
    """A layer's other numbers: ``"kernel 3, stride 2, padding 1"``; empty where it has none."""
    match layer:
        case specs.Conv():
            extras = [f"pivot {layer.pivot}"] * (layer.pivot != "free") + ["bounded"] * layer.bounded
            return ", ".join([*_window(layer), *extras])
        case specs.Pool():
            return ", ".join(_window(layer))
        case specs.Coupling():
            return f"{layer.form}, {_inside(layer.inside)} inside"
        case specs.Residual():
            return f"bound {layer.bound:g}, {layer.iterations} iterations"
        case specs.Dense():
            return f"{layer.init} weights" + (f", gain {layer.gain:g}" if layer.gain != 1 else "")
        case specs.LeakyReLU():
            return f"slope {layer.slope:g}"
        case specs.Gated():
            return f"threshold {layer.threshold:g}"
        case specs.Dropout():
            return f"probability {layer.probability:g}"
        case specs.Permute():
            return layer.order
        case specs.Norm() | specs.BatchNorm():
            return f"epsilon {layer.epsilon:g}"
        case _:
            return ""


def _window(layer: specs.Conv | specs.Pool) -> list[str]:
    return [f"kernel {layer.kernel}", f"stride {layer.stride}", f"padding {layer.padding}"]


def _inside(inside: Any) -> str:
    words = _INSIDES[inside.kind]
    if isinstance(inside, specs.ConvInside):
        return f"{words} of kernel {inside.kernel}"
    return f"{words} of {inside.heads} heads" if isinstance(inside, specs.AttentionInside) else words


def title_in_messages(network: NetworkSpec, place: Place) -> str:
    """A layer's name as the engine's messages give it: ``"layer 3 (conv)"``, of the first repeat; no bounds checked."""
    layers = layers_of(network, place)
    kind = layers[place.layer].kind.replace("_", " ") if 0 <= place.layer < len(layers) else "nothing there"
    if place.part != "body":
        return f"{place.part} layer {place.layer + 1} ({kind})"
    before = sum(len(block.layers) * block.repeat for block in network.body[: place.block])
    return f"layer {before + place.layer + 1} ({kind})"


def layers_of(network: NetworkSpec, place: Place) -> tuple[specs.LayerSpec, ...]:
    """The layers that a place counts: the stem's, the head's, or those of its block; none for a block there is not."""
    if place.part == "body":
        return network.body[place.block].layers if place.block < len(network.body) else ()
    return network.stem if place.part == "stem" else network.head
