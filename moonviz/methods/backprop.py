"""Backpropagation: store what every layer's gradient will need, walk back, use it, free it.

Rumelhart, Hinton, Williams, 1986. The graph is torch's; each layer's piece of it is pulled back on its own, so the
walk can be watched and costs what `loss.backward()` costs.
"""

from __future__ import annotations

from collections.abc import Generator

from torch import Tensor

from moonviz.events import LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.networks import Network
from moonviz.specs.methods import BackpropOptions

Options = BackpropOptions


def steps(
    options: BackpropOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """2(L+2) steps: forward 0…L+1, reverse L+1…0."""
    last = network.length + 1
    found = Gradients()
    state, tape = network.record_stem(x)
    tapes = [tape]
    yield LayerEvent("forward", 0, added=(held("activation", 0, state),))
    for i in range(1, last):
        state, tape = network.record(i, state)
        tapes.append(tape)
        yield LayerEvent("forward", i, (("activation", i - 1),), (held("activation", i, state),))
    found.loss, tape = network.record_head(state, target)
    tapes.append(tape)
    del state, tape
    yield LayerEvent("forward", last, (("activation", last - 1),), (held("activation", last, found.loss),))
    cot = None
    for i in range(last, -1, -1):
        reads = (("activation", i),) if i == last else (("activation", i), ("cotangent", i))
        cot, grads = tapes.pop().pull(cot)
        found.add(grads)
        added = (held("gradient", i, grads),) if i == 0 else (held("cotangent", i - 1, cot), held("gradient", i, grads))
        yield LayerEvent("reverse", i, reads, added, reads if i < last else ())
    return found
