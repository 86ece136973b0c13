"""Which preset, with which settings, a network is: found by trial, and only told where it is that network exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.specs.network import NetworkSpec
from moonviz.specs.presets import PRESETS, preset

MOST_TRIALS = 400


def recognise(network: NetworkSpec) -> tuple[str, dict[str, Any]] | None:
    """The name and settings with which `preset` gives this network; null where it is none.

    Each setting in turn takes the one among the network's own values that brings the preset closest to it, which
    finds settings that stand in the network as they are. It costs at most `MOST_TRIALS` small specs.
    """
    name = network.name
    if name not in PRESETS:
        return None
    wanted = dict(_leaves(network.model_dump(mode="json")))
    settings = PRESETS[name].settings().model_dump()
    values = [one for n, one in enumerate(wanted.values()) if one not in list(wanted.values())[:n]]
    values += [network.depth, *_halves(values)]
    best, trials = _apart(name, settings, wanted), 0
    for _ in range(2):  # a second time, since one setting may hide behind another
        for key in settings:
            for value in values:
                if not best or trials >= MOST_TRIALS or type(value) is not type(settings[key]):
                    continue
                trials += 1
                apart = _apart(name, settings | {key: value}, wanted)
                if apart < best:
                    best, settings = apart, settings | {key: value}
    return (name, settings) if best == 0 else None


def _halves(values: list[Any]) -> list[int]:
    """Twice what stands there: a coupling says the half of its channels."""
    return [2 * one for one in values if isinstance(one, int) and not isinstance(one, bool)]


def _leaves(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list | tuple) else None
    if pairs is None:
        yield place, node
        return
    for key, value in pairs:
        yield from _leaves(value, f"{place}.{key}")


def _apart(name: str, settings: dict[str, Any], wanted: dict[str, Any]) -> float:
    """In how many values the preset with these settings differs; infinite for settings that it refuses."""
    try:
        found = dict(_leaves(preset(name, **settings).model_dump(mode="json")))
    except InvalidSpec:
        return float("inf")
    places = wanted.keys() | found.keys()
    return float(sum(wanted.get(place) != found.get(place) for place in places))
