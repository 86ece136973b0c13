"""Signs packed eight to a byte: all that the vjp of a LeakyReLU needs to know.

The gather and scatter work on whole 64-bit words, eight signs at a time, so they cost a small part of a convolution.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

# Multiplying a word whose eight bytes are 0 or 1 by this brings byte k to bit 56 + k; no two partial products collide.
_GATHER = 0x0102040810204080


def pack_signs(x: Tensor) -> Tensor:
    """One bit per entry of x, set where x > 0: uint8 `[⌈numel/8⌉]`."""
    positive = (x > 0).reshape(-1)
    spare = -positive.numel() % 8
    if spare:
        positive = F.pad(positive, (0, spare))
    words = positive.view(torch.int64).mul_(_GATHER).bitwise_right_shift_(56)
    return words.to(torch.uint8)


def apply_signs(packed: Tensor, table: Tensor, cot: Tensor) -> Tensor:
    """cot times 1 where the bit is set and times the slope elsewhere.

    Args:
        packed: From `pack_signs` of a tensor of cot's shape.
        table: `slope_table(slope, dtype, device)`.
        cot: `[N, *]`; untouched.
    """
    factors = F.embedding(packed.int(), table).reshape(-1)
    if factors.numel() != cot.numel():
        factors = factors[: cot.numel()].clone()
    return factors.view(cot.shape).mul_(cot)


@lru_cache(maxsize=256)
def slope_table(slope: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """`[256, 8]`: for each byte the factors of its eight bits, lowest first. Shared by all layers of one slope."""
    rows = [[1.0 if byte >> bit & 1 else slope for bit in range(8)] for byte in range(256)]
    return torch.tensor(rows, dtype=dtype, device=device)


def clear_bits(packed: Tensor, table: Tensor, shape: torch.Size) -> Tensor:
    """A mask, set where the bit is not: bool of the given shape.

    Args:
        packed: From `pack_signs` of a tensor of this shape.
        table: `clear_table(device)`.
        shape: The shape of the mask.
    """
    mask = table.index_select(0, packed.int()).view(-1)
    return (mask if mask.numel() == shape.numel() else mask[: shape.numel()]).view(shape)


@lru_cache(maxsize=16)
def clear_table(device: torch.device) -> Tensor:
    """`[256, 8]`: for each byte which of its eight bits are not set, lowest first."""
    return torch.tensor([[not byte >> bit & 1 for bit in range(8)] for byte in range(256)], device=device)
