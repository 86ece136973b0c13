"""What explains itself: formulas and their letters, one unit per chart, the budget, the speed, the verdict's column."""

from __future__ import annotations

import re

import pytest
from player_payloads import finished, running
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_formula_parts_are_not_multiplied_and_letters_are_explained(shown):
    shown.set("p.transport.go(p.span * 0.3)")
    for formula in shown.part(".fx").all():
        expect(formula).not_to_contain_text("·")
        expect(formula).to_have_attribute("title", re.compile(r"Jᴿ: .*right inverse"))
    shown.part(".letters summary").click()
    assert shown.part(".letters dt").all_text_contents() == ["x", "h", "J", "Jᴿ", "θ", "g", "r"]
    shown.set("p.redraw()")
    expect(shown.part(".letters dl")).to_be_visible()


@pytest.mark.parametrize(("divisor", "unit"), [(1, "MiB"), (100, "MiB"), (1000, "KiB"), (2**20, "B")])
def test_axis_labels_and_budget_share_a_unit(stand, divisor, unit):
    race = finished()
    top = max(one["peak"] for one in race["methods"])
    for one in race["methods"]:
        one["peak"] = one["peak"] // divisor
        for name in ("live", "peak"):
            one["events"][name] = [size // divisor for size in one["events"][name]]
    shown = stand()
    shown.show(race | {"budget": top // divisor})
    assert shown.part(".curves text").all_text_contents()[-5:]
    texts = [text for text in shown.part(".curves text").all_text_contents() if text.endswith("B")]
    assert len(texts) == 1 + len(race["methods"])
    assert {text.split()[-1] for text in texts} == {unit}
    expect(shown.part(".budget span")).to_have_text(re.compile(rf"^budget [\d.,]+ {unit} "))


def test_a_chart_without_steps_is_an_empty_frame(stand):
    shown = stand()
    shown.show(running(finished(), 0, 0))
    assert shown.part(".box text").all_text_contents() == ["waiting for the first step"]
    expect(shown.part(".budget")).to_be_hidden()
    shown.show(running(finished(), 0, 5))
    expect(shown.part(".box")).not_to_contain_text("waiting")


def test_the_budget_and_the_speed_say_what_they_are(shown):
    words = "Budget: a memory limit to try; drag it. Red: over it."
    shown.set("p.setBudget(3e6); p.redraw()")
    expect(shown.part(".budget")).to_have_attribute("title", words)
    expect(shown.part(".key")).to_contain_text(words)
    turns = len(finished()["methods"][3]["sweeps"]) - 1
    expect(shown.part(".speed")).to_have_attribute("title", f"1×: the whole race in {13 + 0.9 * turns:.0f} s")


def test_the_budget_keeps_its_label_out_of_the_playheads_way(shown):
    shown.set("p.setBudget(3e6)")
    for share in (0.3, 0.97):
        shown.at(share)
        label, head = shown.part(".budget span").bounding_box(), shown.part(".head").bounding_box()
        assert not label["x"] <= head["x"] <= label["x"] + label["width"]


def test_the_verdict_says_against_what(shown):
    column = shown.part(".finish thead th").last
    expect(column).to_have_text("Gradient against backprop in float32")
    expect(column).to_have_attribute("title", re.compile("the same number format, float32"))
