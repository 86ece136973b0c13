"""Which short dry runs are needed before a method's memory can be put together for any depth. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from moonviz.specs.methods import CheckpointingOptions, MethodOptions, MoonwalkMixedOptions
from moonviz.specs.network import NetworkSpec

FAR_BATCHES = (131_072, 262_144)
"""Where the part that grows with the batch is all that counts. A dry run of any batch takes the same time."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One dry run: a depth and, for schedules that have them, segments and anchors closer than they are asked for."""

    depth: int
    segment: int | None = None
    anchor_every: int | None = None


def segmented(options: MethodOptions) -> bool:
    """Whether the schedule goes through segments of blocks."""
    if isinstance(options, MoonwalkMixedOptions):
        return options.phase_one == "checkpointed"
    return isinstance(options, CheckpointingOptions)


def anchor_every(options: MethodOptions) -> int | None:
    """Blocks from anchor to anchor; null where none are kept."""
    return options.anchor_every if isinstance(options, MoonwalkMixedOptions) else None


def segment_of(options: MethodOptions, blocks: int, weights: tuple[int, int] | None) -> int | None:
    """Blocks per segment that a schedule takes in a network of so many blocks; null where it has none.

    Args:
        options: The method.
        blocks: The network's blocks.
        weights: `PeakPoint.segment_weights`.
    """
    if not segmented(options):
        return None
    assert isinstance(options, CheckpointingOptions | MoonwalkMixedOptions)
    if options.segment:
        return options.segment
    if isinstance(options, CheckpointingOptions):
        return max(1, isqrt(blocks))
    size, kept = weights or (0, 0)
    return min(blocks, max(1, isqrt(blocks * size // kept))) if kept else blocks


def samples(options: MethodOptions, network: NetworkSpec) -> tuple[Sample, ...]:
    """The dry runs that show every class of steps a walk of this method has."""
    every = anchor_every(options)
    groups = sum(block.repeat > 1 or len(network.body) == 1 for block in network.body)
    if not segmented(options):
        if every is None:
            return (Sample(6), Sample(7), Sample(8))
        near = min(every, 3)
        return tuple(Sample(depth, anchor_every=near) for depth in (10, 11, 12))
    if every is not None:
        near = min(every, 4)
        return tuple(Sample(depth, segment, near) for depth in (13, 14, 15, 16) for segment in (3, depth))
    if groups > 1:
        return tuple(Sample(depth, segment) for depth in (6, 7, 8) for segment in (2, 3, 4, 5, 7))
    pairs = ((6, 6), (8, 8), (7, 3), (8, 3), (9, 3), (10, 3), (5, 1), (6, 2), (7, 2))
    return tuple(Sample(depth, segment) for depth, segment in pairs)


def sample_batches(batch: int) -> tuple[int, ...]:
    """The batch itself and others from which every other batch follows."""
    return tuple(dict.fromkeys((batch, 8 if batch != 8 else 16, *FAR_BATCHES)))
