"""Fragments that are some of a cotangent's own entries: picked out by a mask that is made again when they go back."""

from __future__ import annotations

from torch import Tensor

from moonviz.layers.base import Layer, Residual


def pick(layer: Layer, cot: Tensor, mask: Tensor, share: float, least: int = 0) -> Residual:
    """The entries where the mask is set, row by row, `[k]`.

    How many they are depends on the data. On the meta device there is none, so it gives as many as are expected, or as
    many as the layer's `dry_numbers` says.

    Args:
        layer: Whose fragment it is.
        cot: `[N, *]`.
        mask: Bool, of the same shape.
        share: The part of all entries that is expected to be picked.
        least: How many of each example are picked at least, whatever the data.
    """
    if not cot.is_meta:
        return (cot[mask],)
    given = layer.dry_numbers
    if given is None:
        given = round(share * cot.numel())
    return (cot.new_empty(min(max(given, least * len(cot)), cot.numel())),)


def put_back(cot: Tensor, mask: Tensor, fragment: Residual) -> Tensor:
    """Write what `pick` gave where the mask is set; changes and returns `cot`."""
    return cot.masked_scatter_(mask, fragment[0])
