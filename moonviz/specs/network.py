"""A network as plain data."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from moonviz.errors import InvalidSpec
from moonviz.specs.base import Spec
from moonviz.specs.layers import LayerSpec
from moonviz.specs.sources import Source

DType = Literal["float64", "float32", "bfloat16", "float16"]
Batch = Annotated[int, Field(ge=1, le=1_000_000)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Depth = Annotated[int, Field(ge=1, le=10_000)]

MAX_LAYERS = 20_000
"""Most layers a body may have once repeats are written out."""

_Some = Field(strict=False)  # a list or a tuple will do


class Block(Spec):
    """Layers that belong together, written once and repeated with weights of their own."""

    layers: Annotated[tuple[LayerSpec, ...], Field(strict=False, min_length=1, max_length=64)]
    repeat: Depth = 1


class NetworkSpec(Spec):
    """A network: data source and batch, stem, body of blocks, head, loss, dtype and the seed of its weights.

    Stem and head are ordinary networks whose gradients are one local step; the body is what a method walks.
    """

    version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=80)] = "untitled"
    data: Source = "digits"
    batch: Batch = 64
    stem: Annotated[tuple[LayerSpec, ...], _Some, Field(max_length=16)] = ()
    body: Annotated[tuple[Block, ...], _Some, Field(min_length=1, max_length=512)]
    head: Annotated[tuple[LayerSpec, ...], _Some, Field(max_length=16)] = ()
    loss: Literal["cross_entropy"] = "cross_entropy"
    dtype: DType = "float32"
    seed: Seed = 0

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        layers = sum(len(block.layers) * block.repeat for block in self.body)
        if layers > MAX_LAYERS:
            raise ValueError(f"the body has {layers:,} layers once repeats are written out; at most {MAX_LAYERS:,}")
        return self

    @property
    def depth(self) -> int:
        """Number of blocks, repeats written out."""
        return sum(block.repeat for block in self.body)

    def with_depth(self, depth: int) -> NetworkSpec:
        """The same network with its only repeated block repeated `depth` times.

        Raises:
            InvalidSpec: If no block, or more than one, is repeated.
        """
        repeated = [n for n, block in enumerate(self.body) if block.repeat > 1 or len(self.body) == 1]
        if len(repeated) != 1:
            raise InvalidSpec(
                f"`depth` sets the `repeat` of a network's only repeated block, but `{self.name}` has "
                f"{len(repeated) or 'no'} repeated blocks. Change `repeat` in its JSON instead."
            )
        (at,) = repeated
        body = [block.model_dump() | ({"repeat": depth} if n == at else {}) for n, block in enumerate(self.body)]
        return type(self).read(self.model_dump() | {"body": body})

    def changed(self, **fields: object) -> NetworkSpec:
        """A validated copy with some fields replaced.

        Raises:
            InvalidSpec: Naming the field and what is allowed.
        """
        return type(self).read(self.model_dump() | fields)
