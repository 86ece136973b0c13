"""Where and how a layer's tensors are made."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Placement:
    """Device and dtype of a network's weights."""

    device: torch.device
    dtype: torch.dtype

    def empty(self, *shape: int) -> torch.nn.Parameter:
        """A parameter still to be drawn."""
        return torch.nn.Parameter(torch.empty(shape, device=self.device, dtype=self.dtype))
