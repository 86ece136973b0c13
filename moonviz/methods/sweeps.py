"""Sweeps that several methods share."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from moonviz.events import LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.networks import Network


def block_segments(network: Network, blocks: int) -> list[list[int]]:
    """The body's layer numbers in segments of so many blocks."""
    ends = network.block_ends[blocks - 1 :: blocks]
    if not ends or ends[-1] != network.length:
        ends = (*ends, network.length)
    starts = (0, *ends[:-1])
    return [list(range(start + 1, end + 1)) for start, end in zip(starts, ends, strict=True)]


def head_sweep(network: Network, given: list[Any], target: Any, found: Gradients) -> Generator[LayerEvent, None, Any]:
    """Forward and reverse through the head: the loss, the head's gradient; returns h_L.

    Args:
        network: The network.
        given: x_L in a list, which is emptied: a caller's own variable would keep it alive all the while.
        target: The batch's targets.
        found: Takes the loss and the head's gradients.
    """
    last = network.length + 1
    found.loss, tape = network.record_head(given.pop(), target)
    yield LayerEvent("forward", last, (("activation", last - 1),), (held("activation", last, found.loss),))
    cot, grads = tape.pull()
    found.add(grads)
    del tape
    added = (held("cotangent", last - 1, cot), held("gradient", last, grads))
    yield LayerEvent("reverse", last, (("activation", last),), added)
    return cot


def advance_sweep(
    network: Network,
    x: Any,
    given: list[Any],
    found: Gradients,
    fragments: dict[int, Any],
    anchors: dict[int, Any],
) -> Generator[LayerEvent, None, Any]:
    """Sweep 3: forward again, recovering each layer's cotangent and making its gradient; returns x_L.

    Args:
        network: The network.
        x: The batch.
        given: h₀ in a list, which is emptied, as in `head_sweep`.
        found: Takes the gradients.
        fragments: By layer; each is dropped when it was used.
        anchors: By layer: h_i to take up again behind that layer.
    """
    cot = given.pop()
    state, tape = network.record_stem(x)
    found.add(grads := tape.pull(cot)[1])
    state = network.without_history(state)
    del tape
    added = (held("gradient", 0, grads), held("activation", 0, state))
    yield LayerEvent("advance", 0, (("cotangent", 0),), added)
    for i in range(1, network.length + 1):
        fragment = fragments.pop(i, ())
        state, cot, grads = network.advance(i, state, cot, fragment)
        found.add(grads)
        kept = [("fragment", i)] if fragment else []
        if i in anchors:
            cot = anchors.pop(i)
            kept.append(("anchor", i))
        del fragment
        before = (("activation", i - 1), ("cotangent", i - 1))
        added = (held("gradient", i, grads), held("activation", i, state), held("cotangent", i, cot))
        yield LayerEvent("advance", i, (*before, *kept), added, (*before, *kept))
    return state
