"""A network made deeper: which of its numbers is its depth, and the same network with another one. No torch here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.specs import NetworkSpec, preset
from moonviz.specs.presets.recognise import recognise

MOST_DEPTH = 10_000
"""The most repeats that a spec allows."""


def depth_of(network: NetworkSpec) -> int | None:
    """Repeats of the network's only repeated block, else the `depth` it has as a preset; null where it has neither."""
    repeats = _repeats(network)
    if repeats is not None:
        return repeats
    known = _as_preset(network.canonical())
    return known[1]["depth"] if known else None


def with_depth(network: NetworkSpec, depth: int) -> NetworkSpec:
    """The same network with another depth.

    A network without a depth can only be had with the blocks it has, whose number then stands for it.

    Raises:
        InvalidSpec: If it has no depth, or so many blocks are not allowed.
    """
    if _repeats(network) is not None:
        return network.with_depth(depth)
    known = _as_preset(network.canonical())
    if known:
        return preset(known[0], **known[1] | {"depth": depth})
    return network if depth == network.depth else network.with_depth(depth)  # which says why it cannot be


def most_depth(network: NetworkSpec) -> int | None:
    """The most that `with_depth` takes; null for a network without a depth."""
    if depth_of(network) is None:
        return None
    return _most(network.changed(seed=0).canonical())


@lru_cache(maxsize=64)
def _most(canonical: str) -> int:
    network = NetworkSpec.model_validate_json(canonical)
    low, high = 1, MOST_DEPTH + 1
    while high - low > 1:
        middle = (low + high) // 2
        try:
            with_depth(network, middle)
        except InvalidSpec:
            high = middle
        else:
            low = middle
    return low


def _repeats(network: NetworkSpec) -> int | None:
    """Repeats of the only repeated block; null where there is none, or more than one."""
    repeated = [block.repeat for block in network.body if block.repeat > 1 or len(network.body) == 1]
    return repeated[0] if len(repeated) == 1 else None


@lru_cache(maxsize=64)
def _as_preset(canonical: str) -> tuple[str, dict[str, Any]] | None:
    """Name and settings of the preset that a network is, if it is one."""
    return recognise(NetworkSpec.model_validate_json(canonical))
