"""From a network's spec to the network, and to the cards that describe its layers."""

from __future__ import annotations

from math import prod

import torch

from moonviz.errors import InvalidSpec
from moonviz.layers import Layer, Placement, capability, make
from moonviz.layers.reshape import Join, Split
from moonviz.networks.network import Network
from moonviz.results import LayerCard
from moonviz.specs import layers as specs
from moonviz.specs.network import NetworkSpec
from moonviz.specs.sources import SOURCES

DTYPES: dict[str, torch.dtype] = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def build(spec: NetworkSpec, device: str | torch.device = "cpu") -> Network:
    """The network of a spec, its weights drawn from the spec's seed.

    Args:
        spec: The network.
        device: Where to put it; on ``"meta"`` nothing is drawn and no memory is used.

    Raises:
        InvalidSpec: If a layer does not fit the one before it, naming the layer.
    """
    _check_input(spec)
    place = Placement(torch.device(device), DTYPES[spec.dtype])
    stem, shape, paired = _chain(list(spec.stem), SOURCES[spec.data].shape, False, place, "stem layer {} ({})")
    written_out = [layer for block in spec.body for _ in range(block.repeat) for layer in block.layers]
    body, shape, paired = _chain(written_out, shape, paired, place, "layer {} ({})")
    ends = _block_ends(spec, body)
    # the halves of a body that starts or ends with couplings are made by the stem and joined by the head, so that
    # the layers of the body are what the spec says they are
    if isinstance(body[0], Split) and len(body) > 1:
        stem.append(body.pop(0))
        ends = [end - 1 for end in ends]
    head, shape, _ = _chain(list(spec.head), shape, paired, place, "head layer {} ({})", joined=True)
    _check_output(spec, shape)
    for number, layer in enumerate(body, 1):
        layer.title = f"layer {number} ({layer.kind})"
    network = Network(spec, stem, body, head, ends)
    if place.device.type != "meta":
        generator = torch.Generator().manual_seed(spec.seed)
        for layer in (*stem, *body, *head):
            layer.initialise(generator)
    return network


def describe(spec: NetworkSpec) -> tuple[LayerCard, ...]:
    """What each layer is and can do: stem (0), body (1…L), head (L+1).

    Raises:
        InvalidSpec: If a layer does not fit the one before it, naming the layer.
    """
    network = build(spec, "meta")
    ends = {0: "stem", network.length + 1: "head and loss"}
    return tuple(_card(network, number, ends.get(number)) for number in range(network.length + 2))


def _block_ends(spec: NetworkSpec, body: list[Layer]) -> list[int]:
    """The number of each block's last layer in the body, splits and joins counted."""
    own = [number for number, layer in enumerate(body, 1) if not isinstance(layer, Split | Join)]
    ends, done = [], 0
    for block in spec.body:
        for _ in range(block.repeat):
            done += len(block.layers)
            ends.append(own[done - 1])
    return ends


def _check_input(spec: NetworkSpec) -> None:
    """Bytes need an embedding, and nothing else can have one."""
    first, *others = (*spec.stem, *(layer for block in spec.body for layer in block.layers), *spec.head)
    embeds = bool(spec.stem) and isinstance(first, specs.Embed)
    if any(isinstance(layer, specs.Embed) for layer in (others if embeds else (first, *others))):
        raise InvalidSpec("`embed` turns bytes into numbers, so it can only be the first layer of the stem.")
    if embeds != (SOURCES[spec.data].values == "bytes"):
        remedy = "so the stem cannot begin with `embed`" if embeds else "so the stem must begin with `embed`"
        raise InvalidSpec(f"`{spec.data}` gives {SOURCES[spec.data].values}, {remedy}.")


def _check_output(spec: NetworkSpec, shape: tuple[int, ...]) -> None:
    card = SOURCES[spec.data]
    if len(shape) == 1 + len(card.target_shape) and shape[0] >= card.classes and shape[1:] == card.target_shape:
        return
    gives = f"the head gives {'×'.join(map(str, shape))} numbers per example, but the loss needs"
    if card.targets == "position":
        raise InvalidSpec(
            f"{gives} at least {card.classes} (one per class of `{spec.data}`) for each of {card.target_shape[0]} "
            f"positions. End the head with a convolution of kernel 1, padding 0 and {card.classes} channels."
        )
    raise InvalidSpec(
        f"{gives} a vector of at least {card.classes} (one per class of `{spec.data}`). End the head with a dense "
        f"layer of width {card.classes}."
    )


def _card(network: Network, number: int, end: str | None) -> LayerCard:
    layers = network.part(number)
    in_shape = layers[0].in_shape if layers else SOURCES[network.spec.data].shape
    return LayerCard(
        index=number,
        name=end or f"{layers[0].kind} {number}",
        kind=end or layers[0].kind,
        capability="outside the walk" if end else capability(layers[0]),
        reason="Its gradient is one local step, whatever the method." if end else layers[0].reason,
        in_shape=in_shape,
        out_shape=layers[-1].out_shape if layers else in_shape,
        parameters=sum(prod(weight.shape) for weight in network.weights(number).values()),
    )


def _chain(
    layers: list[specs.LayerSpec],
    shape: tuple[int, ...],
    paired: bool,
    place: Placement,
    title: str,
    joined: bool = False,
) -> tuple[list[Layer], tuple[int, ...], bool]:
    """Layers one after the other, with splits and joins put in where halves begin and end."""
    made: list[Layer] = []
    for number, spec in enumerate(layers, 1):
        layer = make(spec, shape, place, title.format(number, spec.kind.replace("_", " ")))
        if layer.paired != paired:
            made.append(Split(shape) if layer.paired else Join(shape))
        made.append(layer)
        shape, paired = layer.out_shape, layer.pairs_output
    if joined and paired:
        made.append(Join(shape))
        paired = False
    return made, shape, paired
