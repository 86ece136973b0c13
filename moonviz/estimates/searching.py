"""How deep, or with how large a batch, a method fits: searched by extrapolation, confirmed by dry runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moonviz.estimates.devices import Device, Optimizer, custom
from moonviz.estimates.fit import MOST_BATCH, Fit, deepest, largest_batch
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.sweeping import MOST_STEPS, dry_point, dry_steps, sweep
from moonviz.estimates.varying import depth_of, most_depth, with_depth
from moonviz.specs.methods import MethodOptions
from moonviz.specs.network import NetworkSpec

MOST_TRIES = 12
"""Dry runs that correct an extrapolation, which is hardly ever off, before it is left as it is."""
Tick = Callable[[], None]


def fit(
    network: NetworkSpec,
    options: MethodOptions,
    limit_bytes: int,
    device: Device | None = None,
    optimizer: Optimizer = "none",
    points: Sequence[PeakPoint] = (),
    tick: Tick = lambda: None,
) -> tuple[Fit, tuple[PeakPoint, ...]]:
    """The most blocks of a network with which a step of a method fits; the most examples where it has no depth.

    The answer and one more are dry-run, and the search goes on from there where they do not agree with what was
    extrapolated. Walks of more than `sweeping.MOST_STEPS` steps are not run: that answer stays extrapolated.

    Args:
        network: Any network of the family; its batch is kept.
        options: The method.
        limit_bytes: What there is.
        device: What kind of device, for what it takes beside tensors; by default tensors alone count.
        optimizer: What is kept for each weight.
        points: Dry runs of this method and family that are known already, those of its samples among them.
        tick: Called at every step.

    Returns:
        The answer, and all points it rests on; a refused method has one that says so, and depth 0.

    Raises:
        InvalidSpec: If the network does not fit together.
    """
    place = device or custom(limit_bytes)
    varies = depth_of(network) is not None
    known = [*points] or [*sweep(network, [options], tick=tick)]
    if known[0].status == "refused":
        return _nothing(network, limit_bytes, varies), (known[0],)

    def ask() -> Fit:
        if varies:
            most = most_depth(network) or 1
            return deepest(known, limit_bytes, place, optimizer, network.batch, most)
        return largest_batch(known, limit_bytes, place, optimizer, known[0].depth, MOST_BATCH)

    for _ in range(MOST_TRIES):
        found = ask()
        fresh = [
            dry_point(network, options, depth, batch, tick=tick)
            for depth, batch in _to_confirm(found, known)
            if dry_steps(with_depth(network, depth), options) <= MOST_STEPS
        ]
        if not fresh:
            break
        known += fresh
    return found, tuple(known)


def _to_confirm(found: Fit, known: Sequence[PeakPoint]) -> list[tuple[int, int]]:
    """The answer and one more, as (depth, batch), where they are not dry-run yet."""
    deeper = (1, 0) if found.varied == "depth" else (0, 1)
    places = [(found.depth, found.batch)] if found.bytes is not None else []
    if found.bytes_one_deeper is not None:
        places.append((found.depth + deeper[0], found.batch + deeper[1]))
    run = {(point.depth, point.batch) for point in known if point.asked and point.exact}
    return [place for place in places if place not in run]


def _nothing(network: NetworkSpec, limit_bytes: int, varies: bool) -> Fit:
    depth, batch = (0, network.batch) if varies else (network.depth, 0)
    return Fit(
        limit_bytes=limit_bytes, varied="depth" if varies else "batch", depth=depth, batch=batch, bytes=None,
        bytes_one_deeper=None, limited_by="refused", exact=True,
    )  # fmt: skip
