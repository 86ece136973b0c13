"""Files from anywhere: refused in words, within bounds, or drawn by every figure."""

from __future__ import annotations

import json
import random
import tracemalloc
from copy import deepcopy

import pytest

from moonviz import reading
from moonviz.data.stored import stored, stored_names
from moonviz.errors import InvalidSpec
from moonviz.figures.agreement import agreement
from moonviz.figures.agreement_entries import deviations, entries, sampled_layers
from moonviz.figures.agreement_noise import guesses
from moonviz.figures.frontier import frontier
from moonviz.figures.headline import headline
from moonviz.figures.layers import layer_times
from moonviz.figures.memory import memory
from moonviz.figures.playing import payload
from moonviz.figures.sweeps import sweep_times
from moonviz.figures.words import provenance
from moonviz.reading import MAX_FILE_BYTES, MAX_KEYS, read_report
from moonviz.results import LayerSample, Report

NAME = "conv1d-fragments"


def whole() -> Report:
    """A stored report that also has samples and a noisy estimate, so that every part of a file can be spoilt."""
    report = stored(NAME)
    truth = tuple(LayerSample(layer=n, values=(0.5, -1e-3, 0.0)) for n in (0, 3))
    apart = tuple(LayerSample(layer=n, values=(1e-8, None, 0.0)) for n in (0, 3))
    results = [
        one.model_copy(update={"gradient": one.gradient.model_copy(update={"sample": apart}), "steps": one.steps[:60]})
        for one in report.results
    ]
    guess = results[0].model_copy(
        update={"method": "projforward", "label": "projforward:directions=4", "options": {"directions": 4}}
    )
    run = {"device": "cpu", "repeats": 5, "batch_seed": 0}
    return report.model_copy(update={"results": (*results, guess), "truth_sample": truth, "run": run})


PLAIN = json.loads(whole().to_json())


WAYS = [
    (by, measure, against, scale)
    for by in ("layer", "parameter")
    for measure in ("relative error", "angle", "largest difference")
    for against in ("truth", "backprop")
    for scale in ("linear", "log")
]


def draw(report: Report, ways=tuple(WAYS)) -> None:
    """Everything that the Race page makes of a report."""
    assert headline(report).text
    assert provenance(report, stored=False)
    assert payload(report, id="x")
    for one in report.results:
        if one.status == "ok" and one.steps:
            memory(report, one.label, "light")
    for by, measure, against, scale in ways:
        guesses(report, "light", by)
        agreement(report, "light", by, measure, against)
        frontier(report, "dark", scale)
    for layer in sampled_layers(report)[:1]:
        entries(report, layer, "light")
        entries(report, layer, "light", exact=False)
        deviations(report, layer, "light")
    layer_times(report, "light")
    sweep_times(report, "light")


def spoilt(**changes):
    """The file with values set at dotted places."""
    data = deepcopy(PLAIN)
    for place, value in changes.items():
        *path, last = (int(part) if part.isdigit() else part for part in place.split("__"))
        node = data
        for part in path:
            node = node[part]
        node[last] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize("name", stored_names())
def test_what_the_engine_wrote_comes_back_equal(name):
    assert read_report(stored(name).to_json().encode()) == stored(name)


def test_a_whole_report_is_drawn():
    draw(read_report(json.dumps(PLAIN).encode()))


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (
            "results__0__steps__3__layer",
            34,
            "`results.0.steps.3.layer` is 34; the network's layers are numbered 0 to 33",
        ),
        ("results__0__steps__3__index", 7, "`results.0.steps.3.index` is 7, but this is number 3"),
        ("results__0__steps__3__live_bytes", -1, "results.0.steps.3.live_bytes"),
        ("results__0__steps__3__seconds", -1.0, "results.0.steps.3.seconds"),
        ("results__0__peak_bytes", 10**300, "`results.0.peak_bytes` is out of range"),
        ("results__0__peak_bytes", None, "is missing, but the method finished"),
        ("results__0__flops", -5, "results.0.flops"),
        ("results__0__label", "moonwalk", "its method and options make `backprop`"),
        ("results__1__method", "magic", "`results.1.method` is `magic`; this version knows backprop"),
        ("results__3__options", {"directions": 0}, "results.3.options"),
        ("results__0__gradient__cosine", 7.0, "results.0.gradient.cosine"),
        ("results__0__gradient__per_parameter__1__name", "<img src=x>", "holds letters that names do not have"),
        ("results__0__gradient__per_parameter__1__layer", -1, "per_parameter.1.layer"),
        ("results__0__seconds__median", 1e8, "has a median outside"),
        ("results", [], "`results` has 0 entries; 1 to 20 can be shown"),
        ("network__layers", [], "network.layers"),
        ("network__layers__2__index", 9, "`network.layers.2.index` is 9"),
        ("network__spec__dtype", "float8", "`network.spec` cannot be read"),
        ("network__spec__body", 3, "`network.spec` cannot be read"),
        ("environment__machine", "x" * 201, "`environment.machine` is 201 letters long"),
        ("schema", 2, "not a moonviz result: `schema`"),
        ("truth_sample__0__layer", 99, "truth_sample.0.layer"),
    ],
)
def test_what_does_not_fit_together_is_named(place, value, says):
    with pytest.raises(InvalidSpec) as caught:
        read_report(spoilt(**{place: value}))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"null", b"\xff\xfe\x00", b'{"schema": 1, "schema": 1}', b'{"a": NaN}', b'{"a": 1e999}',
        b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000_000,
        b'{"results": [' + b"1," * 100_000 + b"1]}",
        b"{" + b",".join(b'"%d": 1' % n for n in range(MAX_KEYS + 1)) + b"}",
        b'{"a": "' + b"x" * 100_000 + b'"}',
        b" " * (MAX_FILE_BYTES + 1),
    ],
    ids=lambda data: repr(data[:16]),
)  # fmt: skip
def test_hostile_files_are_refused_in_words(data):
    with pytest.raises(InvalidSpec) as caught:
        read_report(data)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("node", [b"[],", b'"x",'])
def test_more_values_than_a_race_has_are_refused_before_they_are_checked(node, monkeypatch):
    monkeypatch.setattr(reading, "MAX_NODES", 50_000)
    data = b'{"results": [' + node * 60_000 + b"1]}"
    tracemalloc.start()
    with pytest.raises(InvalidSpec, match="more than 50,000 values"):
        read_report(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 * len(data)


JUNK = (
    None, True, 0, -1, 1, 3, 10**6, 2**63, 10**400, 0.5, -0.0, 1e-320, 1e300, "", "x", "<b>&", "\u202e", "backprop",
    [], {}, [1], {"a": 1}, [[]], "9" * 300,
)  # fmt: skip


def places(node, path=()):
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from places(value, (*path, key))


PLACES = list(places(PLAIN))
SHALLOW = [path for path in PLACES if len(path) <= 5]


def mutated(dice: random.Random) -> bytes:
    """The file with one to three places changed, removed, doubled, or swapped with another."""
    data = deepcopy(PLAIN)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        path = dice.choice(SHALLOW if dice.random() < 0.5 else PLACES)
        try:
            node = data
            for part in path[:-1]:
                node = node[part]
            value = node[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
        what = dice.random()
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if what < 0.35 and number:
            node[path[-1]] = dice.choice((0, value * 2, value / 3, value * 1e-9, value * 10**6, -value, 1 - value))
        elif what < 0.6:
            node[path[-1]] = None
        elif what < 0.7:
            del node[path[-1]]
        elif what < 0.8 and isinstance(value, list) and value:
            value.append(deepcopy(dice.choice(value)))
        elif what < 0.9 and isinstance(value, list):
            del value[dice.randrange(len(value) + 1) :]
        else:
            node[path[-1]] = deepcopy(dice.choice(JUNK))
    text = json.dumps(data)
    if dice.random() < 0.05:
        text = text[: dice.randrange(len(text))]
    return text.encode()


@pytest.mark.parametrize("seed", range(8))
def test_a_spoilt_file_is_refused_or_drawn(seed):
    dice, drawn = random.Random(seed), 0
    for _ in range(80):
        data = mutated(dice)
        try:
            report = read_report(data)
        except InvalidSpec:
            continue
        draw(report, ways=dice.sample(WAYS, 2))
        drawn += 1
    assert drawn >= 2  # what is still a report must not be refused
