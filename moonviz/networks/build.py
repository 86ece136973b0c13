"""From a network's spec to the network, and to the cards that describe its layers."""

from __future__ import annotations

from math import prod

import torch

from moonviz.building.facts import Problem
from moonviz.errors import InvalidSpec
from moonviz.layers import Layer, Placement, capability, make
from moonviz.layers.reshape import Join, Split
from moonviz.networks.checking import DTYPES, embed_fault, output_fault, too_few_examples
from moonviz.networks.network import Network
from moonviz.results import LayerCard
from moonviz.specs import layers as specs
from moonviz.specs.network import NetworkSpec
from moonviz.specs.sources import SOURCES


def build(spec: NetworkSpec, device: str | torch.device = "cpu") -> Network:
    """The network of a spec, its weights drawn from the spec's seed.

    Args:
        spec: The network.
        device: Where to put it; on ``"meta"`` nothing is drawn and no memory is used.

    Raises:
        InvalidSpec: If a layer does not fit the one before it, naming the layer.
    """
    _refuse(embed_fault(spec))
    place = Placement(torch.device(device), DTYPES[spec.dtype])
    stem, shape, paired = _chain(spec, list(spec.stem), SOURCES[spec.data].shape, False, place, "stem layer {} ({})")
    written_out = [layer for block in spec.body for _ in range(block.repeat) for layer in block.layers]
    body, shape, paired = _chain(spec, written_out, shape, paired, place, "layer {} ({})")
    ends = _block_ends(spec, body)
    # the halves of a body that starts or ends with couplings are made by the stem and joined by the head, so that
    # the layers of the body are what the spec says they are
    if isinstance(body[0], Split) and len(body) > 1:
        stem.append(body.pop(0))
        ends = [end - 1 for end in ends]
    head, shape, _ = _chain(spec, list(spec.head), shape, paired, place, "head layer {} ({})", joined=True)
    weights = sum(weight.numel() for layer in (*stem, *body, *head) for weight in layer.parameters())
    _refuse(output_fault(spec, shape, weights))
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


def _refuse(fault: Problem | None) -> None:
    if fault:
        raise InvalidSpec(f"{fault.layer_name}: {fault.message}")


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
    network: NetworkSpec,
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
        name = title.format(number, spec.kind.replace("_", " "))
        layer = make(spec, shape, place, name)
        if fault := too_few_examples(spec, shape, network.batch):
            raise InvalidSpec(f"{name}: {fault}")
        if layer.paired != paired:
            made.append(Split(shape) if layer.paired else Join(shape))
        made.append(layer)
        shape, paired = layer.out_shape, layer.pairs_output
    if joined and paired:
        made.append(Join(shape))
        paired = False
    return made, shape, paired
