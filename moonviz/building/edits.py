"""Edits of a network: each takes a spec and gives a new one that is valid as data. Whether it fits is not asked here.

Layers are put *after* a `Place`. Its `layer` −1 is before the first layer of a part or block; as many as a block has
layers means after the whole block, outside its repeats, which makes a block of its own.
"""

from __future__ import annotations

from typing import Any

from moonviz.building.facts import Place
from moonviz.building.lists import GONE, MOST_IN_A_BLOCK, Lists
from moonviz.building.reading import fields_of, read_layer
from moonviz.building.words import layers_of, title_in_messages
from moonviz.errors import InvalidSpec
from moonviz.specs import NetworkSpec
from moonviz.specs import layers as specs


def insert(network: NetworkSpec, after: Place, layer: specs.LayerSpec) -> NetworkSpec:
    """The network with a layer more.

    Raises:
        InvalidSpec: If there is no such place, or no room.
    """
    layers = layers_of(network, after)
    if not -1 <= after.layer <= len(layers) - (after.part != "body") or (after.part == "body" and not layers):
        raise InvalidSpec(f"there is no place `{after.key}` in this network")
    lists = Lists(network)
    lists.insert(after, layer)
    return _named(network, lists, f"no room for {_kind(layer)} after `{after.key}`")


def landing(network: NetworkSpec, after: Place) -> Place:
    """Where `insert` after a place puts a layer."""
    layers = layers_of(network, after)
    full = after.part == "body" and len(layers) >= MOST_IN_A_BLOCK and network.body[after.block].repeat == 1
    if after.part == "body" and (after.layer == len(layers) or (full and after.layer >= 0)):
        return Place(part="body", block=after.block + 1, layer=0)
    return Place(part=after.part, block=after.block, layer=after.layer + 1)


def remove(network: NetworkSpec, place: Place) -> NetworkSpec:
    """The network without a layer; a block without layers goes with its last one.

    Raises:
        InvalidSpec: If there is no such layer, or it is the body's only one.
    """
    title = _existing(network, place)
    lists = Lists(network)
    lists.at(place)[place.layer] = GONE
    return _named(network, lists, f"{title} cannot be removed")


def replace(network: NetworkSpec, place: Place, layer: specs.LayerSpec) -> NetworkSpec:
    """The network with another layer at a place.

    Raises:
        InvalidSpec: If there is no such layer.
    """
    title = _existing(network, place)
    lists = Lists(network)
    lists.at(place)[place.layer] = layer
    return _named(network, lists, f"{title} cannot be replaced")


def duplicate(network: NetworkSpec, place: Place) -> NetworkSpec:
    """The network with a layer twice, one after the other.

    Raises:
        InvalidSpec: If there is no such layer, or no room.
    """
    title = _existing(network, place)
    lists = Lists(network)
    lists.insert(place, lists.at(place)[place.layer])
    return _named(network, lists, f"{title} cannot be duplicated")


def move(network: NetworkSpec, place: Place, after: Place) -> NetworkSpec:
    """The network with a layer elsewhere; `after` counts as if it still were where it was.

    Raises:
        InvalidSpec: If there is no such layer or place, or the body would be left without layers.
    """
    title = _existing(network, place)
    if not -1 <= after.layer <= len(layers_of(network, after)) - (after.part != "body"):
        raise InvalidSpec(f"{title} cannot be moved: there is no place `{after.key}` in this network")
    if after.part == "body" and after.block >= len(network.body):
        raise InvalidSpec(f"{title} cannot be moved: there is no place `{after.key}` in this network")
    lists = Lists(network)
    layers = lists.at(place)
    layer, layers[place.layer] = layers[place.layer], GONE
    lists.insert(after, layer)
    return _named(network, lists, f"{title} cannot be moved")


def change(network: NetworkSpec, place: Place, **params: Any) -> NetworkSpec:
    """The network with other numbers in one layer; another `kind` keeps the numbers that both have.

    Raises:
        InvalidSpec: Naming the layer, the field and what is allowed.
    """
    title = _existing(network, place)
    lists = Lists(network)
    layer = lists.at(place)[place.layer]
    before = layer.model_dump(mode="json")
    if params.get("kind", layer.kind) != layer.kind:
        blank = fields_of(str(params["kind"]))
        before = {name: value for name, value in before.items() if name in blank}
    try:
        lists.at(place)[place.layer] = read_layer(before | params)
    except InvalidSpec as error:
        raise InvalidSpec(f"{title}: {error}") from None
    return _named(network, lists, f"{title} cannot be changed")


def repeat(network: NetworkSpec, block: int, times: int) -> NetworkSpec:
    """The network with a block of the body repeated so many times.

    Raises:
        InvalidSpec: If there is no such block, or it is too often.
    """
    title = _existing(network, Place(part="body", block=block, layer=0))
    lists = Lists(network)
    lists.blocks[block] = (lists.blocks[block][0], times)
    return _named(network, lists, f"the block from {title} cannot be repeated {times:,} times")


def group(network: NetworkSpec, first: Place, last: Place) -> NetworkSpec:
    """The network with the layers from one place of the body to another as one block, which can then be repeated.

    Raises:
        InvalidSpec: If these are no such layers, or one of them is part of a repeated block.
    """
    title, _ = _existing(network, first), _existing(network, last)
    if (first.part, last.part) != ("body", "body") or (first.block, first.layer) > (last.block, last.layer):
        raise InvalidSpec(f"{title}: only layers of the body that follow each other can be grouped")
    lists = Lists(network)
    touched = lists.blocks[first.block : last.block + 1]
    if any(times > 1 for _, times in touched):
        raise InvalidSpec(f"{title}: layers of a repeated block cannot be grouped anew. Take the block apart first.")
    before, after = touched[0][0][: first.layer], touched[-1][0][last.layer + 1 :]
    end = len(touched[-1][0]) - len(after)
    inner = [*touched[0][0][first.layer : end if len(touched) == 1 else None]]
    inner += [layer for layers, _ in touched[1:-1] for layer in layers]
    inner += touched[-1][0][:end] if len(touched) > 1 else []
    lists.blocks[first.block : last.block + 1] = [(part, 1) for part in (before, inner, after) if part]
    return _named(network, lists, f"the layers from {title} cannot be grouped")


def ungroup(network: NetworkSpec, block: int) -> NetworkSpec:
    """The network with a block's repeats written out; a block that is not repeated comes apart into its layers.

    Raises:
        InvalidSpec: If there is no such block, or too many repeats to write out.
    """
    title = _existing(network, Place(part="body", block=block, layer=0))
    lists = Lists(network)
    layers, times = lists.blocks[block]
    if times > 512:
        raise InvalidSpec(f"the block from {title} is repeated {times:,} times, too often to be written out")
    parts = [list(layers) for _ in range(times)] if times > 1 else [[layer] for layer in layers]
    lists.blocks[block : block + 1] = [(part, 1) for part in parts]
    return _named(network, lists, f"the block from {title} cannot be taken apart")


def settings(network: NetworkSpec, **fields: Any) -> NetworkSpec:
    """The network with another `name`, `data`, `batch`, `dtype` or `seed`.

    Raises:
        InvalidSpec: Naming the field and what is allowed.
    """
    return network.changed(**fields)


def _existing(network: NetworkSpec, place: Place) -> str:
    """The title of the layer at a place."""
    if not 0 <= place.layer < len(layers_of(network, place)):
        raise InvalidSpec(f"there is no layer at `{place.key}` in this network")
    return title_in_messages(network, place)


def _named(network: NetworkSpec, lists: Lists, what: str) -> NetworkSpec:
    """The network of the lists, or words that begin with what could not be done."""
    if not any(layer is not GONE for layers, _ in lists.blocks for layer in layers):
        raise InvalidSpec(f"{what}: the body needs at least one layer")
    try:
        return lists.network()
    except InvalidSpec as error:
        raise InvalidSpec(f"{what}: {error}") from None


def _kind(layer: specs.LayerSpec) -> str:
    return f"another {layer.kind.replace('_', ' ')}"
