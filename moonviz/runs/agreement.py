"""How two gradients compare, in numbers."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from moonviz.networks import Network
from moonviz.networks.steps import Grads
from moonviz.results import Agreement, LayerSample, ParameterAgreement
from moonviz.runs.truth import Truth

MOST_OF_A_LAYER = 48
MOST_OF_A_METHOD = 2_048
"""Entries that are kept for a scatter: about 24 kB of JSON per method."""
_TRUE_DIGITS, _APART_DIGITS = 12, 4
_GOLDEN = (5**0.5 - 1) / 2


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
    to_own = {name: None if backprop is None else _relative(pairs[name][0], _exact(backprop[name])) for name in names}
    return Agreement(
        reference=truth.reference,
        relative_error=error,
        cosine=cosine,
        max_abs_error=largest,
        relative_error_to_backprop=to_backprop,
        per_parameter=tuple(_parameter(name, layers[name], *pairs[name], to_own[name]) for name in names),
        sample=_sample(network, {name: g - t for name, (g, t) in pairs.items()}, _APART_DIGITS),
    )


def sample_truth(network: Network, truth: Truth | None) -> tuple[LayerSample, ...]:
    """Entries of the true gradient, spread over each layer's parameters; `agree` samples the same places."""
    if truth is None:
        return ()
    return _sample(network, {name: _exact(value) for name, value in truth.by_name.items()}, _TRUE_DIGITS)


def _sample(network: Network, values: Grads, digits: int) -> tuple[LayerSample, ...]:
    by_layer = ((number, network.weights(number)) for number in range(network.length + 2))
    named = {number: kept for number, own in by_layer if (kept := [name for name in own if name in values])}
    most = min(MOST_OF_A_LAYER, max(1, MOST_OF_A_METHOD // max(1, len(named))))
    found = []
    for number, names in named.items():
        flat = torch.cat([values[name].flatten() for name in names])
        chosen = flat[list(_places(flat.numel(), most))].tolist()
        found.append(LayerSample(layer=number, values=tuple(_rounded(value, digits) for value in chosen)))
    return tuple(found[:MOST_OF_A_METHOD])


@lru_cache(maxsize=256)
def _places(count: int, most: int) -> tuple[int, ...]:
    """Up to `most` of `count` places, spread evenly.

    Multiples of the golden ratio never fall into step with a kernel's or a row's length, as equal steps would.
    """
    if count <= most:
        return tuple(range(count))
    return tuple(sorted({int(count * (n * _GOLDEN % 1)) for n in range(most)}))


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def relative_error(grads: Grads, reference: Grads) -> float | None:
    """‖g − r‖ / ‖r‖ over all parameters; None if r is zero."""
    apart = sum(float((_exact(grads[name]) - _exact(r)).square().sum()) for name, r in reference.items())
    size = sum(float(_exact(r).square().sum()) for r in reference.values())
    return None if size == 0 else (apart / size) ** 0.5


def _parameter(name: str, layer: int, grad: Tensor, truth: Tensor, to_backprop: float | None) -> ParameterAgreement:
    error, cosine, largest = _compare(grad.flatten(), truth.flatten())
    return ParameterAgreement(
        name=name,
        layer=layer,
        shape=tuple(truth.shape),
        relative_error=error,
        cosine=cosine,
        max_abs_error=largest,
        relative_error_to_backprop=to_backprop,
    )


def _relative(grad: Tensor, reference: Tensor) -> float | None:
    size = float(reference.norm())
    return float((grad - reference).norm()) / size if size else None


def _compare(grad: Tensor, truth: Tensor) -> tuple[float | None, float | None, float]:
    size, length = float(truth.norm()), float(grad.norm())
    apart = grad - truth
    # a gradient that overflowed to ∞ or NaN keeps its NaN here: strict JSON names it, and it is never called the same
    cosine = float(grad @ truth) / (size * length) if size and length else None
    return _relative(grad, truth), cosine, float(apart.abs().max())


def _exact(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", torch.float64)
