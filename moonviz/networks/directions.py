"""Directions in weights and inputs, for the methods that push tangents forward."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from moonviz.layers.base import State, tensors

Grads = dict[str, Tensor]


def unit_direction(weight: Tensor, entry: int) -> Tensor:
    """The direction in which one entry of a weight moves by 1."""
    direction = torch.zeros_like(weight)
    direction.view(-1)[entry] = 1
    return direction


def random_signs(weights: Grads, seed: int) -> Grads:
    """±1 for every entry, the same for the same seed on every device: a direction with E[vvᵀ] = I."""
    signs = {}
    generator = torch.Generator().manual_seed(seed)
    for name, weight in weights.items():
        if weight.is_meta:
            signs[name] = torch.empty_like(weight)
            continue
        drawn = torch.empty(weight.shape, dtype=weight.dtype).bernoulli_(0.5, generator=generator).mul_(2).sub_(1)
        signs[name] = drawn.to(weight.device)
    return signs


def input_directions(x: State, start: int, count: int) -> State:
    """Unit directions start … start+count−1 of one example's input, each for all examples at once: `[m, N, *]`."""
    sizes = [tensor[0].numel() for tensor in tensors(x)]
    parts, offset = [], 0
    for tensor, size in zip(tensors(x), sizes, strict=True):
        rows = torch.arange(start, start + count, device=tensor.device)[:, None]
        columns = torch.arange(offset, offset + size, device=tensor.device)
        one = (rows == columns).to(tensor.dtype).view(count, 1, *tensor.shape[1:])
        parts.append(one.expand(count, *tensor.shape).contiguous())
        offset += size
    return parts[0] if len(parts) == 1 else (parts[0], parts[1])


def input_size(x: State) -> int:
    """n₀: numbers of one example's input."""
    return sum(prod(tensor.shape[1:]) for tensor in tensors(x))


def new_cotangent(x: State) -> Tensor:
    """Room for the cotangent at the input: `[N, n₀]`."""
    first = tensors(x)[0]
    return torch.empty((first.shape[0], input_size(x)), dtype=first.dtype, device=first.device)


def shapes_of(x: State) -> tuple[torch.Size, ...]:
    """The shapes of a state's tensors."""
    return tuple(tensor.shape for tensor in tensors(x))


def as_state(cot: Tensor, shapes: tuple[torch.Size, ...]) -> State:
    """A cotangent `[N, n₀]` as a state of these shapes."""
    parts, offset = [], 0
    for shape in shapes:
        size = prod(shape[1:])
        parts.append(cot[:, offset : offset + size].reshape(shape))
        offset += size
    return parts[0] if len(parts) == 1 else (parts[0], parts[1])
