"""The browser's own arithmetic, used while a finger drags, against the engine."""

from __future__ import annotations

import pytest
from walk_cases import OPTIONS, WALKED, page_of, spec_of, told
from walking_harness import fed_by, open_page

from moonviz.runs.probe import Budget
from moonviz.runs.walked import walk_page

POINTS = [(0.75, -1.5), (-2.0, 2.25)]
SOME = [case for case in WALKED if case[2] in OPTIONS[case[1]][:1]]


def numbers(rows) -> list[float]:
    return [number for row in rows for number in row]


def differences(mine: dict, engines: dict, x: tuple[float, ...]) -> list[str]:
    faults = []
    pairs = [("quantities", mine["quantities"], engines["quantities"])]
    pairs += [
        (f"event {n}", a["values"], b["values"])
        for n, (a, b) in enumerate(zip(mine["frames"], engines["frames"], strict=True))
    ]
    for where, got, want in pairs:
        for name, rows in want.items():
            # the sign of what a widening layer keeps is its factorisation's own choice
            if name[0] == "f" and name not in got:
                continue
            if name not in got or numbers(got[name]) != pytest.approx(numbers(rows), rel=1e-9, abs=1e-9):
                faults.append(f"{where}: {name} is {got.get(name)}, not {rows}")
    for n, (a, b) in enumerate(zip(mine["frames"], engines["frames"], strict=True)):
        for one, other in zip(a["held"], b["held"], strict=True):
            if one["numbers"] is not None and one["numbers"] != pytest.approx(other["numbers"], rel=1e-9, abs=1e-9):
                faults.append(f"event {n}: holds {one['name']} = {one['numbers']}, not {other['numbers']}")
    for state, (a, b) in enumerate(zip(mine["grid"], engines["grid"], strict=True)):
        got, want = ([number for line in lines for number in numbers(line)] for lines in (a, b))
        if got != pytest.approx(want, rel=1e-9, abs=1e-9):
            faults.append(f"grid {state}")
    return faults


@pytest.fixture(scope="module")
def plain(chromium):
    """One harness page for all comparisons."""
    shown = open_page(chromium, 1440, "light", "reduce")
    yield shown
    shown.page.context.close()


@pytest.mark.parametrize("case", SOME, ids=told)
def test_another_input_gives_the_engines_numbers(plain, case):
    base = fed_by(page_of(*case))
    for x in POINTS:
        mine = plain.page.evaluate("([walk, x]) => preview(walk, x, {})", [base, list(x)])
        engines = fed_by(page_of(*case, x))
        if [len(f["held"]) for f in mine["frames"]] == [len(f["held"]) for f in engines["frames"]]:
            assert not differences(mine, engines, x)
        else:  # another number of dead units: what is held differs, the numbers that are made do not
            for frame, other in zip(mine["frames"], engines["frames"], strict=True):
                frame["held"] = other["held"] = []
            assert not differences(mine, engines, x)


@pytest.mark.parametrize("case", [case for case in SOME if case[1] == "moonwalk-mixed"], ids=told)
def test_other_weights_give_the_engines_numbers(plain, case):
    base = fed_by(page_of(*case))
    layer = next(layer for layer in base["layers"] if layer["weights"])
    weights = {name: [[number + 0.75 for number in row] for row in rows] for name, rows in layer["weights"].items()}
    mine = plain.page.evaluate(
        "([walk, weights]) => preview(walk, walk.x, weights)", [base, {str(layer["number"]): weights}]
    )
    changed = {f"{layer['number']}.{name}": rows for name, rows in weights.items()}
    engines = fed_by(walk_page(spec_of(*case).moved(weights=changed), Budget("", seconds=60)))
    for frame, other in zip(mine["frames"], engines["frames"], strict=True):
        if len(frame["held"]) != len(other["held"]):
            frame["held"] = other["held"] = []
    assert not differences(mine, engines, ())


def test_a_wrong_preview_is_seen(plain):
    base = fed_by(page_of("dense", "backprop", {}))
    mine = plain.page.evaluate("([walk, x]) => preview(walk, x, {})", [base, [0.5, 0.5]])
    assert differences(mine, base, ())
