"""Every number of a walk, against plain torch and against the arithmetic that the walk itself tells."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from walk_cases import REFUSED, WALKED, evaluate, page_of, spec_of, told, truth_of

from moonviz.errors import UnsupportedPair
from moonviz.runs.walked import walk_page
from moonviz.specs import METHODS
from moonviz.walking import EXAMPLES, WalkPage

TIGHT = 1e-12
ELSEWHERE = [(0.3, -0.7), (-1.9, 0.45), (2.2, 1.1)]


def close(got, want, what):
    got = torch.as_tensor(got, dtype=torch.float64)
    assert got.shape == want.shape, what
    assert float((got - want).abs().max()) <= TIGHT * max(1.0, float(want.abs().max())), f"{what}: {got} ≠ {want}"


def expected(name: str, truth) -> torch.Tensor | None:
    letter, number = name[0], int(name[1:]) if name[1:].isdecimal() else -1
    if letter == "x" and number >= 0:
        return truth.x[number][:, None]
    if letter == "h" and number >= 0:
        return truth.h[number][None]
    if letter == "J" and 1 <= number <= len(truth.J):
        return truth.J[number - 1]
    return None


@pytest.mark.parametrize("x", [None, *ELSEWHERE])
@pytest.mark.parametrize("case", WALKED, ids=told)
def test_states_jacobians_and_cotangents_are_autograds(case, x):
    page, truth = page_of(*case, x), truth_of(spec_of(*case, x))
    seen = set()
    filling = case[1] == "moonwalk-pure" and case[2].get("chunk") == 1
    for values in (page.quantities, *(frame.values for frame in page.frames)):
        for name, value in values.items():
            want = expected(name, truth)
            if want is not None and not (filling and name == "h0"):
                close(value, want, name)
                seen.add(name)
    assert {"J1", "x1"} <= seen
    assert METHODS[case[1]].exact is False or case[1] == "forward" or "h1" in seen
    assert page.quantities["loss"][0][0] == pytest.approx(truth.loss, rel=1e-14)


@pytest.mark.parametrize("case", WALKED, ids=told)
def test_gradients_are_autograds_and_end_in_memory(case):
    page, truth = page_of(*case), truth_of(spec_of(*case))
    held = {one.name: one.numbers for one in page.frames[-1].held}
    assert page.gradient.keys() == truth.g.keys()
    for number, gradient in page.gradient.items():
        assert held[f"g{number}"] == gradient
        if page.exact:
            close(gradient, truth.g[number], f"g{number}")
    assert page.apart <= TIGHT or not page.exact


@pytest.mark.parametrize("case", WALKED, ids=told)
def test_every_line_adds_up(case):
    page, spec = page_of(*case), spec_of(*case)
    lines = 0
    for frame in page.frames:
        known = page.quantities | frame.values
        known = {name: torch.tensor(rows, dtype=torch.float64) for name, rows in known.items()}
        for line in frame.lines:
            if line.rule == "kept":
                continue
            want = known[line.makes]
            got = evaluate(line, known, want, spec.target)
            if line.rule == "entry":
                want = known[line.terms[0][0]]
            close(got, want, f"event {frame.record.index}: {line.makes}")
            lines += 1
    assert lines >= len(page.layers)


@pytest.mark.parametrize("case", WALKED, ids=told)
def test_the_bytes_of_what_is_held_are_the_ledgers(case):
    page = page_of(*case)
    for frame in page.frames:
        assert sum(one.bytes for one in frame.held) == frame.record.live_bytes
    assert max(frame.record.live_bytes for frame in page.frames) > 0


@pytest.mark.parametrize("case", REFUSED, ids=told)
def test_a_refused_pair_says_which_layer_and_what_to_do(case):
    refused = page_of(*case)
    assert isinstance(refused, UnsupportedPair)
    assert case[1] in str(refused)
    assert refused.layer.startswith("layer ")
    assert "Use `" in refused.remedy


def test_every_method_walks_somewhere_and_is_refused_only_where_it_must():
    assert {method for _, method, _ in WALKED} == set(METHODS)
    assert all(isinstance(page_of(*case), WalkPage) for case in WALKED)


@pytest.mark.parametrize("name", EXAMPLES)
def test_numbers_are_short_enough_to_read(name):
    page = page_of(name, "moonwalk-mixed", {})
    shown = [page.quantities] + [frame.values for frame in page.frames]
    for values, letter in product(shown, "xhJgR"):
        for quantity, rows in values.items():
            if quantity[0] == letter:
                assert all(abs(round(n, 4) - n) < 1e-14 for row in rows for n in row), (quantity, rows)


@pytest.mark.parametrize(("name", "kind"), [("relu", "fragment"), ("widening", "fragment"), ("dense", "residual")])
def test_what_moonwalk_keeps_is_seen(name, kind):
    page = page_of(name, "moonwalk-mixed", {})
    assert any(one.kind == kind for frame in page.frames for one in frame.held)


def test_the_grid_is_carried_by_the_layers_themselves():
    page, spec = page_of("relu", "backprop", {}), spec_of("relu", "backprop", {})
    assert len(page.grid) == 6
    line = 3
    for at in (0, 11, 24):
        point = tuple(page.grid[0][line][at])
        truth = truth_of(spec.moved(x=point))
        for state, carried in enumerate(page.grid):
            close([*carried[line][at]], truth.x[state], f"state {state}")


def test_walks_of_other_shapes_have_no_picture():
    wide = EXAMPLES["dense"].spec.model_dump()
    wide["network"]["body"] = [{"layers": [{"kind": "dense", "width": 3}]}, {"layers": [{"kind": "dense", "width": 2}]}]
    page = walk_page(EXAMPLES["dense"].spec.read(wide | {"weights": {}}))
    assert page.grid == ()
    assert page.apart <= TIGHT


def test_a_page_survives_json():
    page = page_of("widening", "moonwalk-mixed", {})
    assert WalkPage.model_validate_json(page.to_json()) == page


def test_values_are_looked_up_by_event():
    page = page_of("dense", "moonwalk-mixed", {})
    assert page.value("h5") == ((-0.5, 0.5),)
    assert page.value("g1", 5) is None
    assert page.value("J1") == ((2.0, 1.0), (1.0, 1.0))
