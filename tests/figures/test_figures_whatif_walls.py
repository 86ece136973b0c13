from __future__ import annotations

import pytest
from whatif_cases import answered, asked, points

from moonviz.calibration import Row, Spread, Table
from moonviz.data.stored import stored_precision
from moonviz.figures.whatif_answer import answers
from moonviz.figures.whatif_explained import calibration_table, checked_words, explained
from moonviz.figures.whatif_walls import Wall, first_wall, kind_of, lift, walls, walls_table
from moonviz.specs import preset

ANCHORED = "moonwalk-mixed:anchor_every=8"


def test_a_wall_stands_where_the_error_first_passes_the_limit():
    report = stored_precision("dense-harsh")
    mine = {p.depth: p.relative_error for p in report.points if p.label == "moonwalk-mixed"}
    assert mine[4] < 1e-3 < mine[16]
    found = walls(report.points, 1e-3)["moonwalk-mixed", "float32"]
    kept = max(depth for depth, error in mine.items() if error <= 1e-3)
    assert (found.kept, found.lost) == (kept, min(depth for depth in mine if depth > kept))
    assert walls(report.points, 1e9)["moonwalk-mixed", "float32"] == Wall(16, None, mine[16])


@pytest.mark.parametrize(
    ("wall", "words"), [(Wall(16, None, 0), "≥ 16"), (Wall(4, 8, 0), "4 to 8"), (Wall(0, 4, 1), "below 4")]
)
def test_a_wall_in_words(wall, words):
    assert wall.words == words


@pytest.mark.parametrize(
    ("wall", "says"),
    [
        (Wall(8, 16, 1), "<b>Memory is not the first wall.</b>"),
        (Wall(16, None, 0), "what rounding does between the two nobody has measured"),
        (Wall(128, None, 0), "<b>Memory is the first wall.</b>"),
    ],
)
def test_the_first_wall_is_named(wall, says):
    ask = asked(100)
    found = answered(ask, "backprop", "moonwalk-mixed")
    assert 16 < found[1].reach < 128
    words = first_wall(found, ask, {("moonwalk-mixed", "float32"): wall}, -3)
    assert says in words
    assert f"{found[1].reach:,}" in words
    assert first_wall(found, ask, {}, -3) == ""


def test_a_format_that_is_too_coarse_for_backprop_too_is_no_fault_of_the_walk():
    found = answered(asked(100), "backprop", "moonwalk-mixed")
    known = {("moonwalk-mixed", "float32"): Wall(0, 4, 1), ("backprop", "float32"): Wall(0, 4, 1)}
    assert "Backprop does no better there" in first_wall(found, asked(100), known, -3)
    known["backprop", "float32"] = Wall(16, None, 0)
    assert "Backprop does no better there" not in first_wall(found, asked(100), known, -3)


def test_anchors_are_told_with_what_they_lift_and_cost():
    ask = asked(100)
    plain, anchored = answers(ask, {label: points(label) for label in ("moonwalk-mixed", ANCHORED)})
    found = {("moonwalk-mixed", "float32"): Wall(8, 16, 1), (ANCHORED, "float32"): Wall(128, None, 0)}
    words = lift(plain, anchored, ask, found)
    assert "An anchor every 8 blocks" in words
    assert "It lifts float32 from 8 to 16 to ≥ 128 blocks" in words
    assert f"memory then allows ≈ {anchored.reach:,} blocks in place of {plain.reach:,}" in words
    assert lift(plain, anchored, ask, {}) == ""
    table = walls_table([plain, anchored], ask, found, {"moonwalk-mixed": "41 blocks"})
    assert "moonwalk-mixed, an anchor every 8" in table
    assert "<b>41 blocks</b>" in table


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("photo-revnet", {}), ("digits-revnet", {"channels": 8, "depth": 2}), True),
        (("digits-dense", {"slope": 0.1}), ("digits-dense", {"slope": 0.1, "width": 8}), True),
        (("digits-dense", {"slope": 0.1}), ("digits-dense", {"slope": 0.5}), False),
        (("digits-dense", {}), ("relu-net", {}), False),
    ],
)
def test_precision_measured_on_a_small_network_speaks_for_a_large_one_of_its_kind(one, other, same):
    assert (kind_of(preset(one[0], **one[1])) == kind_of(preset(other[0], **other[1]))) == same


def test_calibration_is_a_table_or_says_how_to_get_one():
    assert "Run a race and it appears here" in calibration_table(Table())
    assert "locked" in calibration_table(Table(note="the file is locked"))
    row = Row("cpu", "AMD <EPYC>", "backprop", Spread(1, 1, 1, 3), Spread(0.2, 0.25, 0.5, 3))
    html = calibration_table(Table(rows=(row,), runs=3))
    assert "<b>1.00</b> in every run" in html
    assert "<b>0.250</b>, from 0.200 to 0.500" in html
    assert "AMD &lt;EPYC&gt;" in html


def test_extrapolations_are_held_against_dry_runs():
    assert checked_words([]) == ""
    assert "to the byte" in checked_words([0.0, 0.0])
    assert "at most 0.050 %" in checked_words([0.0, 0.0005])
    assert "Assumed" in explained()
