"""Naive forward mode: one pass for every single weight, each pushing that weight's nudge through to the loss.

Wengert, 1964. Exact, and quadratic in depth: P weights in each of L layers, half of L layers to go through for each.
"""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from moonviz.events import Held, LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.networks import Network
from moonviz.specs.methods import ForwardOptions

Options = ForwardOptions


def steps(
    options: ForwardOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """For each layer: all its weights' nudges to the loss, one by one; then its output, to go on from there."""
    last = network.length + 1
    found = Gradients()
    state = x
    for i in range(last + 1):
        grads = network.new_gradients(i)
        for name, weight in network.weights(i).items():
            total = weight.numel()
            for entry in network.passes(total):
                yield from _pass(network, i, name, entry, (entry, total), state, target, grads, found)
        found.add(grads)
        if i < last:
            state = network.stem(x) if i == 0 else network.run(i, state)
            before = (("activation", i - 1),) if i else ()
            yield LayerEvent("forward", i, before, (held("activation", i, state), held("gradient", i, grads)), before)
    return found


def _pass(
    network: Network,
    i: int,
    name: str,
    entry: int,
    loop: tuple[int, int],
    state: Tensor,
    target: Tensor,
    grads: dict[str, Tensor],
    found: Gradients,
) -> Generator[LayerEvent, None, None]:
    """One weight's nudge, from its own layer to the loss."""
    last, here, tan = network.length + 1, state, None
    kept: tuple[tuple[str, int], ...] = (("activation", i - 1),) if i else ()
    for k in range(i, last):
        tans = network.unit_direction(i, name, entry) if k == i else {}
        here, tan = network.push(k, here, tan, tans)
        del tans
        added = (held("activation", k, here), held("tangent", k, tan))
        yield LayerEvent("tangent", k, kept, _with(grads, i, added), _passing(kept, k, i), loop)
        kept = (("activation", k), ("tangent", k))
    tans = network.unit_direction(i, name, entry) if i == last else {}
    found.loss, answer = network.push_head(here, tan, target, tans)
    network.set_entry(grads, name, entry, answer)
    del here, tan, answer, tans
    added = (held("activation", last, found.loss),)
    yield LayerEvent("tangent", last, kept, _with(grads, i, added), _passing(kept, last, i), loop)


def _with(grads: dict[str, Tensor], i: int, added: tuple[Held, ...]) -> tuple[Held, ...]:
    return (held("gradient", i, grads), *added)


def _passing(kept: tuple, k: int, i: int) -> tuple:
    """What a pass lets go of: all it read but the input of the layer it started from."""
    return kept if k > i else ()
