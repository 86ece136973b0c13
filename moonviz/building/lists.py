"""A network's layers as lists, for an edit to change."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from moonviz.building.facts import Place
from moonviz.errors import InvalidSpec
from moonviz.specs import Block, NetworkSpec
from moonviz.specs.base import explain

MOST_IN_A_BLOCK = 64
GONE = object()
"""Stands where a layer is taken away, so that places keep their meaning until the edit is done."""


class Lists:
    """A network's layers as lists that an edit may change."""

    def __init__(self, network: NetworkSpec) -> None:
        self._network = network
        self.stem, self.head = list(network.stem), list(network.head)
        self.blocks = [(list(block.layers), block.repeat) for block in network.body]
        self._same = {id(layers): block for (layers, _), block in zip(self.blocks, network.body, strict=True)}

    def at(self, place: Place) -> list[Any]:
        """The list that a place counts in."""
        return self.blocks[place.block][0] if place.part == "body" else getattr(self, place.part)

    def insert(self, after: Place, layer: Any) -> None:
        """Put a layer after a place, in a block of its own where that is what the place says or its block is full."""
        layers = self.at(after)
        whole = after.part == "body" and after.layer == len(layers)
        if whole:
            self.blocks.insert(after.block + 1, ([layer], 1))
        elif after.part == "body" and len(layers) >= MOST_IN_A_BLOCK and self.blocks[after.block][1] == 1:
            at = after.layer + 1
            self.blocks[after.block : after.block + 1] = [
                (part, 1) for part in (layers[:at], [layer], layers[at:]) if part
            ]
        else:
            layers.insert(after.layer + 1, layer)

    def network(self) -> NetworkSpec:
        """The network of these layers."""
        try:
            blocks = tuple(self._block(layers, repeat) for layers, repeat in self.blocks)
            return _with(
                self._network,
                stem=tuple(one for one in self.stem if one is not GONE),
                body=tuple(block for block in blocks if block),
                head=tuple(one for one in self.head if one is not GONE),
            )
        except ValidationError as error:
            raise InvalidSpec(explain(error)) from None

    def _block(self, layers: list[Any], repeat: int) -> Block | None:
        """The old block where nothing has changed in it, which need not be validated again."""
        left = tuple(layer for layer in layers if layer is not GONE)
        old = self._same.get(id(layers))
        if old and old.repeat == repeat and old.layers == left:
            return old
        return Block(layers=left, repeat=repeat) if left else None


def _with(network: NetworkSpec, **parts: Any) -> NetworkSpec:
    """A validated copy that shares what has not changed."""
    return NetworkSpec(**{**dict(network), **parts})
