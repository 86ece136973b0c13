"""Modules as people write them, and one estimate of them."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

import moonviz

BATCH = 5
QUICK = ("backprop", "checkpointing", "revbackprop", "projforward", "moonwalk-mixed")


class Block(nn.Module):
    """A residual block, as people write them; it counts its calls."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x + self.inside(x)


class Turned(nn.Sequential):
    """A sequence that runs in another order than its modules stand in."""

    def forward(self, x: Tensor) -> Tensor:
        for module in reversed(self):
            x = module(x)
        return x


class Choosing(nn.Module):
    """A module that looks at its numbers."""

    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Elsewhere(nn.Module):
    """A module that makes a tensor on the CPU, wherever its input is."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.ones(x.shape)


def weight_norm(module: nn.Module) -> nn.Module:
    """Weights made by a hook, which torch does not advise any more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(module)


def dense(*between: nn.Module, width: int = 16) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, width), *between, nn.Linear(width, 4))


def one(module, batch=(BATCH, 8), method: str = "backprop") -> moonviz.Result:
    (result,) = moonviz.estimate_module(module, batch, [method])
    return result
