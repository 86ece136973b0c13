"""What may be asked of a walk, and what is said of the rest."""

from __future__ import annotations

import pytest

from moonviz.errors import InvalidSpec
from moonviz.runs.probe import Budget
from moonviz.runs.walked import walk_page
from moonviz.walking import EXAMPLES, WalkSpec, example

DENSE = EXAMPLES["dense"].spec


def changed(**network: object) -> dict[str, object]:
    asked = DENSE.model_dump()
    return asked | {"network": asked["network"] | network, "weights": {}}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_survive_json(name):
    spec = EXAMPLES[name].spec
    assert WalkSpec.model_validate_json(spec.model_dump_json()) == spec
    assert example(name).spec.moved(x=(0.5, -0.25)).x == (0.5, -0.25)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (changed(batch=2), "batch of 1"),
        (changed(dtype="float32"), "float64"),
        (changed(stem=[{"kind": "dense", "width": 2}]), "no stem"),
        (changed(data="digits"), "as many numbers"),
        (changed(body=[{"layers": [{"kind": "dense", "width": 2}], "repeat": 9}]), "at most 8 layers"),
        (changed(body=[{"layers": [{"kind": "tanh"}]}]), "`tanh` is none of them"),
        (DENSE.model_dump() | {"x": (1, 2, 3)}, "as many numbers"),
        (DENSE.model_dump() | {"x": (1e9, 2)}, "between −100 and 100"),
        (DENSE.model_dump() | {"target": 2}, "a class it knows"),
        (DENSE.model_dump() | {"method": {"name": "guess"}}, "there is no method `guess`"),
    ],
)
def test_what_is_no_walk_is_refused_in_words(asked, says):
    with pytest.raises(InvalidSpec, match=says):
        WalkSpec.read(asked)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"7.weight": [[1]]}, "there is no such weight; there are 1.weight, 1.bias, 3.weight"),
        ({"1.bias": [[1, 2, 3]]}, "`weights.1.bias`: 2 numbers"),
        ({"1.weight": [[1, 2], [3]]}, "2×2 numbers"),
        ({"²": [[1]]}, "no such weight"),
    ],
)
def test_weights_must_fit(weights, says):
    with pytest.raises(InvalidSpec, match=says):
        walk_page(DENSE.moved(weights=weights))


def test_layers_must_be_tiny():
    with pytest.raises(InvalidSpec, match="at most 4 of them"):
        walk_page(WalkSpec.read(changed(body=[{"layers": [{"kind": "dense", "width": 9}]}])))


def test_a_walk_that_takes_too_long_is_stopped():
    with pytest.raises(InvalidSpec, match="its walk takes more than"):
        walk_page(DENSE.by("forward"), Budget("it", seconds=-1, work="its walk"))


def test_too_many_numbers_are_refused(monkeypatch):
    monkeypatch.setattr("moonviz.runs.walked.MOST_NUMBERS", 50)
    with pytest.raises(InvalidSpec, match="more than 50 numbers"):
        walk_page(DENSE, Budget("", seconds=60))


def test_unknown_examples_are_named():
    with pytest.raises(InvalidSpec, match="`coupling`"):
        example("nothing")
