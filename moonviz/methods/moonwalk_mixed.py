"""Mixed-mode Moonwalk: back with residuals alone to find h₀, then forward again with vijps.

Krylov, Karamzade, Fox: *Moonwalk: Inverse-Forward Differentiation*, arXiv 2402.14212, for the idea; the schedule is
derived, checked in tests::

    1 forward : x_i = f_i(x_{i-1}); keep r_i only
    2 reverse : h = ∂J/∂x_L; for i = L…1: h = h·J_i from r_i, then free r_i   → h_0
    3 advance : for i = 1…L: h_i = vijp_i(h_{i-1}); g_i = h_i·∂f_i/∂θ_i; x_i = f_i(x_{i-1})
"""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from moonviz.events import LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.networks import Network
from moonviz.specs.methods import MoonwalkMixedOptions

Options = MoonwalkMixedOptions


def steps(
    options: MoonwalkMixedOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """3(L+2) − 2 steps: forward 0…L+1, reverse L+1…1, advance 0…L."""
    last = network.length + 1
    found = Gradients()
    state = network.stem(x)
    yield LayerEvent("forward", 0, added=(held("activation", 0, state),))
    residuals = []
    for i in range(1, last):
        state, residual = network.keep(i, state)
        residuals.append(residual)
        before = (("activation", i - 1),)
        # a residual may be the very tensor that is the state: whoever is named last is what it counts as
        yield LayerEvent("forward", i, before, (held("residual", i, residual), held("activation", i, state)), before)
        del residual
    found.loss, tape = network.record_head(state, target)
    del state
    yield LayerEvent("forward", last, (("activation", last - 1),), (held("activation", last, found.loss),))
    cot, grads = tape.pull()
    found.add(grads)
    del tape, grads
    added = (held("cotangent", last - 1, cot), held("gradient", last, found.by_name))
    yield LayerEvent("reverse", last, (("activation", last),), added, (("activation", last - 1),))
    for i in range(last - 1, 0, -1):
        cot = network.vjp_x(i, residuals.pop(), cot)
        reads = (("residual", i), ("cotangent", i))
        yield LayerEvent("reverse", i, reads, (held("cotangent", i - 1, cot),), reads)
    state, tape = network.record_stem(x)
    found.add(grads := tape.pull(cot)[1])
    state = network.without_history(state)
    del tape
    added = (held("gradient", 0, grads), held("activation", 0, state))
    yield LayerEvent("advance", 0, (("cotangent", 0),), added)
    for i in range(1, last):
        state, cot, grads = network.advance(i, state, cot)
        found.add(grads)
        reads = (("activation", i - 1), ("cotangent", i - 1))
        added = (held("gradient", i, grads), held("activation", i, state), held("cotangent", i, cot))
        yield LayerEvent("advance", i, reads, added, reads)
    return found
