"""Network files: what was written comes back, and what is wrong is named."""

from __future__ import annotations

import json

import pytest

from moonviz.data.stored import stored
from moonviz.errors import InvalidSpec
from moonviz.reading.networks import MAX_KEYS, MAX_VALUES, read_network
from moonviz.specs import PRESETS, NetworkSpec, preset
from moonviz.specs.base import MAX_TEXT_BYTES
from moonviz.specs.sources import own_source


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_a_written_network_comes_back(name: str, mark: bytes) -> None:
    spec = preset(name)
    assert read_network(mark + spec.model_dump_json(indent=2).encode()) == spec
    assert read_network(mark + spec.canonical().encode()) == spec


def test_the_network_of_a_result_or_a_run_is_taken() -> None:
    report = stored("digits-revnet")
    assert read_network(report.to_json().encode()) == NetworkSpec.read(report.network.spec)
    run = {"network": preset("digits-dense").model_dump(mode="json"), "methods": [{"name": "backprop"}]}
    assert read_network(json.dumps(run).encode()) == preset("digits-dense")


def _with(**fields: object) -> bytes:
    return json.dumps(preset("digits-dense").model_dump(mode="json") | fields).encode()


WRONG: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not strict JSON"),
    "no JSON": (b"hello", "not strict JSON"),
    "no text": (b"\xff\xfe\x00", "not strict JSON"),
    "NaN": (b'{"body": NaN}', "not strict JSON"),
    "a list": (b"[]", "not an object"),
    "nothing in it": (b"{}", "`body`"),
    "nested": (b'{"body":' + b"[" * 100_000, "not strict JSON"),
    "long": (b" " * (MAX_TEXT_BYTES + 1), "at most 1,000,000 are read"),
    "unknown field": (_with(colour=1), "`colour`"),
    "another version": (_with(version=2), "`version`"),
    "no layers": (_with(body=[]), "`body`"),
    "unknown layer": (_with(body=[{"layers": [{"kind": "magic"}]}]), "`body.0.layers.0`"),
    "too wide": (_with(body=[{"layers": [{"kind": "dense", "width": 10**9}]}]), "width"),
    "repeats": (_with(body=[{"layers": [{"kind": "relu"}], "repeat": 10_000}] * 3), "30,000 layers"),
    "own data": (_with(data=own_source("0" * 32, (64,), 10, 100)), "someone's own data"),
    "no own data": (_with(data="own:../../etc/passwd:8:10:100"), "no such data source"),
    "keys": (_with(body=[dict.fromkeys(map(str, range(MAX_KEYS + 1)), 0)]), "an object with 33 keys"),
    "a long key": (_with(**{"k" * 61: 1}), "a key of more than 60 letters"),
    "values": (_with(body=[0] * (MAX_VALUES + 1)), "more than 100,000 values"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str) -> None:
    data, says = WRONG[name]
    with pytest.raises(InvalidSpec, match=says):
        read_network(data)
