"""One layer of PyTorch's, as it is printed, and this package's layer that computes the same. No torch here."""

from __future__ import annotations

from moonviz.errors import InvalidSpec
from moonviz.reading.printed import Given
from moonviz.reading.torch_layers import KINDS, Reader, Shape, shape_words
from moonviz.specs import layers as specs


def counterpart(given: Given, shape: Shape) -> specs.LayerSpec | None:
    """This package's layer that computes what a layer of PyTorch's does on inputs of this shape; null for nothing.

    A pooling to one position gives a vector here, so it has a counterpart only before `Flatten`.

    Raises:
        InvalidSpec: Saying why there is none, as a clause that follows the layer's name.
    """
    if given.kind not in KINDS or given.kind == "LogSoftmax":  # a reader leaves that to the loss
        raise InvalidSpec("has no counterpart here")
    reader = Reader(shape, "the batch")
    try:
        reader.take(given)
    except InvalidSpec as fault:
        raise InvalidSpec(str(fault).partition(f"`{given.kind}` ")[2]) from None
    if len(reader.layers) > 1:
        raise InvalidSpec(f"takes a vector here, but gets {shape_words(shape)}")
    return reader.layers[0] if reader.layers else None
