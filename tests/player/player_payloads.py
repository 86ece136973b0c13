"""Races to feed the player with: stored ones, the same drawn out to any depth, running ones, and damaged ones."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from typing import Any

from moonviz.data.stored import stored
from moonviz.figures.playing import payload

Data = dict[str, Any]
EVIL = '<img src=x onerror="window.hurt=1"> & "quoted" `code`'


@cache
def _stored(name: str) -> str:
    return json.dumps(payload(stored(name), id=f"stored:{name}"))


def finished(name: str = "digits-revnet") -> Data:
    """A stored race as the page feeds it."""
    return json.loads(_stored(name))


def method(race: Data, label: str) -> Data:
    return next(one for one in race["methods"] if one["label"] == label)


def rows(flat: list[int]) -> list[list[int]]:
    """Event, kind, layer, bytes of each change."""
    return [flat[at : at + 4] for at in range(0, len(flat), 4)]


def drawn_out(race: Data, factor: int, twins: int = 0) -> Data:
    """Every layer as `factor` layers: the same schedule and sizes over a deeper network, and more methods if wanted."""
    race = deepcopy(race)
    net = race["network"]
    net["layers"] = [kind for kind in net["layers"] for _ in range(factor)]
    net |= {"last": len(net["layers"]) - 1, "names": None}
    race["id"] += f"×{factor}"
    for one in race["methods"]:
        events = one["events"]
        back = [letter in "ri" for letter in events["phase"]]
        events["phase"] = "".join(letter * factor for letter in events["phase"])
        for name in ("us", "live", "peak"):
            events[name] = events[name] and [value for value in events[name] for _ in range(factor)]
        order = [[factor - 1 - s if turned else s for s in range(factor)] for turned in back]
        events["layer"] = [i * factor + s for i, subs in zip(events["layer"], order, strict=True) for s in subs]
        for name in ("add", "remove"):
            changes = [
                (e * factor + at, kind, layer * factor + s, size)
                for e, kind, layer, size in rows(events[name])
                for at, s in enumerate(order[e])
            ]
            events[name] = [value for change in sorted(changes) for value in change]
        events["n"] *= factor
        for name in ("passes", "say"):
            events[name] = [[e * factor + s, what] for e, what in events[name] for s in range(factor)]
        one["sweeps"] = [[e * factor, text] for e, text in one["sweeps"]]
        one["agreement"] = [[i * factor + s, *rest] for i, *rest in one["agreement"] for s in range(factor)]
    for at in range(twins):
        twin = deepcopy(race["methods"][at % len(race["methods"])])
        twin["label"] += f" (twin {at + 1})"
        race["methods"].append(twin)
    return race


def running(race: Data, done: int, of_next: int) -> Data:
    """The same race while it runs: `done` methods finished, `of_next` events of the next, no clock and no gradients."""
    race = deepcopy(race) | {"live": True}
    for at, one in enumerate(race["methods"]):
        events = one["events"]
        count = events["n"] if at < done else of_next if at == done else 0
        for name in ("verdict", "seconds", "ratio", "less", "agreement", "error_to_truth", "flops", "peak"):
            one[name] = None
        one["status"] = "ok" if at < done else "running" if at == done and of_next else "waiting"
        events |= {"n": count, "us": None, "phase": events["phase"][:count]}
        for name in ("layer", "live", "peak"):
            events[name] = events[name][:count]
        for name in ("add", "remove"):
            events[name] = [value for row in rows(events[name]) if row[0] < count for value in row]
        for name in ("passes", "say"):
            events[name] = [row for row in events[name] if row[0] < count]
    return race


def _empty(one: Data, status: str, **more: Any) -> Data:
    nothing = {"n": 0, "phase": "", "layer": [], "us": None, "live": [], "peak": [], "passes": [], "say": []}
    nothing |= {"step": None, "add": [], "remove": []}
    cleared = dict.fromkeys(("peak", "seconds", "ratio", "less", "flops", "verdict", "error_to_truth", "agreement"))
    return one | cleared | {"status": status, "sweeps": [], "events": nothing} | more


def stopped(race: Data, done: int, of_next: int) -> Data:
    """The same race stopped on its way, after as much of it as `running` has."""
    race = running(race, done, of_next)
    race |= {"live": False, "stopped": "Stopped at layer 27 of sweep 2 (checkpointing); nothing is kept."}
    for at, one in enumerate(race["methods"]):
        one |= {"status": "cancelled", "traced": at < done, "peak": max(one["events"]["peak"], default=None)}
    return race


def troubled(race: Data) -> Data:
    """One method finished; the others were refused, too large, failed and lost."""
    race = deepcopy(race)
    base = race["methods"][0]
    refused = {"message": "Layer 7, `ReLU`, cannot be undone.", "layer": "7", "remedy": "Use `leaky_relu` there."}
    failed = {"message": "Ran out of memory at layer 3.", "layer": "3", "remedy": None}
    large = {"message": "It needs 1,029 MiB of 512 MiB.", "layer": None, "remedy": "Take a smaller depth or batch."}
    lost = {"message": "The worker ended on its own.", "layer": None, "remedy": "Run again."}
    race |= {"id": "troubled", "budget": 4 * 2**20}
    race["methods"] = [
        race["methods"][3],
        _empty(base | {"label": "revbackprop", "method": "revbackprop"}, "refused", error=refused),
        _empty(base | {"label": "backprop"}, "too_large", needs=1029 * 2**20, limit=512 * 2**20, error=large),
        _empty(base | {"label": "checkpointing", "method": "checkpointing"}, "failed", error=failed),
        _empty(base | {"label": "forward", "method": "forward"}, "lost", error=lost),
    ]
    return race


def evil(race: Data) -> Data:
    """Every text that comes from data tries to be HTML."""
    race = deepcopy(race) | {"stopped": EVIL, "dtype": EVIL, "id": EVIL}
    race["network"] |= {"name": EVIL, "what": EVIL, "names": [EVIL] * (race["network"]["last"] + 1)}
    race["network"]["kinds"] = [[EVIL, EVIL, EVIL, *kind[3:]] for kind in race["network"]["kinds"]]
    for at, one in enumerate(race["methods"]):
        one |= {"label": f"{at} {EVIL}", "verdict": [EVIL, EVIL], "sweeps": [[e, EVIL] for e, _ in one["sweeps"]]}
        one["say"] = {key: [EVIL + " {i}", EVIL + "_{i}^{" + "x}"] for key in one["say"]}
    race["methods"][0]["method"] = "');} body{display:none"
    race["methods"][1] |= {"status": "failed", "error": {"message": EVIL, "layer": EVIL, "remedy": EVIL}}
    return race


def with_guess(race: Data) -> Data:
    """One more method, whose gradient is a noisy guess."""
    race = deepcopy(race)
    guess = deepcopy(method(race, "backprop"))
    guess |= {"label": "projforward (directions=4)", "method": "projforward", "noisy": True, "less": 12.0}
    guess |= {"verdict": ["a noisy estimate", "expected cosine 0.02, here 0.018"], "ratio": 1.4, "error_to_truth": 54.0}
    events = guess["events"]
    events["phase"] = events["phase"].replace("f", "t")
    for name in ("live", "peak"):
        events[name] = [size // 8 for size in events[name]]
    guess["peak"] //= 8
    guess["agreement"] = [[layer, 7.5, 0.02, 0.4] for layer, *_ in guess["agreement"]]
    race["methods"].append(guess)
    return race
