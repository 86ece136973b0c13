"""Convolutions built in one line, and sent there and back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from moonviz.layers import Layer, Placement, make
from moonviz.specs.layers import Conv
from tests.cases import LAYERS

CONVS = [name for name in LAYERS if name.startswith(("conv,", "banded"))]
BANDED = [name for name in CONVS if name.startswith("banded")]


def conv(in_shape: tuple[int, ...], dtype: torch.dtype = torch.float64, device: str = "cpu", **spec: Any) -> Layer:
    layer = make(Conv(**{"channels": in_shape[0], **spec}), in_shape, Placement(torch.device(device), dtype), "layer 1")
    if device != "meta":
        layer.initialise(torch.Generator().manual_seed(0))
    return layer.requires_grad_(False)


def cot_of(layer: Layer, dtype: torch.dtype = torch.float64, batch: int = 2) -> Tensor:
    return torch.randn((batch, *layer.out_shape), generator=torch.Generator().manual_seed(1), dtype=dtype)


def there_and_back(layer: Layer, block: int | None = None, dtype: torch.dtype = torch.float64) -> float:
    """‖vijp(vjp(h)) − h‖∞ / ‖h‖∞."""
    cot = cot_of(layer, dtype)
    kept = layer.fragment((), cot) if block is None else layer.fragment_in_blocks((), cot, block)
    found = layer.vijp(torch.empty(2, *layer.in_shape, dtype=dtype), layer.vjp_x((), cot), kept)
    return float((found - cot).abs().max() / cot.abs().max())
