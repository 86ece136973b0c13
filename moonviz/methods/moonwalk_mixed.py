"""Mixed-mode Moonwalk: back without weight gradients to find h₀, then forward again with vijps.

Krylov, Karamzade, Fox: *Moonwalk: Inverse-Forward Differentiation*, arXiv 2402.14212, for the idea; the schedule is
derived, checked in tests::

    1 forward : x_i = f_i(x_{i-1}); keep r_i only
    2 reverse : h = ∂J/∂x_L; for i = L…1: [keep fragment or anchor of h]; h = h·J_i from r_i, then free r_i   → h_0
    3 advance : for i = 1…L: h_i = vijp_i(h_{i-1}); g_i = h_i·∂f_i/∂θ_i; x_i = f_i(x_{i-1})

Phase one (sweeps 1 and 2) may rebuild the residuals instead of keeping them: from outputs, by each layer's inverse,
or from the inputs of segments, by running them again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from moonviz.events import Held, Kind, LayerEvent
from moonviz.methods.gradients import Gradients, held
from moonviz.methods.sweeps import advance_sweep, block_segments, head_sweep
from moonviz.networks import Network
from moonviz.specs.methods import MoonwalkMixedOptions

Options = MoonwalkMixedOptions
Sweep = Generator[LayerEvent, None, None]


@dataclass(slots=True)
class _Walk:
    """What sweep 2 keeps for sweep 3, and what all phases need."""

    options: MoonwalkMixedOptions
    network: Network
    x: Any
    target: Any
    found: Gradients = field(default_factory=Gradients)
    fragments: dict[int, Any] = field(default_factory=dict)
    anchors: dict[int, Any] = field(default_factory=dict)
    anchored: frozenset[int] = frozenset()
    cot: list[Any] = field(default_factory=list)
    """The cotangent where the walk is, alone in its list: a variable of each sweep would keep one alive too long."""

    def back(self, i: int, residual: Any) -> tuple[Held, ...]:
        """h_{i-1} from h_i; says what is kept of h_i on the way."""
        kept, cot = [], self.cot.pop()
        if fragment := self.network.fragment(i, residual, cot, self.options.fragment_block):
            self.fragments[i] = fragment
            kept.append(held("fragment", i, fragment))
        before = self.network.vjp_x(i, residual, cot)
        kept.append(held("cotangent", i - 1, before))
        if i in self.anchored:
            self.anchors[i] = cot
            # named last: where h passes through a layer untouched, its memory is the anchor's, not the cotangent's
            kept.append(held("anchor", i, cot))
        self.cot.append(before)
        return tuple(kept)


def steps(
    options: MoonwalkMixedOptions, network: Network, x: Tensor, target: Tensor
) -> Generator[LayerEvent, None, Gradients]:
    """3(L+2) − 2 steps with residuals: forward 0…L+1, reverse L+1…1, advance 0…L."""
    every = options.anchor_every
    anchored = frozenset(network.block_ends[every - 1 :: every] if every else ()) - {network.length}
    walk = _Walk(options, network, x, target, anchored=anchored)
    yield from _PHASES[options.phase_one](walk)
    yield from advance_sweep(network, x, walk.cot, walk.found, walk.fragments, walk.anchors)
    return walk.found


def _residuals(walk: _Walk) -> Sweep:
    """Keep every residual on the way forward."""
    network = walk.network
    state = network.stem(walk.x)
    yield LayerEvent("forward", 0, added=(held("activation", 0, state),))
    residuals = []
    for i in range(1, network.length + 1):
        state, residual = network.keep(i, state)
        residuals.append(residual)
        yield _forward(i, held("activation", i, state), held("residual", i, residual))
        del residual
    given = [state]
    del state
    walk.cot.append((yield from head_sweep(network, given, walk.target, walk.found)))
    yield from _reverse(walk, residuals, list(range(1, network.length + 1)))


def _inverse(walk: _Walk) -> Sweep:
    """Keep nothing; undo each layer on the way back to see its residual."""
    network = walk.network
    state = network.stem(walk.x)
    yield LayerEvent("forward", 0, added=(held("activation", 0, state),))
    for i in range(1, network.length + 1):
        state = network.run(i, state)
        yield _forward(i, held("activation", i, state))
    walk.cot.append((yield from head_sweep(network, [state], walk.target, walk.found)))
    for i in range(network.length, 0, -1):
        state, residual = network.undo(i, state)
        kept = walk.back(i, residual)
        del residual
        reads = (("activation", i), ("cotangent", i))
        yield LayerEvent("invert", i, reads, (held("activation", i - 1, state), *kept), reads)


def _checkpointed(walk: _Walk) -> Sweep:
    """Keep the input of each segment; run it again for its residuals when its turn comes on the way back."""
    network = walk.network
    segments = block_segments(network, walk.options.segment or network.residual_segment)
    state, inputs = network.stem(walk.x), []
    yield LayerEvent("forward", 0, added=(held("activation", 0, state),))
    for segment in segments:
        inputs.append(network.input_to_keep(segment[0], state))
        for i in segment:
            state = network.run(i, state)
            first = i == segment[0]
            kept = (held("activation", i - 1, inputs[-1]),) if first else ()
            yield _forward(i, *kept, held("activation", i, state), drop=not first)
    given = [state]
    del state
    walk.cot.append((yield from head_sweep(network, given, walk.target, walk.found)))
    for segment in reversed(segments):
        state, residuals = inputs.pop(), []
        for i in segment:
            state, residual = network.keep(i, state)
            residuals.append(residual)
            yield _forward(i, held("activation", i, state), held("residual", i, residual), phase="recompute")
            del residual
        del state
        yield from _reverse(walk, residuals, segment)


def _reverse(walk: _Walk, residuals: list[Any], segment: list[int]) -> Sweep:
    """Back through a segment whose residuals are at hand."""
    for i in reversed(segment):
        kept = walk.back(i, residuals.pop())
        reads = (("residual", i), ("cotangent", i))
        removed = (*reads, ("activation", i)) if i == segment[-1] else reads
        yield LayerEvent("reverse", i, reads, kept, removed)


def _forward(i: int, *added: Held, drop: bool = True, phase: Any = "forward") -> LayerEvent:
    before: tuple[tuple[Kind, int], ...] = (("activation", i - 1),)
    return LayerEvent(phase, i, before, added, before if drop else ())


_PHASES: dict[str, Callable[[_Walk], Sweep]] = {
    "residuals": _residuals,
    "inverse": _inverse,
    "checkpointed": _checkpointed,
}
