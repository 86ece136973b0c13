"""The truth: float64 autograd on the run's own weights and batch, cast up. Plain torch, none of our methods."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from math import isqrt
from typing import Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from moonviz.networks import Network
from moonviz.networks.losses import cross_entropy
from moonviz.networks.steps import Grads
from moonviz.runs.trace import dry_run
from moonviz.specs.methods import BackpropOptions

Reference = Literal["float64 autograd", "float64 checkpointed autograd"]


@dataclass(frozen=True, slots=True)
class Truth:
    """The gradient that others are compared with."""

    reference: Reference
    by_name: Grads


def find_truth(network: Network, x: Tensor, target: Tensor, limit_bytes: int | None) -> Truth | None:
    """The gradient in float64, on the CPU; None where not even checkpointed autograd fits the limit."""
    reference = choose_reference(network, limit_bytes)
    if reference is None:
        return None
    exact = copy.deepcopy(network).to(device="cpu", dtype=torch.float64)
    # bytes stay what they are: only numbers have a precision
    inputs = x.detach().to("cpu", torch.float64 if x.is_floating_point() else x.dtype)
    loss = exact.loss if reference == "float64 autograd" else _CheckpointedLoss(exact)
    weights = {name: weight for name, weight in exact.named_parameters() if weight.requires_grad}
    with torch.enable_grad():
        found = torch.autograd.grad(loss(inputs, target.cpu()), tuple(weights.values()))
    return Truth(reference, dict(zip(weights, found, strict=True)))


def choose_reference(network: Network, limit_bytes: int | None) -> Reference | None:
    """The cheapest reference that fits the limit."""
    if limit_bytes is None:
        return "float64 autograd"
    spec = network.spec.changed(dtype="float64")
    dry = dry_run(spec, BackpropOptions())
    if dry.peak_bytes <= limit_bytes:
        return "float64 autograd"
    # √L segments of √L layers: the inputs of all, and the inside of one
    length = network.length + 2
    share = (dry.activation_peak_bytes * (isqrt(length) + 2)) // length
    return "float64 checkpointed autograd" if dry.gradient_bytes + 2 * share <= limit_bytes else None


class _CheckpointedLoss:
    """The network's loss with torch's checkpointing over segments of √L layers."""

    def __init__(self, network: Network) -> None:
        self._network = network
        size = max(1, isqrt(network.length))
        numbers = list(range(1, network.length + 1))
        self._segments = [numbers[at : at + size] for at in range(0, len(numbers), size)]

    def __call__(self, x: Tensor, target: Tensor) -> Tensor:
        state = self._network.through((0,), x)
        for segment in self._segments:
            state = checkpoint(self._network.through, segment, state, use_reentrant=False)
        return cross_entropy(self._network.through((self._network.length + 1,), state), target)
