"""The walks that ship with the package are the engine's, to the last digit that machines agree on."""

from __future__ import annotations

from typing import Any

import pytest
from walk_cases import page_of

from moonviz.data.stored import stored_walk, stored_walk_names, walk_file
from moonviz.walking import EXAMPLES


def leaves(data: Any) -> list[Any]:
    if isinstance(data, dict):
        return [leaf for key in sorted(data, key=str) for leaf in (key, *leaves(data[key]))]
    if isinstance(data, list | tuple):
        return [len(data), *(leaf for part in data for leaf in leaves(part))]
    return [data]


@pytest.mark.parametrize(("name", "method"), stored_walk_names())
def test_a_stored_walk_is_todays(name, method):
    spec = EXAMPLES[name].spec.by(method)
    stored, today = stored_walk(spec.canonical()), page_of(name, method, {})
    got, want = (leaves(page.model_dump(exclude={"apart"})) for page in (stored, today))
    assert len(got) == len(want)
    for one, other in zip(got, want, strict=True):
        assert one == (pytest.approx(other, rel=1e-12, abs=1e-12) if isinstance(other, float) else other)
    assert stored.apart < 1e-12


def test_another_walk_is_not_stored():
    assert stored_walk(EXAMPLES["dense"].spec.moved(x=(0.5, 1)).canonical()) is None
    assert stored_walk(EXAMPLES["dense"].spec.by("forward").canonical()) is None


def test_stored_walks_stay_small():
    assert sum(walk_file(*named).stat().st_size for named in stored_walk_names()) < 500_000
