"""Which short dry runs are needed before a method's memory can be put together for any depth. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from moonviz.specs.methods import CheckpointingOptions, ForwardOptions, MethodOptions, MoonwalkMixedOptions
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
    near = min(every, 6) if every else None
    if not segmented(options):
        depths = range(2 * near + 1, 3 * near + 1) if near and near > 2 else ()
        # work grows with the square of depth in forward mode, which three depths tell
        plain = (4, 5, 6) if isinstance(options, ForwardOptions) else (6, 8) if near else (4, 6)
        return tuple(Sample(depth, anchor_every=near) for depth in depths or plain)
    assert isinstance(options, CheckpointingOptions | MoonwalkMixedOptions)
    segment = min(options.segment or 4, 4)
    if sum(block.repeat > 1 for block in network.body) > 1:
        return tuple(Sample(depth, other, near) for depth, other in ((5, 5), (6, 5), (7, 5), (8, 5), (9, 5), (6, 100)))
    lasts = sorted({1, 2, segment} & set(range(1, segment + 1)))
    found = [Sample(n * segment + last, segment, near) for n in (3, 1) for last in lasts]
    if every is not None:
        found += [Sample(depth, segment, near) for depth in (15, 17, 18, 19)]
    return (*found, Sample(6, 6, near), Sample(8, 8, near))


def sample_batches(batch: int, options: MethodOptions | None = None) -> tuple[int, ...]:
    """The batch itself and others from which every other batch follows; only one other for the slowest method."""
    others = FAR_BATCHES[:1] if isinstance(options, ForwardOptions) else (8 if batch != 8 else 16, *FAR_BATCHES)
    return tuple(dict.fromkeys((batch, *others)))
