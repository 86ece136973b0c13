"""A PyTorch `nn.Sequential`, as its `repr` prints it: read as text, never executed. No torch here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from moonviz.errors import InvalidSpec
from moonviz.reading.folding import parts, runs
from moonviz.reading.printed import leaves
from moonviz.reading.torch_layers import Reader
from moonviz.specs import layers as specs
from moonviz.specs.network import Block, NetworkSpec
from moonviz.specs.sources import SOURCES

_WEIGHTED = (specs.Dense, specs.Conv)


@dataclass(frozen=True, slots=True)
class ReadNetwork:
    """A network that was read, and what had to be decided on the way, one sentence each."""

    network: NetworkSpec
    notes: tuple[str, ...] = ()


def read_sequential(text: str, data: str = "digits", name: str = "from PyTorch") -> ReadNetwork:
    """Read what ``print(model)`` shows of an `nn.Sequential`.

    The last layer with weights and all behind it become the head. A first layer that gives more numbers than it takes
    becomes the stem, with all before it. Equal runs are written once and repeated.

    Args:
        text: The printed text.
        data: What the network is to see; decides whether its first layer fits.
        name: What to call the network.

    Raises:
        InvalidSpec: Naming the line, the layer, and what is offered instead.
    """
    if SOURCES[data].values == "bytes":
        raise InvalidSpec(f"`{data}` gives bytes, which no layer that can be read here takes. Choose other data.")
    reader = Reader(SOURCES[data].shape, data)
    for given in leaves(text):
        reader.take(given)
    layers, shapes = reader.finish(SOURCES[data].classes)
    start, end = _parts(layers, shapes)
    network = NetworkSpec(
        name=name, data=data, stem=_few(layers[:start], "stem"), body=tuple(_blocks(layers[start:end])),
        head=_few(layers[end:], "head"),
    )  # fmt: skip
    notes = ("The text has no weights: they are drawn from the network's seed.", *reader.notes)
    return ReadNetwork(network, notes)


def _few(layers: list[specs.LayerSpec], part: str) -> tuple[specs.LayerSpec, ...]:
    if len(layers) > 16:
        raise InvalidSpec(f"the {part} would have {len(layers)} layers; at most 16. Move some of them into the middle.")
    return tuple(layers)


def _parts(layers: list[specs.LayerSpec], shapes: list[tuple[int, int]]) -> tuple[int, int]:
    """Where the body begins and ends; `shapes`: each layer's numbers in and out."""
    return parts(_weighted(layers), shapes, isinstance(layers[0], specs.Flatten))


def _blocks(layers: list[specs.LayerSpec]) -> Iterator[Block]:
    """Equal runs folded."""
    texts = [layer.canonical() for layer in layers]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    at = 0
    for length, repeat in runs([numbers[text] for text in texts], _weighted(layers)):
        yield Block(layers=tuple(layers[at : at + length]), repeat=repeat)
        at += length * repeat


def _weighted(layers: list[specs.LayerSpec]) -> list[bool]:
    return [isinstance(layer, _WEIGHTED) for layer in layers]
