"""What the player is fed: a race as plain, strict JSON, made from its report or from what a running job has said.

Bytes are whole numbers, times whole microseconds, null what is not known. Columns hold one entry for each kept event;
what is held at any event is the sum of `add` minus `remove` up to it, and equals the record's own bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from math import log2
from typing import Any, Protocol

from moonviz.errors import InvalidSpec
from moonviz.events import KINDS, StepRecord
from moonviz.figures.captions import Speaker
from moonviz.figures.playing_sweeps import sweep_starts
from moonviz.figures.playing_thin import Changes, Event, as_events, thinned
from moonviz.figures.words import agreement_words, one_line
from moonviz.results import TOLERANCE, LayerCard, Report, Result
from moonviz.specs import METHODS, RunSpec, method_options

SCHEMA = 1
MOST_CHARACTERS = 900_000
"""Longest JSON of one race; what is longer has neighbouring events merged."""
LETTERS = {"forward": "f", "reverse": "r", "recompute": "c", "invert": "i", "tangent": "t", "advance": "a"}
ROUND = ((1.0,), (1.0, 1.5), (1.0, 1.25, 1.5, 1.75))
"""Budgets that count as round, the roundest first, as shares of a power of two."""

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
    told = [
        (_finished(one, base, dtype), one, _speaker(one.method, one.options, last, cards)) for one in report.results
    ]
    whole = _frame(id, dtype, _network(report.network.spec, cards, last))
    whole |= {"stale": stale, "budget": budget or budget_bytes(report.results)}
    return _fitted(whole, [(head, one.steps, speaker) for head, one, speaker in told])


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
    at_work = _at_work(job) if stopped is None else None
    told = []
    for choice in spec.methods:
        steps = job.steps.get(choice.label, [])
        status = "running" if choice.label == at_work else "ok" if steps else "waiting"
        if stopped is not None:
            status = "cancelled"
        head = _head(choice.label, choice.name, status) | {"peak": max((s.peak_bytes for s in steps), default=None)}
        told.append((head, steps, _speaker(choice.name, choice.options, last, cards)))
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


def _head(label: str, method: str, status: str) -> Data:
    return {
        "label": label,
        "method": method,
        "noisy": method in METHODS and not METHODS[method].exact,
        "status": status,
        "error": None,
        "needs": None,
        "peak": None,
        "allocator": None,
        "flops": None,
        "seconds": None,
        "ratio": None,
        "less": None,
        "verdict": None,
        "error_to_truth": None,
        "error_to_backprop": None,
        "cosine": None,
        "agreement": None,
        "agreement_to": None,
    }


def _finished(one: Result, base: Result | None, dtype: str) -> Data:
    head = _head(one.label, one.method, one.status)
    if one.status != "ok":
        head["error"] = one.error.model_dump() if one.error else None
        if one.status == "too_large" and one.flops:
            # Its work was predicted, so it is the time that is too much and not the memory.
            return head | {"status": "too_slow", "flops": one.flops}
        return head | {"needs": one.peak_bytes}
    gradient = one.gradient
    head |= {
        "peak": one.peak_bytes,
        "allocator": one.allocator_peak_bytes,
        "flops": one.flops,
        "seconds": one.seconds.median if one.seconds else None,
        "verdict": list(agreement_words(one, dtype)),
    }
    if base is not None and base.peak_bytes and one.peak_bytes:
        head["less"] = round(base.peak_bytes / one.peak_bytes, 4)
    if base is not None and base.seconds and one.seconds and base.seconds.median:
        head["ratio"] = round(one.seconds.median / base.seconds.median, 4)
    if gradient is not None:
        head |= {
            "error_to_truth": gradient.relative_error,
            "error_to_backprop": gradient.relative_error_to_backprop,
            "cosine": gradient.cosine,
        }
        head["agreement_to"], head["agreement"] = _by_layer(one)
    return head


def _by_layer(one: Result) -> tuple[str | None, list[list[Any]] | None]:
    """The worst parameter of each layer: against backprop where all were compared with it, else against the truth."""
    each = one.gradient.per_parameter if one.gradient else ()
    if not each:
        return None, None
    beside = all(p.relative_error_to_backprop is not None for p in each)
    worst: dict[int, list[Any]] = {}
    for p in each:
        error = p.relative_error_to_backprop if beside else p.relative_error
        here = worst.get(p.layer)
        if here is None or (error is not None and (here[1] is None or error > here[1])):
            worst[p.layer] = [p.layer, _short(error), _short(p.cosine, 9), _short(p.max_abs_error)]
    return "backprop" if beside else "truth", [worst[layer] for layer in sorted(worst)]


def _short(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else float(f"{value:.{digits - 1}e}")


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


def _method(head: Data, events: list[Event], every: list[str], speaker: Speaker | None) -> Data:
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
    return head | {"sweeps": sweeps, "say": said, "events": columns}


def _flat(changes: Sequence[Changes]) -> list[int]:
    """Event, kind, layer, bytes of every change, one after the other."""
    return list(chain.from_iterable((n, KINDS.index(k), i, b) for n, all in enumerate(changes) for (k, i), b in all))


def budget_bytes(results: Sequence[Result]) -> int | None:
    """Where the budget line begins: a round size that the hungriest method exceeds and the thriftiest Moonwalk fits.

    Of those between the two it is the one nearest their geometric middle. Where no round size parts them, it is the
    next above all, which every method fits.
    """
    peaks = {one.label: one.peak_bytes for one in results if one.status == "ok" and one.peak_bytes}
    if not peaks:
        return None
    walks = [peaks[one.label] for one in results if one.label in peaks and one.method.startswith("moonwalk")]
    base = [peaks[one.label] for one in results if one.label in peaks and one.method == "backprop"]
    low, high = min(walks or peaks.values()), max(base or peaks.values())
    middle = (low * high) ** 0.5
    for shares in ROUND:
        sizes = [int(share * 2**power) for power in range(10, 50) for share in shares]
        between = [size for size in sizes if low <= size < high]
        if between:
            return min(between, key=lambda size: abs(log2(size / middle)))
    return 2 ** max(peaks.values()).bit_length()
