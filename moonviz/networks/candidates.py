"""Small changes that might mend a draft. Nothing here knows whether they do: whoever asks tries them.

Each costs more the more it changes; the cheapest that works is offered first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moonviz.building import edits
from moonviz.building.facts import Place
from moonviz.building.words import NAMES, layers_of, title_in_messages
from moonviz.errors import InvalidSpec
from moonviz.layers.base import Shape
from moonviz.specs import SOURCES, NetworkSpec
from moonviz.specs import layers as specs

WIDTHS = {"dense": "width", "conv": "channels", "embed": "width"}
MOST_CHANNELS = 65_536
EARLIER = 3
"""How many layers before a misfit may be to blame for it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change to try.

    Attributes:
        cost: How much it changes.
        says: In a few words.
        network: The network after it.
        place: The layer it is about.
    """

    cost: float
    says: str
    network: NetworkSpec
    place: Place


def written(network: NetworkSpec) -> list[Place]:
    """The places of all layers, in the order of the network."""
    blocks = tuple(len(block.layers) for block in network.body)
    return list(_places(len(network.stem), blocks, len(network.head)))


@lru_cache(maxsize=1_024)
def _places(stem: int, blocks: tuple[int, ...], head: int) -> tuple[Place, ...]:
    places = [Place(part="stem", layer=at) for at in range(stem)]
    for number, layers in enumerate(blocks):
        places += [Place(part="body", block=number, layer=at) for at in range(layers)]
    return (*places, *(Place(part="head", layer=at) for at in range(head)))


def layer_at(network: NetworkSpec, place: Place) -> specs.LayerSpec:
    """The layer at a place."""
    return layers_of(network, place)[place.layer]


def with_layer_at(network: NetworkSpec, place: Place, layer: specs.LayerSpec | None) -> NetworkSpec | None:
    """The network with another layer at a place, or with none; null where it needs one there."""
    try:
        return edits.replace(network, place, layer) if layer else edits.remove(network, place)
    except InvalidSpec:
        return None


def with_numbers(network: NetworkSpec, place: Place, cost: float, here: bool = True, **values: Any) -> Candidate | None:
    """Other numbers in one layer, unless they are its own or out of range."""
    layer = layer_at(network, place)
    changed = {name: value for name, value in values.items() if getattr(layer, name) != value}
    try:
        made = edits.change(network, place, **changed)
    except InvalidSpec:
        return None
    says = ", ".join(f"{name} {getattr(layer, name)} → {value}" for name, value in changed.items())
    where = "" if here else f" in {title_in_messages(network, place)}"
    return Candidate(cost, says + where, made, place) if changed else None


def with_layer(network: NetworkSpec, before: Place, cost: float, layer: specs.LayerSpec, says: str) -> Candidate | None:
    """One more layer before a place."""
    after = before.model_copy(update={"layer": before.layer - 1})
    return _tried(lambda: edits.insert(network, after, layer), cost, says, before)


def without(network: NetworkSpec, place: Place, cost: float, here: bool = True) -> Candidate | None:
    """One layer less."""
    name = NAMES[layer_at(network, place).kind]
    says = f"remove this {name}" if here else f"remove {title_in_messages(network, place)}"
    return _tried(lambda: edits.remove(network, place), cost, says, place)


def instead(network: NetworkSpec, place: Place, cost: float, says: str, **layer: Any) -> Candidate | None:
    """Another layer at a place."""
    return _tried(lambda: edits.change(network, place, **layer), cost, says, place)


def _tried(edit: Any, cost: float, says: str, place: Place) -> Candidate | None:
    try:
        return Candidate(cost, says, edit(), place)
    except InvalidSpec:
        return None


def for_misfit(network: NetworkSpec, place: Place, shape: Shape | None) -> Iterator[Candidate | None]:
    """Changes around a layer that does not fit what comes before it, `shape`."""
    if place.layer < 0 or shape is None:
        yield from _for_ends(network, place)
        return
    yield from _of_layer(network, place, shape)
    yield from _before(network, place, shape)
    order = written(network)
    at = order.index(place)
    for back, earlier in enumerate(reversed(order[max(0, at - EARLIER) : at]), 1):
        yield from of_earlier(network, earlier, shape, back)
    yield without(network, place, 5)
    if place.part == "body" and (times := network.body[place.block].repeat) > 1:
        for fewer in sorted({1, 2, 3, times // 2, times - 1} - {times, 0}, reverse=True):
            yield Candidate(
                4 + 1 / fewer, f"repeat {times} → {fewer}", edits.repeat(network, place.block, fewer), place
            )
    if isinstance(layer_at(network, place), specs.BatchNorm):
        yield Candidate(2, f"batch {network.batch} → 2", edits.settings(network, batch=2), place)


def for_output(network: NetworkSpec, place: Place, shape: Shape) -> Iterator[Candidate | None]:
    """Changes at the end of a head that does not give what the loss needs."""
    card = SOURCES[network.data]
    behind = Place(part="head", layer=len(network.head))
    layer = layer_at(network, place) if place.layer >= 0 else None
    if layer is not None and layer.kind in WIDTHS:
        yield with_numbers(network, place, 1, **{WIDTHS[layer.kind]: card.classes})
    if card.targets == "position":
        last: specs.LayerSpec = specs.Conv(channels=card.classes, kernel=1, padding=0)
        words = f"add a 1×1 convolution to {card.classes} channels"
    else:
        last = specs.Dense(width=card.classes, init="gaussian")
        words = f"add a dense layer of width {card.classes}"
    yield with_layer(network, behind, 2, last, words)
    for pool in (specs.Flatten(), specs.GlobalMeanPool()) if len(shape) > 1 else ():
        name = NAMES[pool.kind].lower()
        first = with_layer(network, behind, 3, pool, f"add a {name}")
        if first:
            yield first
            nearer = behind.model_copy(update={"layer": behind.layer + 1})
            yield with_layer(first.network, nearer, 3.5, last, f"add a {name} and {words.removeprefix('add ')}")
    if layer is not None:
        yield without(network, place, 5)


def _for_ends(network: NetworkSpec, place: Place) -> Iterator[Candidate | None]:
    """Changes where an embedding is missing or misplaced."""
    embeds = place.layer >= 0 and isinstance(layer_at(network, place), specs.Embed)
    if embeds:
        yield without(network, place, 1)
        yield _tried(
            lambda: edits.move(network, place, Place(part="stem")), 2, "move it to the start of the stem", place
        )
    else:
        yield with_layer(network, Place(part="stem", layer=0), 1, specs.Embed(width=32), "add an embedding")
    for data, card in SOURCES.items():
        if (card.values == "bytes") == embeds and data != network.data:
            yield Candidate(6, f"data {network.data} → {data}", edits.settings(network, data=data), place)


def _of_layer(network: NetworkSpec, place: Place, shape: Shape) -> Iterator[Candidate | None]:
    """Other numbers in the layer itself, or another layer that takes such inputs."""
    layer = layer_at(network, place)
    match layer:
        case specs.Conv() | specs.Pool():
            yield from _windows(network, place, layer, shape)
        case specs.Squeeze():
            for factor in range(2, 17):
                yield with_numbers(network, place, 1 + abs(factor - layer.factor) / 16, factor=factor)
        case specs.Coupling():
            yield from _insides(network, place, layer, shape)
        case _:
            pass
    if isinstance(layer, specs.Conv) and len(shape) == 1:
        words = f"Conv → Dense {layer.channels}"
        yield instead(network, place, 3, words, kind="dense", width=layer.channels, bias=True)


def _windows(
    network: NetworkSpec, place: Place, layer: specs.Conv | specs.Pool, shape: Shape
) -> Iterator[Candidate | None]:
    side = min(shape[1:], default=0)
    for kernel in range(max(1, layer.kernel - 8), layer.kernel):
        yield with_numbers(network, place, 1 + (layer.kernel - kernel) / 16, kernel=kernel)
    if side and side < layer.kernel - 8:
        yield with_numbers(network, place, 2, kernel=side)
    for padding in range(layer.padding + 5):
        yield with_numbers(network, place, 1.2 + abs(padding - layer.padding) / 16, padding=padding)
    for stride in range(1, layer.stride):
        yield with_numbers(network, place, 1.6 + (layer.stride - stride) / 16, stride=stride)
    if isinstance(layer, specs.Pool):
        yield with_numbers(network, place, 1.1, kernel=2 * layer.padding)
        yield with_numbers(network, place, 1.3, padding=layer.kernel // 2)
    elif layer.padding > 1:
        yield with_numbers(network, place, 2.5, kernel=3, stride=1, padding=1)


def _insides(network: NetworkSpec, place: Place, layer: specs.Coupling, shape: Shape) -> Iterator[Candidate | None]:
    now = layer.inside.kind
    if isinstance(layer.inside, specs.AttentionInside):
        for heads in range(1, 9):
            inside = layer.inside.model_dump(mode="json") | {"heads": heads}
            words = f"heads {layer.inside.heads} → {heads}"
            yield instead(network, place, 1 + abs(heads - layer.inside.heads) / 16, words, inside=inside)
    for kind, words in (("conv", "convolutions"), ("mlp", "dense maps"), ("attention", "attention")):
        if kind != now:
            cost = 2 + 0.1 * (kind == "attention") + 0.05 * (kind == "mlp")
            yield instead(network, place, cost, f"{words} inside", inside={"kind": kind})


def _before(network: NetworkSpec, place: Place, shape: Shape) -> Iterator[Candidate | None]:
    """A layer put in before the one that does not fit."""
    channels = min(shape[0], MOST_CHANNELS - 1)
    if len(shape) > 1:
        yield with_layer(network, place, 2.2, specs.Flatten(), "add a flatten before it")
        yield with_layer(network, place, 2.6, specs.GlobalMeanPool(), "add a global mean pool before it")
        yield with_layer(network, place, 2.4, specs.Squeeze(), "add a squeeze before it")
        even = specs.Conv(channels=channels + 1, kernel=1, padding=0)
        yield with_layer(network, place, 3, even, f"add a 1×1 convolution to {channels + 1} channels before it")
    else:
        even = specs.Dense(width=channels + 1)
        yield with_layer(network, place, 3, even, f"add a dense layer of width {channels + 1} before it")


def of_earlier(network: NetworkSpec, place: Place, shape: Shape, back: int) -> Iterator[Candidate | None]:
    """Other numbers in a layer before the one that does not fit."""
    layer, far = layer_at(network, place), 0.2 * back
    if width := WIDTHS.get(layer.kind):
        now = getattr(layer, width)
        wider = {now + 1, now - 1, -(-now // 4) * 4, -(-now // 8) * 8} - {now, 0}
        for value in sorted(wider):
            yield with_numbers(
                network, place, 1.4 + far + abs(value - now) / 64 + 0.01 * (value < now), False, **{width: value}
            )
    if isinstance(layer, specs.Conv | specs.Pool):
        for name, change in (("padding", 1), ("padding", -1), ("kernel", -1), ("kernel", 1), ("stride", -1)):
            value = getattr(layer, name) + change
            cost = 1.7 + far + 0.1 * ((name != "padding") + (name == "stride"))
            yield with_numbers(network, place, cost, False, **{name: value})
        yield with_numbers(network, place, 2.5 + far, False, stride=1, padding=layer.kernel // 2)
    yield without(network, place, 5.5 + far - (layer.kind in ("flatten", "global_mean_pool")), False)
