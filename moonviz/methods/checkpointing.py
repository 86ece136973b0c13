"""Gradient checkpointing: keep the input of each segment, run a segment again when its turn comes.

Chen, Xu, Zhang, Guestrin: *Training Deep Nets with Sublinear Memory Cost*, arXiv 1604.06174.
"""

from __future__ import annotations

from collections.abc import Generator
from math import isqrt

from torch import Tensor

from moonviz.events import LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.methods.sweeps import block_segments, head_sweep
from moonviz.networks import Network
from moonviz.specs.methods import CheckpointingOptions

Options = CheckpointingOptions


def steps(
    options: CheckpointingOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """Forward 0…L+1; then segment by segment recompute and reverse; the stem last."""
    found = Gradients()
    segments = block_segments(network, options.segment or max(1, isqrt(len(network.block_ends))))
    state, inputs = network.stem(x), []
    yield LayerEvent("forward", 0, added=(held("activation", 0, state),))
    for segment in segments:
        inputs.append(network.input_to_keep(segment[0], state))
        for i in segment:
            state = network.run(i, state)
            kept = (held("activation", i - 1, inputs[-1]),) if i == segment[0] else ()
            removed = () if kept else (("activation", i - 1),)
            added = (*kept, held("activation", i, state))
            yield LayerEvent("forward", i, (("activation", i - 1),), added, removed)
    given = [state]
    del state
    cot = yield from head_sweep(network, given, target, found)
    for segment in reversed(segments):
        state, tapes = inputs.pop(), []
        for i in segment:
            state, tape = network.record(i, state)
            tapes.append(tape)
            yield LayerEvent("recompute", i, (("activation", i - 1),), (held("activation", i, state),))
        del state, tape
        for i in reversed(segment):
            cot, grads = tapes.pop().pull(cot)
            found.add(grads)
            reads = (("activation", i), ("cotangent", i))
            added = (held("cotangent", i - 1, cot), held("gradient", i, grads))
            yield LayerEvent("reverse", i, reads, added, reads)
    tape = network.record_stem(x)[1]
    found.add(grads := tape.pull(cot)[1])
    yield LayerEvent("reverse", 0, (("cotangent", 0),), (held("gradient", 0, grads),), (("cotangent", 0),))
    return found
