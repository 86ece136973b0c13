"""The walk in a real browser: keys, dragging, what is shown and said, both schemes, narrow and wide."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from walk_cases import page_of
from walking_harness import fed_by

MIXED = ("dense", "moonwalk-mixed", {})

# Works a shown product out again: what stands in the cell, as JavaScript would read it.
WORK_OUT = """rows => rows.map(row => {
  const how = row.querySelector('td').textContent, shown = row.dataset.value;
  if (!/^[-−()\\d.·+ /]+$/.test(how)) return null;
  const value = how.replaceAll('−', '-').replaceAll('·', '*').split(/(?<=[)\\d])\\s+(?=[+-])/)
    .map(term => term.replace(/^([+-])\\s+/, '$1'));
  return [how, value, Number(shown)];
})"""


@pytest.fixture
def shown(stand):
    one = stand()
    one.show(page_of(*MIXED))
    return one


def test_it_begins_where_something_is_computed(shown):
    assert shown.at() == 1
    expect(shown.part(".say")).to_contain_text("layer 1")
    expect(shown.part(".planes figure")).to_have_count(6)


def test_a_lesson_says_where_to_stand_and_what_to_ring(stand):
    one = stand()
    one.show(page_of(*MIXED), start=8, highlight=["h4", "J5"], movable=False)
    assert one.at() == 8
    expect(one.part(".lit").first).to_be_visible()
    assert one.part(".numbers input").count() == 0 or not one.part(".numbers").is_visible()


def test_keys_step_jump_and_go_to_the_ends(shown):
    for key, at in [("ArrowRight", 2), ("ArrowLeft", 1), ("PageDown", 7), ("PageDown", 13), ("PageUp", 7), ("End", 18)]:
        shown.press(key)
        assert shown.at() == at, key
    shown.press("ArrowRight")
    assert shown.at() == 18
    shown.press("Home")
    assert shown.at() == 0


def test_space_plays_and_pauses(shown):
    shown.press(" ")
    expect(shown.part(".play")).to_have_attribute("aria-label", "Pause")
    shown.press(" ")
    expect(shown.part(".play")).to_have_attribute("aria-label", "Play")


def test_a_step_is_one_sentence_for_a_screen_reader(shown):
    shown.page.evaluate("walk().go(9)")
    said = shown.part("[aria-live]").text_content()
    assert said.startswith("Event 10 of 19: Carry h back through layer 4")
    assert "cotangent h3 is (−0.5, 0.25)" in said
    assert said.endswith("25 bytes in memory.")


def test_every_picture_says_what_it_shows(shown):
    shown.page.evaluate("walk().go(9)")
    labels = shown.part(".planes svg[role=img]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert len(labels) == 6
    assert labels[0].startswith("Input plane: x0 is (1, 1), in memory now")
    assert "h3 is (−0.5, 0.25), drawn as an arrow across its level lines" in labels[3]


@pytest.mark.parametrize("name", ["dense", "coupling", "narrowing", "relu", "widening"])
def test_the_shown_products_add_up_to_what_is_shown(stand, name):
    one = stand()
    page = page_of(name, "moonwalk-mixed", {})
    one.show(page)
    checked = 0
    for event in range(len(page.frames)):
        one.page.evaluate("at => walk().go(at)", event)
        for found in one.part(".check tbody tr").evaluate_all(WORK_OUT):
            if found is None or "…" in found[0]:
                continue
            total = sum(worked_out(term) for term in found[1])
            assert total == pytest.approx(found[2], abs=2e-4), found[0]
            checked += 1
    assert checked > 40


def worked_out(term: str) -> float:
    """The value of a term such as ``-2*(-0.5)``."""
    sign = -1.0 if term.startswith("-") else 1.0
    product = sign
    for factor in term.lstrip("+-").split("*"):
        product *= float(factor.strip("()"))
    return product


def test_the_table_has_what_is_made_and_dims_what_is_gone(shown):
    shown.page.evaluate("walk().go(9)")
    expect(shown.part('.all td[data-name="h3"]')).to_have_text("(−0.5, 0.25)")
    expect(shown.part('.all td[data-name="x1"]')).to_have_class("gone")
    expect(shown.part('.all td[data-name="g1"]')).to_have_count(0)


def test_memory_is_what_the_ledger_says(shown):
    page = page_of(*MIXED)
    for event in (2, 9, 18):
        shown.page.evaluate("at => walk().go(at)", event)
        expect(shown.part(".bytes b")).to_have_text(f"{page.frames[event].record.live_bytes} B")
        expect(shown.part(".chip:not(.gone)")).to_have_count(len(page.frames[event].held))


def test_dragging_the_point_moves_everything_and_asks_the_engine_at_rest(shown):
    plane = shown.part(".plane.movable svg").bounding_box()
    middle = plane["x"] + plane["width"] / 2, plane["y"] + plane["height"] / 2
    shown.page.mouse.move(*middle)
    shown.page.mouse.down()
    shown.page.mouse.move(middle[0] + plane["width"] / 4, middle[1] + 4, steps=4)
    expect(shown.part(".state")).to_contain_text("Worked out in your browser")
    assert shown.page.evaluate("told.length") == 0
    shown.page.mouse.up()
    shown.page.wait_for_function("told.length === 1")
    name, said = shown.page.evaluate("told[0]")
    assert name == "moved"
    assert said["weights"]["3.weight"] == [[1, 2], [-1, 2]]
    x = tuple(said["x"])
    assert x != (1, 1)
    assert all(number * 4 == round(number * 4) for number in x)
    shown.show(page_of(*MIXED, x))
    expect(shown.part(".state")).to_contain_text("Every number is the engine’s")
    assert shown.at() == 1


def test_a_weight_can_be_typed_and_dragged(shown):
    field = shown.part(".numbers input").nth(2)
    field.fill("1.5")
    shown.page.wait_for_function("told.length === 1")
    assert shown.page.evaluate("told[0][1].weights['1.weight'][0][0]") == 1.5
    box = field.bounding_box()
    shown.page.mouse.move(box["x"] + 10, box["y"] + 10)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + 42, box["y"] + 10, steps=4)
    shown.page.mouse.up()
    shown.page.wait_for_function("told.length === 2")
    assert shown.page.evaluate("told[1][1].weights['1.weight'][0][0]") == 2.5
    shown.part(".reset").click()
    shown.page.wait_for_function("told.length === 3")
    assert shown.page.evaluate("told[2][1].weights['1.weight'][0][0]") == 2


def test_a_late_answer_does_not_undo_what_was_moved_since(shown):
    shown.part(".numbers input").nth(0).fill("2")
    shown.show(page_of(*MIXED, (0.5, 0.5)))
    assert shown.page.evaluate("walk().x") == [2, 1]
    expect(shown.part(".state")).to_contain_text("Worked out in your browser")


def test_the_way_there_and_back_says_what_is_erased(stand):
    one = stand()
    one.show(page_of("relu", "moonwalk-mixed", {}))
    one.page.evaluate("walk().go(9)")
    expect(one.part(".there")).to_contain_text("is erased, and kept as a fragment")
    one.page.evaluate("walk().go(10)")
    expect(one.part(".there")).to_contain_text("the same again")


def test_states_of_three_numbers_have_tables_and_no_picture(stand):
    one = stand()
    fed = fed_by(page_of(*MIXED))
    fed["grid"] = []
    one.show(fed)
    expect(one.part(".planes")).to_contain_text("no picture")
    expect(one.part(".check tbody tr").first).to_be_visible()


@pytest.mark.parametrize("method", ["forward", "projforward", "moonwalk-pure", "revbackprop", "checkpointing"])
def test_every_method_can_be_stepped_to_its_end(stand, method):
    one = stand(motion="reduce")
    page = page_of("dense", method, {})
    one.show(page)
    for event in range(len(page.frames)):
        one.page.evaluate("at => walk().go(at)", event)
        assert one.part(".work .line").count() == len(page.frames[event].lines)
        assert one.part(".mat.none").count() == 0
    assert one.part(".memory").inner_text().count("g") >= 3


def test_a_lesson_drives_it(shown):
    obey = "act => walk().obey(act)"
    for act, at in [
        ({"do": "goto", "place": "sweep", "number": 2}, 7),
        ({"do": "goto", "place": "step", "number": 10}, 9),
        ({"do": "pin", "layer": 2}, 11),
        ({"do": "pin", "layer": 6}, 6),
        ({"do": "goto", "place": "end"}, 18),
        ({"do": "goto", "place": "start"}, 0),
    ]:
        assert shown.page.evaluate(obey, act)
        assert shown.at() == at, act
    assert shown.page.evaluate(obey, {"do": "play"})
    expect(shown.part(".play")).to_have_attribute("aria-label", "Pause")
    assert shown.page.evaluate(obey, {"do": "pause"})
    assert not shown.page.evaluate(obey, {"do": "run"})
    shown.page.evaluate(obey, {"do": "goto", "place": "step", "number": 10})
    assert shown.page.evaluate(obey, {"do": "ring", "names": ["h3"]})
    assert shown.part(".work .lit").count() == 1


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark"), (360, "dark")]
)
def test_it_fits_and_has_no_serious_accessibility_fault(stand, width, scheme):
    one = stand(width, scheme, "reduce")
    one.show(page_of(*MIXED))
    for event in (2, 9, 16):
        one.page.evaluate("at => walk().go(at)", event)
        assert one.page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(one.page).response["violations"]
    grave = [item for item in found if item["impact"] in ("serious", "critical")]
    assert not [f"{item['id']}: {node['html'][:160]}" for item in grave for node in item["nodes"]]
    assert one.part(".walk").get_attribute("data-scheme") == scheme
