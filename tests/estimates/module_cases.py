"""Modules as people write them, and one estimate of them."""

from __future__ import annotations

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


def dense(*between: nn.Module, width: int = 16) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, width), *between, nn.Linear(width, 4))


def one(module, batch=(BATCH, 8), method: str = "backprop") -> moonviz.Result:
    (result,) = moonviz.estimate_module(module, batch, [method])
    return result
