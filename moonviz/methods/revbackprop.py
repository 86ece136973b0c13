"""RevBackprop: keep nothing, rebuild each layer's input from its output on the way back.

Gomez, Ren, Urtasun, Grosse: *The Reversible Residual Network*, arXiv 1707.04585. Exact in real arithmetic; rounding
errors of the rebuilt inputs grow towards the input.
"""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from moonviz.events import LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.methods.sweeps import head_sweep
from moonviz.networks import Network
from moonviz.specs.methods import RevbackpropOptions

Options = RevbackpropOptions


def steps(
    options: RevbackpropOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """Forward 0…L+1, reverse L+1, invert L…1, reverse 0."""
    found = Gradients()
    state = network.stem(x)
    yield LayerEvent("forward", 0, added=(held("activation", 0, state),))
    for i in range(1, network.length + 1):
        state = network.run(i, state)
        before = (("activation", i - 1),)
        yield LayerEvent("forward", i, before, (held("activation", i, state),), before)
    cot = yield from head_sweep(network, [state], target, found)
    for i in range(network.length, 0, -1):
        state, cot, grads = network.retreat(i, state, cot)
        found.add(grads)
        reads = (("activation", i), ("cotangent", i))
        added = (held("activation", i - 1, state), held("cotangent", i - 1, cot), held("gradient", i, grads))
        yield LayerEvent("invert", i, reads, added, reads)
    del state
    tape = network.record_stem(x)[1]
    found.add(grads := tape.pull(cot)[1])
    read = (("cotangent", 0),)
    yield LayerEvent("reverse", 0, read, (held("gradient", 0, grads),), (*read, ("activation", 0)))
    return found
