"""Links that are out there keep opening as what they were. A case is never changed, only added."""

from __future__ import annotations

import json

import pytest
from link_cases import CORPUS

from moonviz.links import State, decode, encode


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_stored_link_opens_as_what_it_was(path) -> None:
    case = json.loads(path.read_text("utf-8"))
    state, notices = decode(case["link"])
    # What a later version adds to a state may stand beside what the case knows.
    assert state == State.read(case["state"])
    assert _within(case["state"], state.model_dump(mode="json"))
    assert list(notices) == case["notices"]


def _within(old: object, new: object) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and _within(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_within, old, new))
    return old == new


def test_the_corpus_holds_every_version_part_and_kind_of_layer() -> None:
    cases = [json.loads(path.read_text("utf-8")) for path in CORPUS]
    assert len(cases) >= 16
    assert {case["link"][0] for case in cases} == {"1"}
    untouched = State().model_dump(mode="json")
    told = {name for case in cases for name, value in case["state"].items() if value != untouched[name]}
    assert told == set(untouched)
    kinds = {layer["kind"] for case in cases if case["state"]["own"] for layer in _layers(case["state"]["own"])}
    assert len(kinds) >= 26


def _layers(own: dict) -> list[dict]:
    return [*own["stem"], *own["head"], *(layer for block in own["body"] for layer in block["layers"])]


def test_a_state_that_a_stored_link_opens_makes_a_link_again() -> None:
    for path in CORPUS:
        state = decode(json.loads(path.read_text("utf-8"))["link"])[0]
        assert decode(encode(state)) == (state, ())
