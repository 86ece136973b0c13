"""Projected forward mode: a random direction times the loss's answer to it, averaged over K directions.

Baydin, Pearlmutter, Syme, Wood, Torr: *Gradients without Backpropagation*, arXiv 2202.08587. Unbiased and noisy: with
signs ±1 the rms cosine with the gradient is √(K/(K+P−1)) for P weights.
"""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from moonviz.events import LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.networks import Network
from moonviz.specs.methods import ProjforwardOptions

Options = ProjforwardOptions


def steps(
    options: ProjforwardOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """K passes of tangent 0…L+1; the last step of each adds d·v to every layer's estimate."""
    last, total = network.length + 1, options.directions
    found = Gradients()
    estimates: dict[int, dict[str, Tensor]] = {i: {} for i in range(last + 1)}
    for number in network.passes(total):
        seed, loop = options.seed * 1_000_003 + number, (number, total)
        state, tan = x, None
        reads: tuple = ()
        for i in range(last):
            state, tan = network.push(i, state, tan, network.random_direction(i, seed))
            added = (held("activation", i, state), held("tangent", i, () if tan is None else tan))
            yield LayerEvent("tangent", i, reads, added, reads, loop)
            reads = (("activation", i), ("tangent", i))
        found.loss, answer = network.push_head(state, tan, target, network.random_direction(last, seed))
        del state, tan
        for i in range(last + 1):
            # the direction is drawn again from its seed rather than kept
            network.scale_and_add(estimates[i], network.random_direction(i, seed), answer, total)
        del answer
        made = tuple(held("gradient", i, estimates[i]) for i in range(last + 1))
        yield LayerEvent("tangent", last, reads, (held("activation", last, found.loss), *made), reads, loop)
    for grads in estimates.values():
        found.add(grads)
    return found
