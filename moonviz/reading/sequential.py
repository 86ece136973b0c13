"""A PyTorch `nn.Sequential`, as its `repr` prints it: read as text, never executed. No torch here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from moonviz.errors import InvalidSpec
from moonviz.reading.printed import leaves
from moonviz.reading.torch_layers import Reader
from moonviz.specs import layers as specs
from moonviz.specs.network import Block, NetworkSpec
from moonviz.specs.sources import SOURCES

MAX_PERIOD = 32
"""The longest run of layers that is looked for again right behind itself."""
LOOK_AHEAD = 8
"""How far before a longer run a shorter one gives way to it."""

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
    weighted = [at for at, layer in enumerate(layers) if isinstance(layer, _WEIGHTED)]
    end = weighted[-1] if len(weighted) > 1 else len(layers)
    flat = 1 if isinstance(layers[0], specs.Flatten) else 0
    start = flat
    if len(weighted) > 2 and shapes[weighted[0]][1] > shapes[weighted[0]][0]:
        start = weighted[0] + 1
    if start >= end:
        start = 0 if flat >= end else flat
    return start, end


def _blocks(layers: list[specs.LayerSpec]) -> Iterator[Block]:
    """Equal runs folded; what is left in groups that begin with a layer that has weights."""
    texts = [layer.canonical() for layer in layers]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    keys = [numbers[text] for text in texts]
    at = 0
    while at < len(layers):
        period, repeat = _best_run(keys, at)
        ahead = next((n for n in range(1, LOOK_AHEAD) if _folds(keys, at + n) > period * repeat), 0)
        if ahead and repeat > 1:
            period, repeat = ahead, 1  # a short run must not break a longer one up
        elif repeat == 1:
            period = _group(layers, keys, at)
        yield Block(layers=tuple(layers[at : at + period]), repeat=repeat)
        at += period * repeat


def _best_run(keys: list[int], at: int) -> tuple[int, int]:
    """(length, repeats) of the run from here that folds the most layers, the shortest of those."""
    best = (1, 1)
    for period in range(1, min(MAX_PERIOD, (len(keys) - at) // 2) + 1):
        run, repeat = keys[at : at + period], 1
        while keys[at + repeat * period : at + (repeat + 1) * period] == run:
            repeat += 1
        if repeat > 1 and repeat * period > best[0] * best[1]:
            best = (period, repeat)
    return best


def _folds(keys: list[int], at: int) -> int:
    period, repeat = _best_run(keys, at)
    return period * repeat


def _group(layers: list[specs.LayerSpec], keys: list[int], at: int) -> int:
    """How many layers from here stay together: up to the next with weights, or the next run."""
    for length, (_, layer) in enumerate(pairwise(layers[at : at + 64]), 1):
        if isinstance(layer, _WEIGHTED) or _best_run(keys, at + length)[1] > 1:
            return length
    return min(64, len(layers) - at)
