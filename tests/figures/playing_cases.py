"""What the tests of the player's food share."""

from __future__ import annotations

from collections import Counter, defaultdict

from moonviz.estimates.dry import estimate_methods
from moonviz.events import KINDS
from moonviz.figures.playing import payload
from moonviz.specs import RunSpec, preset

CHANGES = ("add", "remove")


def told(report, label, **more):
    made = payload(report, id="x", **more)
    return made, next(one for one in made["methods"] if one["label"] == label)


def replayed(events):
    """Bytes by kind after every event, from the changes alone."""
    by_event = defaultdict(list)
    for name, sign in zip(CHANGES, (1, -1), strict=True):
        flat = events[name]
        for at in range(0, len(flat), 4):
            n, kind, layer, count = flat[at : at + 4]
            by_event[n].append(((KINDS[kind], layer), sign * count))
    held = Counter()
    for n in range(events["n"]):
        for place, count in by_event[n]:
            held[place] += count
        assert min(held.values(), default=0) >= 0
        sums = Counter()
        for (kind, _), count in held.items():
            sums[kind] += count
        yield {kind: count for kind, count in sums.items() if count}


def dry(name, *methods, **settings):
    spec = preset(name, **settings).model_dump(mode="json")
    chosen = [{"name": method, "options": options} for method, options in methods]
    return estimate_methods(RunSpec.read({"network": spec, "methods": chosen}))
