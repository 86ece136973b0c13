"""Pure Moonwalk: h₀ by pushing every input direction forward, then forward once more with vijps.

Krylov, Karamzade, Fox: *Moonwalk: Inverse-Forward Differentiation*, arXiv 2402.14212, for the idea. Nothing ever goes
backward through the body: the loss's answers to the n₀ directions of an example's input *are* its h₀.
"""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from moonviz.events import LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.methods.sweeps import advance_sweep
from moonviz.networks import Network
from moonviz.specs.methods import MoonwalkPureOptions

Options = MoonwalkPureOptions


def steps(
    options: MoonwalkPureOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """⌈n₀/m⌉ passes of tangent 0…L+1, advance 0…L, then the head's own gradient at x_L."""
    last = network.length + 1
    found = Gradients()
    given = [(yield from _input_cotangent(options, network, x, target))]
    state = yield from advance_sweep(network, x, given, found, {}, {})
    found.loss, tape = network.record_head(state, target)
    del state
    found.add(grads := tape.pull()[1])
    del tape
    added = (held("gradient", last, grads), held("activation", last, found.loss))
    reads = (("activation", last - 1),)
    yield LayerEvent("advance", last, reads, added, (*reads, ("cotangent", last - 1)))
    return found


def _input_cotangent(
    options: MoonwalkPureOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Tensor]:
    """h₀, a chunk of directions at a time."""
    state = network.stem(x)
    size, cot = network.input_size(state), network.new_cotangent(state)
    shapes = network.shapes_of(state)
    del state
    total = -(-size // options.chunk)
    for number in network.passes(total):
        loop, start = (number, total), number * options.chunk
        state = network.stem(x)
        tans = network.input_directions(state, start, min(options.chunk, size - start))
        added = (held("activation", 0, state), held("tangent", 0, tans), held("cotangent", 0, cot))
        yield LayerEvent("tangent", 0, (), added, (), loop)
        for i in range(1, network.length + 1):
            state, tans = network.push_many(i, state, tans)
            reads = (("activation", i - 1), ("tangent", i - 1))
            yield LayerEvent("tangent", i, reads, (held("activation", i, state), held("tangent", i, tans)), reads, loop)
        network.fill(cot, start, network.push_many_head(state, tans, target))
        del state, tans
        reads = (("activation", network.length), ("tangent", network.length))
        yield LayerEvent("tangent", network.length + 1, reads, (held("cotangent", 0, cot),), reads, loop)
    return network.as_state(cot, shapes)
