"""What it shows of a race: held bytes and seconds, agreement, hover, pins, the budget, the frontier, the finish."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from player_payloads import finished, method, rows, with_guess
from playwright.sync_api import expect

from moonviz.events import KINDS

pytestmark = pytest.mark.browser


def held_after(race: dict, label: str, event: int) -> dict[tuple[int, int], int]:
    """Bytes by (layer, kind), added up here anew."""
    held: dict[tuple[int, int], int] = {}
    for name, sign in (("add", 1), ("remove", -1)):
        for e, kind, layer, size in rows(method(race, label)["events"][name]):
            if e <= event:
                held[layer, kind] = held.get((layer, kind), 0) + sign * size
    return {place: size for place, size in held.items() if size > 0}


def test_kinds_are_numbered_as_everywhere():
    source = (Path(__file__).parents[2] / "moonviz/ui/player/marks.js").read_text("utf-8")
    assert json.loads(re.search(r"const KINDS = (\[.*?\]);", source)[1]) == list(KINDS)


@pytest.mark.parametrize("label", ["backprop", "checkpointing", "moonwalk-mixed"])
def test_what_is_held_is_what_was_added_and_not_removed(shown, label):
    race = finished()
    at = [one["label"] for one in race["methods"]].index(label)
    last = method(race, label)["events"]["n"] - 1
    for event in (last, 3, 70 if last > 70 else 30, 64, 63, last // 2, last, 0):
        sparse = shown.page.evaluate(
            """([at, event]) => { const run = player('one').runs[at].seek(event), found = [];
            run.held.forEach((size, slot) => { if (size) found.push([Math.floor(slot / 9), slot % 9, size]); });
            return found; }""",
            [at, event],
        )
        assert {(layer, kind): size for layer, kind, size in sparse} == held_after(race, label, event)


def test_seconds_of_a_layer_add_up(shown):
    events = method(finished(), "moonwalk-mixed")["events"]
    sums = shown.page.evaluate(
        "() => { const run = player('one').runs[3].seek(player('one').runs[3].n - 1);"
        " return Array.from({length: run.layers}, (_, i) =>"
        " run.took.slice(i * 6, i * 6 + 6).reduce((a, b) => a + b)); }"
    )
    for layer, found in enumerate(sums):
        expected = sum(us for us, i in zip(events["us"], events["layer"], strict=True) if i == layer) / 1e6
        assert found == pytest.approx(expected, rel=1e-4)


def test_the_readings_are_the_events(shown):
    shown.part(".lane .name").first.click()
    shown.set("p.transport.go(0)")
    events = method(finished(), "backprop")["events"]
    for _ in range(3):
        shown.part(".next").click()
    expect(shown.part(".read .live dd").first).to_have_text(f"{events['live'][3] / 2**20:.2f} MiB")
    expect(shown.part(".say").first).to_contain_text("layer 3")
    expect(shown.part(".fx").first).to_contain_text("x3")
    expect(shown.part(".fx").first.locator("i").first).to_have_text("x")


def test_gradients_appear_as_they_are_made(shown):
    race = finished()
    mixed = method(race, "moonwalk-mixed")
    made = sorted(e for e, kind, *_ in rows(mixed["events"]["add"]) if KINDS[kind] == "gradient")
    shown.set(f"p.transport.setMode('step'); p.transport.go({made[5] + 0.5})")
    expect(shown.part(".tally").nth(3)).to_have_text(
        re.compile(r"^6 of 34 gradients made, worst error (\d·)?10⁻[⁶⁷] against ")
    )
    assert shown.page.evaluate("() => [...new Set(player('one').runs[3].grades)]") == [1]


@pytest.mark.parametrize(("error", "grade"), [(1e-9, 1), (3e-4, 2), (1.5, 3), (None, 0)])
def test_a_diamond_is_filled_by_its_agreement(stand, error, grade):
    race = finished()
    for one in race["methods"]:
        one["agreement_to"] = "backprop"
        one["agreement"] = [[layer, error, 1.0, error] for layer, *_ in one["agreement"]]
    shown = stand()
    shown.show(race)
    assert set(shown.page.evaluate("() => [...player('one').runs[0].grades]")) == {grade}
    canvas = shown.part("canvas").first
    canvas.hover(position={"x": 60, "y": 40})
    words = ["not compared", "the same within tolerance", "drifting", "not the gradient"][grade]
    expect(shown.part(".tip")).to_contain_text(words)


def test_a_noisy_method_stays_hollow(stand):
    shown = stand(scheme="dark")
    shown.show(with_guess(finished()))
    assert set(shown.page.evaluate("() => [...player('one').runs[4].grades]")) == {3}
    expect(shown.part(".finish tr").last).to_contain_text("a noisy estimate")


def test_pointing_at_a_layer_links_strips_curves_and_captions(shown):
    canvas = shown.part("canvas").nth(3)
    width = canvas.bounding_box()["width"]
    canvas.hover(position={"x": width * 10.5 / 34, "y": 40})
    assert shown.state()["hover"] == 10
    for say in shown.part(".say").all():
        expect(say).to_have_text(re.compile("^Layer 10 kept .*(MiB|KiB|nothing)"))
    assert shown.part(".curves circle").count() == 2 + 3 + 2 + 3
    expect(shown.part(".tip")).to_be_visible()
    shown.part(".axis").hover()
    assert shown.state()["hover"] is None
    assert shown.part(".curves circle").count() == 0
    expect(shown.part(".tip")).to_be_hidden()


def test_pointing_at_a_curve_names_the_step_there(shown):
    race = method(finished(), "backprop")["events"]
    at = shown.page.evaluate(
        """() => { const p = player('one'), run = p.runs[0], box = p.chart.box.getBoundingClientRect();
        return [box.left + p.chart.X(run.end.clock[20] - 1e-6), box.top + p.chart.Y(run.live[20])]; }"""
    )
    shown.page.mouse.move(*at)
    expect(shown.part(".tip")).to_contain_text("backprop at ")
    assert shown.state()["hover"] == race["layer"][20]
    shown.page.mouse.move(5, 5)
    assert shown.state()["hover"] is None


def test_a_click_pins_a_layer_and_the_keys_move_it(shown):
    canvas, card = shown.part("canvas").nth(3), shown.part(".card")
    canvas.click(position={"x": canvas.bounding_box()["width"] * 5.5 / 34, "y": 40})
    expect(card.locator("h3")).to_have_text("Layer 5 coupling")
    expect(card).to_contain_text("32 × 8 × 8 → 32 × 8 × 8")
    expect(card.locator("tbody tr")).to_have_count(4)
    canvas.focus()
    shown.page.keyboard.press("ArrowRight")
    expect(card.locator("h3")).to_contain_text("Layer 6")
    shown.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    shown.set("p.transport.go(0)")
    shown.page.keyboard.press("Enter")
    expect(card.locator("h3")).to_contain_text("Layer 0 · stem")
    card.get_by_role("button", name="Next layer").click()
    expect(card.locator("h3")).to_contain_text("Layer 1")
    card.get_by_role("button", name="Unpin this layer").click()
    expect(card).to_be_hidden()


def test_the_pinned_card_follows_the_race(shown):
    shown.set("p.pin(1); p.focus(0); p.transport.go(0)")
    cell = shown.part(".card tbody tr").first.locator("td").first
    expect(cell).to_have_text("nothing")
    shown.part(".next").click()
    expect(cell).to_have_text(re.compile(r"^activation \d"))


def test_the_budget_moves_by_hand_and_by_key(shown):
    budget = shown.part(".budget")
    before = shown.state()["budget"]
    budget.focus()
    shown.page.keyboard.press("ArrowUp")
    assert shown.state()["budget"] == pytest.approx(before * 1.1)
    shown.page.keyboard.press("ArrowDown")
    assert shown.state()["budget"] == pytest.approx(before)
    assert shown.state()["position"] == shown.state()["span"]
    box = budget.bounding_box()
    shown.page.mouse.move(box["x"] + 80, box["y"] + 12)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + 80, box["y"] - 60, steps=3)
    shown.page.mouse.up()
    assert shown.state()["budget"] > before * 1.2
    shown.set("p.setBudget(2 ** 60)")
    expect(shown.part(".read .live.over")).to_have_count(0)


def test_the_frontier_moves_with_the_race(shown):
    shown.part('.seg button[data-value="frontier"]').click()
    shown.at(0.3)
    first = shown.part(".dot").nth(3).get_attribute("style")
    shown.at(0.9)
    assert shown.part(".dot").nth(3).get_attribute("style") != first
    expect(shown.part(".plot h3")).to_have_text("Peak so far against time so far")


def test_finish_rows_come_as_methods_finish(shown):
    seconds = [sum(one["events"]["us"]) for one in finished()["methods"]]
    shown.at(0.85)
    over = 0.85 * max(seconds)
    waiting = [index for index, one in enumerate(seconds) if one > over]
    found = shown.part(".finish tbody tr").evaluate_all("rows => rows.map(row => row.classList.contains('wait'))")
    assert [index for index, wait in enumerate(found) if wait] == waiting
    says = shown.part(".finish tr.wait .cell").last.evaluate("e => getComputedStyle(e, '::after').content")
    assert says == '"on its way"'
    assert 0 < len(waiting) < 4
