"""Repairs of a draft: changes that were tried on the meta device, and work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from moonviz.building.facts import Place, Repair
from moonviz.networks.better import changes_of
from moonviz.networks.candidates import Candidate, for_misfit, for_output, layer_at, of_earlier, with_layer_at, written
from moonviz.networks.checking import STRENGTH, Judged, Walked, judge, walk
from moonviz.specs import SOURCES, NetworkSpec
from moonviz.specs import layers as specs

MOST_NEEDED = 6
MOST_WALKED = 8
MOST_BLAMED = 16
"""How many of the last layers may be to blame for a wrong number of positions."""
MANY_LAYERS = 24
"""Networks of more written layers get one suggestion for each at most."""
_ENOUGH = STRENGTH["submersive"]
"""A layer that keeps nothing needs no better one."""


def repairs_of(network: NetworkSpec, walked: Walked) -> tuple[Repair, ...]:
    """What mends the network's misfit, the smallest change first.

    If nothing mends the whole network, since something else does not fit either, then what moves the misfit further
    back.
    """
    mended = working(network, walked)[:MOST_NEEDED]
    return tuple(Repair(says=one.says, network=as_data(one.network), place=one.place) for one in mended)


def working(network: NetworkSpec, walked: Walked) -> list[Candidate]:
    """The candidates that work, the smallest change first."""
    problem = walked.problem
    if problem is None:
        return []
    left = _left(network, walked)
    whole, part = [], []
    for candidate in _distinct(_candidates(network, walked)):
        found = walk(candidate.network)
        if found.problem is None:
            whole.append(candidate)
        elif _left(candidate.network, found) < left:
            part.append(candidate)
    return sorted(whole or part, key=lambda one: one.cost)


def better_layers(network: NetworkSpec, walked: Walked) -> tuple[Repair, ...]:
    """For each layer that the walk cannot pass or must keep a part of h for: what it gets by with less.

    The network must fit together.
    """
    found: list[Repair] = []
    places = [place for place in written(network) if place.part == "body"]
    most = 2 if len(places) <= MANY_LAYERS else 1
    for place in places:
        judged = walked.rows[1 + place.block].weakest[place.layer]
        if STRENGTH[judged.capability] < _ENOUGH:
            found += [
                Repair(says=one.says, network=as_data(one.network), place=place, needed=False)
                for one in islice(_better(network, place, judged), most)
            ]
    return tuple(found)


def _better(network: NetworkSpec, place: Place, judged: Judged) -> Iterator[Candidate]:
    """The changes of one layer after which it can do more and all else fits, those that keep its output first."""
    hopes, strength = [], STRENGTH[judged.capability]
    for cost, says, layer in changes_of(layer_at(network, place), judged.in_shape):
        now = judge(layer, judged.in_shape, network.dtype) if layer else None
        if isinstance(now, str) or (now and STRENGTH[now.capability] <= strength):
            continue
        gain = STRENGTH[now.capability] - strength if now else 0
        hopes.append((now is not None and now.out_shape != judged.out_shape, -gain, cost, len(hopes), says, layer))
    for _, _, cost, _, says, layer in sorted(hopes, key=lambda hope: hope[:4])[:MOST_WALKED]:
        made = with_layer_at(network, place, layer)
        after = walk(made) if made else None
        if made is None or after is None or after.problem:
            continue
        # what counts is the repeat where it can do least
        if layer is None or STRENGTH[after.rows[1 + place.block].weakest[place.layer].capability] > strength:
            yield Candidate(cost, says, made, place)


def _candidates(network: NetworkSpec, walked: Walked) -> Iterator[Candidate | None]:
    problem = walked.problem
    assert problem is not None
    if problem.layer_name == "the head":
        shape = walked.rows[-1].shape
        yield from for_output(network, problem.place, shape)
        # somewhere positions were lost or won that the loss has targets for
        moving = SOURCES[network.data].targets == "position"
        for place in written(network)[-MOST_BLAMED:] if moving else ():
            yield from of_earlier(network, place, shape, 1)
        return
    yield from for_misfit(network, problem.place, walked.rows[-1].shape if walked.rows else None)


def _distinct(candidates: Iterable[Candidate | None]) -> Iterator[Candidate]:
    seen: set[NetworkSpec] = set()
    for candidate in candidates:
        if candidate is not None and candidate.network not in seen:
            seen.add(candidate.network)
            yield candidate


def _left(network: NetworkSpec, walked: Walked) -> int:
    """How many layers have not been seen to fit: none are left where only the loss has a complaint."""
    problem, order = walked.problem, written(network)
    if problem is None or problem.layer_name == "the head":
        return 0
    return len(order) - order.index(problem.place) if walked.rows else len(order) + 1


def as_data(network: NetworkSpec) -> dict[str, Any]:
    """The network as plain data that shares what it has in common with others."""
    data = {name: value for name, value in network if name not in ("stem", "body", "head")}
    body = [{"layers": [_layer(one) for one in block.layers], "repeat": block.repeat} for block in network.body]
    ends = {part: [_layer(one) for one in getattr(network, part)] for part in ("stem", "head")}
    return data | ends | {"body": body}


@lru_cache(maxsize=4_096)
def _layer(layer: specs.LayerSpec) -> dict[str, Any]:
    return layer.model_dump(mode="json")
