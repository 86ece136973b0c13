"""How two gradients compare, in numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from moonviz.networks import Network
from moonviz.networks.steps import Grads
from moonviz.results import Agreement, ParameterAgreement
from moonviz.runs.truth import Truth


def agree(network: Network, grads: Grads, truth: Truth | None, backprop: Grads | None) -> Agreement:
    """Compare a gradient with the truth and with backprop in the run's own dtype.

    Everything is compared in float64 on the CPU. A relative error against a zero gradient is null.
    """
    to_backprop = relative_error(grads, backprop) if backprop is not None else None
    if truth is None:
        return Agreement(
            reference=None,
            relative_error=None,
            cosine=None,
            max_abs_error=None,
            relative_error_to_backprop=to_backprop,
        )
    names = list(truth.by_name)
    pairs = {name: (_exact(grads[name]), _exact(truth.by_name[name])) for name in names}
    whole = torch.cat([g.flatten() for g, _ in pairs.values()]), torch.cat([t.flatten() for _, t in pairs.values()])
    error, cosine, largest = _compare(*whole)
    layers = {name: number for number in range(network.length + 2) for name in network.weights(number)}
    return Agreement(
        reference=truth.reference,
        relative_error=error,
        cosine=cosine,
        max_abs_error=largest,
        relative_error_to_backprop=to_backprop,
        per_parameter=tuple(_parameter(name, layers[name], *pairs[name]) for name in names),
    )


def relative_error(grads: Grads, reference: Grads) -> float | None:
    """‖g − r‖ / ‖r‖ over all parameters; None if r is zero."""
    apart = sum(float((_exact(grads[name]) - _exact(r)).square().sum()) for name, r in reference.items())
    size = sum(float(_exact(r).square().sum()) for r in reference.values())
    return None if size == 0 else (apart / size) ** 0.5


def _parameter(name: str, layer: int, grad: Tensor, truth: Tensor) -> ParameterAgreement:
    error, cosine, largest = _compare(grad.flatten(), truth.flatten())
    return ParameterAgreement(
        name=name,
        layer=layer,
        shape=tuple(truth.shape),
        relative_error=error,
        cosine=cosine,
        max_abs_error=largest,
    )


def _compare(grad: Tensor, truth: Tensor) -> tuple[float | None, float | None, float]:
    size, length = float(truth.norm()), float(grad.norm())
    apart = grad - truth
    # a gradient that overflowed to ∞ or NaN keeps its NaN here: strict JSON names it, and it is never called the same
    cosine = float(grad @ truth) / (size * length) if size and length else None
    return (float(apart.norm()) / size if size else None), cosine, float(apart.abs().max())


def _exact(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", torch.float64)
