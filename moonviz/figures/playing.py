"""What the player is fed: a race as plain, strict JSON, made from its report or from what a running job has said.

Bytes are whole numbers, times whole microseconds, null what is not known. Columns hold one entry for each kept event;
what is held at any event is the sum of `add` minus `remove` up to it, and equals the record's own bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from typing import Any, Protocol

from moonviz.errors import InvalidSpec
from moonviz.events import KINDS, StepRecord
from moonviz.figures.captions import Speaker
from moonviz.figures.playing_heads import budget_bytes, finished, head
from moonviz.figures.playing_sweeps import sweep_starts
from moonviz.figures.playing_thin import Changes, Event, as_events, thinned
from moonviz.figures.words import one_line
from moonviz.results import TOLERANCE, LayerCard, Report
from moonviz.specs import RunSpec, method_options

SCHEMA = 1
MOST_CHARACTERS = 900_000
"""Longest JSON of one race; what is longer has neighbouring events merged."""
LETTERS = {"forward": "f", "reverse": "r", "recompute": "c", "invert": "i", "tangent": "t", "advance": "a"}


Data = dict[str, Any]


class Followed(Protocol):
    """What is known of a job that runs."""

    id: str
    spec: Any
    stage: Any
    steps: dict[str, list[StepRecord]]

    def layers(self) -> int:
        """How many layers there are, stem and head included."""
        ...


def race_id(spec: RunSpec, job: str) -> str:
    """The name of a race while it runs and ever after: what was asked for, and the job that did it."""
    return sha256(f"{spec.canonical()} {job}".encode()).hexdigest()[:20]


def stored_id(report: Report) -> str:
    """The name of a race that came with the package or from a file."""
    labels = ",".join(one.label for one in report.results)
    return f"{report.network.spec.get('name', 'network')}:{labels}"


def payload(report: Report, *, id: str, stale: bool = False, budget: int | None = None) -> Data:
    """A finished race.

    Args:
        report: It.
        id: Its name: a player keeps its position for as long as this stays.
        stale: Whether the settings ask for another race by now.
        budget: Where the budget line begins; null: between backprop and Moonwalk.
    """
    cards = report.network.layers
    last = max(len(cards) - 1, *(step.layer for one in report.results for step in one.steps), 0)
    dtype = str(report.network.spec.get("dtype", "float32"))
    base = next((one for one in report.results if one.method == "backprop" and one.status == "ok"), None)
    told = [(finished(one, base, dtype), one, _speaker(one.method, one.options, last, cards)) for one in report.results]
    whole = _frame(id, dtype, _network(report.network.spec, cards, last))
    whole |= {"stale": stale, "budget": budget or budget_bytes(report.results)}
    return _fitted(whole, [(own, one.steps, speaker) for own, one, speaker in told])


def live_payload(job: Followed, cards: Sequence[LayerCard] = (), stopped: str | None = None) -> Data:
    """A race as far as its job has told.

    Args:
        job: What has been heard of it; its spec is a `RunSpec`.
        cards: The network's layers, as far as they are known.
        stopped: Where it was stopped, in words, if it was.
    """
    spec: RunSpec = job.spec
    network = spec.network.model_dump(mode="json")
    last = job.layers() - 1
    at_work = _at_work(job)
    told = []
    for choice in spec.methods:
        steps = job.steps.get(choice.label, [])
        status = "running" if choice.label == at_work else "ok" if steps else "waiting"
        if stopped is not None:
            status = "cancelled"
        own = head(choice.label, choice.name, status) | {"peak": max((s.peak_bytes for s in steps), default=None)}
        own["traced"] = bool(steps) and choice.label != at_work
        told.append((own, steps, _speaker(choice.name, choice.options, last, cards)))
    whole = _frame(race_id(spec, job.id), spec.network.dtype, _network(network, cards, last))
    whole |= {"live": stopped is None, "stopped": stopped}
    return _fitted(whole, told)


def _at_work(job: Followed) -> str | None:
    if job.stage is not None and job.stage.name == "trace":
        return job.stage.label or (list(job.steps)[-1] if job.steps else None)
    return None


def _frame(id: str, dtype: str, network: Data) -> Data:
    return {
        "schema": SCHEMA,
        "id": id,
        "live": False,
        "stopped": None,
        "stale": False,
        "dtype": dtype,
        "tolerance": TOLERANCE[dtype],
        "network": network,
        "budget": None,
        "methods": [],
    }


def _network(spec: dict[str, Any], cards: Sequence[LayerCard], last: int) -> Data:
    kinds: dict[tuple[Any, ...], int] = {}
    layers = [
        kinds.setdefault((c.kind, c.capability, c.reason, c.in_shape, c.out_shape, c.parameters), len(kinds))
        for c in cards
    ]
    if not layers:
        kinds, layers = {("layer", None, "", (), (), None): 0}, [0] * (last + 1)
    name, _, what = one_line(spec).partition(": ")
    return {
        "name": name,
        "what": what,
        "last": last,
        "kinds": [list(kind) for kind in kinds],
        "layers": layers,
        "names": _names(cards),
    }


def _names(cards: Sequence[LayerCard]) -> list[str] | None:
    """Names of the layers, where they say more than a kind and a number."""
    plain = all(card.name in (card.kind, f"{card.kind} {card.index}") for card in cards)
    return None if plain else [card.name for card in cards]


def _speaker(method: str, options: dict[str, Any], last: int, cards: Sequence[LayerCard]) -> Speaker | None:
    try:
        return Speaker(method_options(method, options), last, tuple(cards))
    except InvalidSpec:  # a file of another version may know methods that this one does not
        return None


def _fitted(whole: Data, told: list[tuple[Data, Sequence[StepRecord], Speaker | None]]) -> Data:
    """The whole with its methods, events merged as far as its size asks for."""
    listed = [as_events(steps) for _, steps, _ in told]
    keys = [speaker.keys(steps) if speaker else [""] * len(steps) for _, steps, speaker in told]
    most = max(map(len, listed), default=0)
    while True:
        kept = [thinned(events, most) for events in listed]
        methods = [_method(h, e, k, w) for (h, _, w), e, k in zip(told, kept, keys, strict=True)]
        made = whole | {"methods": methods}
        size = len(json.dumps(made, allow_nan=False))
        if size <= MOST_CHARACTERS or most <= 16:
            return made
        most = min(most - 1, int(most * MOST_CHARACTERS / size * 0.97))


def _method(own: Data, events: list[Event], every: list[str], speaker: Speaker | None) -> Data:
    keys = [every[event.last] for event in events]
    said = {key: list(speaker.words(key)) for key in dict.fromkeys(keys)} if speaker else {}
    if speaker:
        said["done"] = list(speaker.done())
    sweeps = sweep_starts(speaker.options, [event.record for event in events], speaker.last) if speaker else []
    timed = bool(events) and all(event.seconds is not None for event in events)
    columns = {
        "n": len(events),
        "phase": "".join(LETTERS[event.record.phase] for event in events),
        "layer": [event.record.layer for event in events],
        "us": [round((event.seconds or 0) * 1e6) for event in events] if timed else None,
        "live": [event.record.live_bytes for event in events],
        "peak": [event.peak_bytes for event in events],
        "passes": [[n, event.record.passes] for n, event in enumerate(events) if event.record.passes != 1],
        "say": [[n, key] for n, (key, event) in enumerate(zip(keys, events, strict=True)) if key != event.record.phase],
        "step": [event.first for event in events] if len(events) != len(every) else None,
        "add": _flat([event.added for event in events]),
        "remove": _flat([event.removed for event in events]),
    }
    return own | {"sweeps": sweeps, "say": said, "events": columns}


def _flat(changes: Sequence[Changes]) -> list[int]:
    """Event, kind, layer, bytes of every change, one after the other."""
    return list(chain.from_iterable((n, KINDS.index(k), i, b) for n, all in enumerate(changes) for (k, i), b in all))
