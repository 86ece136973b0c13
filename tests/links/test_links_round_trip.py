from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from link_cases import STATES

from moonviz.errors import InvalidSpec
from moonviz.links import MAX_LETTERS, State, decode, encode
from moonviz.links.first import _FROZEN
from moonviz.specs import METHODS, PRESETS, NetworkSpec, preset
from moonviz.specs.sources import own_source

TYPICAL = {
    "untouched": {},
    "deeper": {"settings": {"depth": 256}},
    "another preset": {"preset": "digits-dense", "settings": {"depth": 64, "dtype": "float64", "slope": 0.2}},
    "options": {
        "preset": "reversible-transformer",
        "methods": [{"name": "backprop"}, {"name": "moonwalk-mixed", "options": {"phase_one": "inverse"}}],
        "repeats": 11,
        "batch_seed": 7,
        "device": "cuda",
    },
    "precision": {
        "page": "precision",
        "precision": {"network": "glow-tiny", "depths": [4, 8, 16, 32], "dtypes": ["float32", "float16"], "seeds": 5},
    },
}


def built(layers: int) -> NetworkSpec:
    """A convolutional network no two layers of which are alike."""
    body = []
    for n in range(layers // 2):
        conv = {"kind": "conv", "channels": 16 + 4 * n, "kernel": 3 + 2 * (n % 3), "padding": n % 2, "pivot": "unit"}
        body += [conv, {"kind": "leaky_relu", "slope": 0.1 + n / 200}]
    head = [{"kind": "global_mean_pool"}, {"kind": "dense", "width": 10}]
    stem = [{"kind": "conv", "channels": 16}]
    blocks = [{"layers": body[n : n + 64]} for n in range(0, len(body), 64)]
    return NetworkSpec.read({"name": "my own net", "data": "cifar10", "stem": stem, "body": blocks, "head": head})


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(STATES)
def test_a_link_gives_back_the_state_it_was_made_from(state: State) -> None:
    text = encode(state)
    assert decode(text) == (state, ())
    assert re.fullmatch(r"1[A-Za-z0-9_-]*", text)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_travels_by_name_and_as_a_network(name: str) -> None:
    by_name, whole = State(preset=name), State(own=preset(name))
    assert decode(encode(by_name)) == (by_name, ())
    assert decode(encode(whole)) == (whole, ())
    assert decode(encode(whole))[0].own == preset(name)
    assert len(encode(by_name)) <= 20


@pytest.mark.parametrize("name", PRESETS)
def test_every_setting_of_a_preset_travels(name: str) -> None:
    for key, value in PRESETS[name].settings().model_dump().items():
        other = value / 2 if isinstance(value, float) else "float64" if isinstance(value, str) else value + 2
        one = State(preset=name, settings={key: other})
        assert decode(encode(one))[0].settings[key] == other != value


@pytest.mark.parametrize("case", TYPICAL)
def test_typical_links_are_short(case: str) -> None:
    text = encode(State.read(TYPICAL[case]))
    assert len(text) < 120
    assert decode(text) == (State.read(TYPICAL[case]), ())


def test_a_network_of_twelve_layers_is_a_short_link_and_a_long_one_still_a_link() -> None:
    lengths = [len(encode(State(page="build", own=built(layers)))) for layers in (4, 12, 64, 256)]
    assert all(less < more for less, more in pairwise(lengths))
    assert lengths[1] < 600
    assert lengths[3] <= MAX_LETTERS


def test_a_network_too_large_for_a_link_is_refused_with_a_way_out() -> None:
    draw = random.Random(0)
    body = [{"layers": [{"kind": "dense", "width": 64, "gain": draw.uniform(0.1, 2)}]} for _ in range(512)]
    with pytest.raises(InvalidSpec, match=r"too large for a link.*Save it as JSON"):
        encode(State(own=NetworkSpec.read({"body": body})))


def test_no_link_carries_the_way_to_own_data() -> None:
    source = own_source("0" * 32, (8, 8), 10, 100)
    with pytest.raises(InvalidSpec, match="your own data, which stay in this tab"):
        encode(State(own=NetworkSpec.read({"data": source, "body": [{"layers": [{"kind": "relu"}]}]})))


def test_equal_choices_are_one_state() -> None:
    said = {"name": "moonwalk-mixed", "options": {"phase_one": "residuals"}}
    assert State.read({"methods": [said]}) == State.read({"methods": [{"name": "moonwalk-mixed"}]})
    assert State.read({"settings": {"depth": 128}}) == State() == State.read({"settings": {}})
    with pytest.raises(InvalidSpec, match="twice"):
        State.read({"methods": [said, {"name": "moonwalk-mixed"}]})
    with pytest.raises(InvalidSpec, match="depth"):
        State.read({"settings": {"depth": 0}})


def test_what_links_leave_out_is_valid_today() -> None:
    """The frozen defaults stand for values that old links do not hold, so today's specs must take them."""
    for name, usual in _FROZEN["presets"].items():
        PRESETS[name].settings.read(usual)
    for name, usual in _FROZEN["methods"].items():
        METHODS[name].options.read(usual)
    required = {"conv": {"channels": 4}, "dense": {"width": 4}, "embed": {"width": 4}}
    for kind, usual in _FROZEN["layers"].items():
        layer = {"kind": kind} | required.get(kind, {}) | usual
        NetworkSpec.read(_FROZEN["network"] | {"body": [{"layers": [layer]}]})
    for kind, usual in _FROZEN["insides"].items():
        layer = {"kind": "coupling", "inside": {"kind": kind} | usual}
        NetworkSpec.read({"body": [{"layers": [layer]}]})
