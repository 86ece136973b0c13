"""What one layer takes in a walk, by a dry run of it alone on the meta device. What is known of a layer is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from moonviz.layers import FragmentalLayer, Placement, make
from moonviz.layers.base import Shape, State, tensors
from moonviz.networks.checking import DTYPES
from moonviz.runs.flops import count_flops
from moonviz.specs import layers as specs


@dataclass(frozen=True, slots=True)
class Numbers:
    """What one layer takes.

    Attributes:
        residual_bytes: What its vjp keeps, for the whole batch; null where it has none.
        fragment: Numbers of h that it keeps for each example, rounded up; null where a walk cannot pass it.
        flops: Of its forward pass over the batch.
    """

    residual_bytes: int | None
    fragment: int | None
    flops: int


@lru_cache(maxsize=16_384)
def numbers(layer: specs.LayerSpec, in_shape: Shape, batch: int, dtype: str) -> Numbers:
    """Dry-run a layer that fits this shape."""
    made = make(layer, in_shape, Placement(torch.device("meta"), DTYPES[dtype]), "")
    embeds = isinstance(layer, specs.Embed)
    kind = torch.int64 if embeds else DTYPES[dtype]
    with torch.no_grad():
        with _Flops() as counted:
            made(_empty((batch, *in_shape), kind, made.paired))
        if embeds:  # whole numbers have no cotangent
            return Numbers(None, None, counted.flops)
        y, residual = made.keep(_empty((batch, *in_shape), kind, made.paired))
        kept = {part.untyped_storage()._cdata: part.untyped_storage().nbytes() for part in residual}
        fragment = None
        if isinstance(made, FragmentalLayer):
            parts = made.fragment(residual, _like(y))
            fragment = -(-sum(part.numel() for part in parts) // batch)
    return Numbers(sum(kept.values()), fragment, counted.flops)


def _empty(shape: Shape, dtype: torch.dtype, paired: bool) -> State:
    if not paired:
        return torch.empty(shape, dtype=dtype, device="meta")
    half = (shape[0], shape[1] // 2, *shape[2:])
    return torch.empty(half, dtype=dtype, device="meta"), torch.empty(half, dtype=dtype, device="meta")


def _like(state: State) -> State:
    new = tuple(torch.empty_like(part) for part in tensors(state))
    return new[0] if isinstance(state, Tensor) else (new[0], new[1])


class _Flops(TorchDispatchMode):
    """Counts floating-point operations while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.flops += count_flops(func, args, kwargs or {}, out)
        return out
