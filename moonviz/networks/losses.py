"""The loss at the end of every network."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of logits `[N, classes, *]` and targets `[N, *]`."""
    return F.cross_entropy(_work(logits), target)


def cross_entropy_by_example(logits: Tensor, target: Tensor) -> Tensor:
    """Each example's share of it, `[N]`: they add up to `cross_entropy`."""
    terms = F.cross_entropy(_work(logits), target, reduction="none")
    return terms.flatten(1).sum(1) / target.numel() if terms.dim() > 1 else terms / target.numel()


def _work(logits: Tensor) -> Tensor:
    # in float32 at least: a loss summed in half precision would be the largest error of the whole step
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
