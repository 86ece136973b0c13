"""Whether the layers of a spec fit each other, layer by layer on the meta device, and what each can do.

Nothing is judged here that `build` would judge otherwise: both make the layers by the same factory, and share the
checks of a network's two ends. What is known of a layer is kept, so that a draft with one layer changed costs little.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

import torch

from moonviz.building.facts import Place, Problem
from moonviz.building.words import title_in_messages
from moonviz.errors import InvalidSpec
from moonviz.layers import Placement, capability, make
from moonviz.layers.base import Shape
from moonviz.layers.factory import CAPABILITIES
from moonviz.specs import SOURCES, NetworkSpec
from moonviz.specs import layers as specs

DTYPES: dict[str, torch.dtype] = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
STRENGTH = {name: -number for number, name in enumerate(CAPABILITIES)}
"""Capabilities by strength: 0 for invertible, and lower for less."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a layer makes of inputs of one shape.

    Attributes:
        takes_pair: Whether it takes two halves.
        gives_pair: Whether it gives two.
    """

    in_shape: Shape
    out_shape: Shape
    takes_pair: bool
    gives_pair: bool
    capability: str
    reason: str
    parameters: int


@lru_cache(maxsize=16_384)
def judge(layer: specs.LayerSpec, in_shape: Shape, dtype: str) -> Judged | str:
    """What a layer makes of inputs of this shape, or why it takes none."""
    try:
        made = make(layer, in_shape, Placement(torch.device("meta"), DTYPES[dtype]), "")
    except InvalidSpec as error:
        return str(error).removeprefix(": ")
    return Judged(
        in_shape,
        made.out_shape,
        made.paired,
        made.pairs_output,
        capability(made),
        made.reason,
        sum(prod(weight.shape) for weight in made.parameters()),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """Layers one after the other, with their repeats.

    Attributes:
        first: Each layer in the first repeat, up to a misfit there.
        weakest: Each layer in the repeat where it can do least.
        glued: Whether a split or a join stands before it in the first repeat.
        shape: Shape of the end.
        paired: Whether the end is two halves.
        modules: How many layers these are in all repeats, splits and joins counted.
        misfit: Which layer, all repeats counted through, does not fit, and why.
    """

    first: tuple[Judged, ...]
    weakest: tuple[Judged, ...]
    glued: tuple[bool, ...]
    shape: Shape
    paired: bool
    modules: int
    misfit: tuple[int, str] | None = None


@lru_cache(maxsize=16_384)
def lay(layers: tuple[specs.LayerSpec, ...], repeat: int, shape: Shape, paired: bool, batch: int, dtype: str) -> Row:
    """Put layers behind a state of this shape. Repeats that find what the one before found are not laid again."""
    first: list[Judged] = []
    weakest: list[Judged] = []
    glued: list[bool] = []
    modules = 0
    for number in range(repeat):
        begin, count = (shape, paired), 0
        for at, layer in enumerate(layers):
            judged = judge(layer, shape, dtype)
            fault = judged if isinstance(judged, str) else too_few_examples(layer, shape, batch)
            if fault:
                misfit = (number * len(layers) + at, fault)
                return Row(tuple(first), tuple(weakest), tuple(glued), shape, paired, modules, misfit)
            count += 1 + (judged.takes_pair != paired)
            if not number:
                first.append(judged)
                weakest.append(judged)
                glued.append(judged.takes_pair != paired)
            elif STRENGTH[judged.capability] < STRENGTH[weakest[at].capability]:
                weakest[at] = judged
            shape, paired = judged.out_shape, judged.gives_pair
        modules += count
        if begin == (shape, paired):
            modules += count * (repeat - number - 1)
            break
    return Row(tuple(first), tuple(weakest), tuple(glued), shape, paired, modules)


@dataclass(frozen=True, slots=True)
class Walked:
    """A network laid out as far as it fits.

    Attributes:
        rows: Stem, blocks of the body, head; fewer after a misfit.
        problem: The misfit.
    """

    rows: tuple[Row, ...]
    problem: Problem | None

    def shape_after(self, network: NetworkSpec, place: Place) -> Shape | None:
        """Shape of the state after a place, in the first repeat of its block; null behind a misfit."""
        at = {"stem": 0, "body": 1 + place.block, "head": 1 + len(network.body)}[place.part]
        if place.layer >= 0 and at < len(self.rows) and place.layer < len(self.rows[at].first):
            return self.rows[at].first[place.layer].out_shape
        whole = place.part == "body" and place.layer == len(network.body[place.block].layers)
        if whole and at + (self.problem is None) < len(self.rows):
            return self.rows[at].shape
        if place.layer >= 0 or at > len(self.rows):
            return None
        return SOURCES[network.data].shape if at == 0 else self.rows[at - 1].shape


def walk(network: NetworkSpec) -> Walked:
    """Lay a network out on the meta device, up to the first misfit."""
    fault = embed_fault(network)
    if fault:
        return Walked((), fault)
    shape, paired, rows = SOURCES[network.data].shape, False, []
    parts = [("stem", 0, network.stem, 1)]
    parts += [("body", number, block.layers, block.repeat) for number, block in enumerate(network.body)]
    parts += [("head", 0, network.head, 1)]
    done = 0
    for part, block, layers, repeat in parts:
        row = lay(layers, repeat, shape, paired, network.batch, network.dtype)
        rows.append(row)
        if row.misfit:
            number, message = row.misfit
            name = _name(part, (done if part == "body" else 0) + number, layers[number % len(layers)])
            return Walked(tuple(rows), _problem(part, block, number % len(layers), name, message))
        shape, paired = row.shape, row.paired
        done += len(layers) * repeat if part == "body" else 0
    weights = sum(judged.parameters for row in rows for judged in row.first)
    return Walked(tuple(rows), output_fault(network, shape, weights))


def embed_fault(network: NetworkSpec) -> Problem | None:
    """Bytes need an embedding, and nothing else can have one."""
    bytes_come = SOURCES[network.data].values == "bytes"
    written = [("stem", 0, network.stem), *(("body", n, block.layers) for n, block in enumerate(network.body))]
    for part, block, layers in (*written, ("head", 0, network.head)):
        for at, layer in enumerate(layers):
            if isinstance(layer, specs.Embed) and (part, at) != ("stem", 0):
                place = Place(part=part, block=block, layer=at)
                message = "`embed` turns bytes into numbers, so it can only be the first layer of the stem."
                return Problem(place=place, layer_name=title_in_messages(network, place), message=message)
    embeds = bool(network.stem) and isinstance(network.stem[0], specs.Embed)
    if embeds == bytes_come:
        return None
    if embeds:
        message = f"`{network.data}` gives numbers, so the stem cannot begin with `embed`."
        return _problem("stem", 0, 0, "stem layer 1 (embed)", message)
    return _problem("stem", 0, -1, "the stem", f"`{network.data}` gives bytes, so it must begin with `embed`.")


def output_fault(network: NetworkSpec, shape: Shape, weights: int) -> Problem | None:
    """The loss needs one number per class, for the example or for each of its positions, and something to train.

    Args:
        network: The network.
        shape: What the head gives for one example.
        weights: How many weights there are, repeats left out or not.
    """
    card = SOURCES[network.data]
    if len(shape) == 1 + len(card.target_shape) and shape[0] >= card.classes and shape[1:] == card.target_shape:
        nothing = "no layer of this network has weights, so there is nothing to train. Add a layer that has some."
        return None if weights else _problem("head", 0, len(network.head) - 1, "the head", nothing)
    gives = f"it gives {'×'.join(map(str, shape))} numbers per example, but the loss needs"
    if card.targets == "position":
        message = (
            f"{gives} at least {card.classes} (one per class of `{network.data}`) for each of {card.target_shape[0]} "
            f"positions. End the head with a convolution of kernel 1, padding 0 and {card.classes} channels."
        )
    else:
        message = (
            f"{gives} a vector of at least {card.classes} (one per class of `{network.data}`). End the head with a "
            f"dense layer of width {card.classes}."
        )
    return _problem("head", 0, len(network.head) - 1, "the head", message)


def too_few_examples(layer: specs.LayerSpec, in_shape: Shape, batch: int) -> str:
    """Why a layer that takes the whole batch together cannot work with so few examples; empty if it can."""
    if not isinstance(layer, specs.BatchNorm) or batch * prod(in_shape[1:]) > 1:
        return ""
    return "it normalises over the batch, but gets 1 number per channel. Take a batch of 2 or more."


def _name(part: str, number: int, layer: specs.LayerSpec) -> str:
    return f"{'' if part == 'body' else part + ' '}layer {number + 1} ({layer.kind.replace('_', ' ')})"


def _problem(part: str, block: int, layer: int, name: str, message: str) -> Problem:
    return Problem(place=Place(part=part, block=block, layer=layer), layer_name=name, message=message)
