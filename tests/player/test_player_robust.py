"""Troubles, hostile text, any width, either scheme, great depth; the table and the pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from player_payloads import EVIL, drawn_out, evil, finished, troubled, with_guess
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_troubles_keep_their_place_and_say_what_helps(stand):
    shown = stand()
    shown.show(troubled(finished()))
    lanes = shown.part(".lane")
    expect(lanes).to_have_count(5)
    expect(lanes.nth(1)).to_contain_text(
        "Cannot train this network. Layer 7, ReLU, cannot be undone. Use leaky_relu there."
    )
    expect(lanes.nth(2)).to_contain_text("Needs 1,030 MiB of 512 MiB")
    expect(lanes.nth(3)).to_contain_text("Ran out of memory at layer 3.")
    expect(lanes.nth(4)).to_contain_text("The worker ended on its own. Run again.")
    expect(shown.part(".finish tr.fell")).to_have_count(4)
    expect(shown.part(".finish tr.fell").nth(1)).to_contain_text("1,030 MiB predicted")


def test_a_stopped_race_freezes(stand):
    race = finished() | {"stopped": "Stopped at layer 61 of sweep 2; nothing is kept."}
    for one in race["methods"]:
        one["status"] = "cancelled"
    shown = stand()
    shown.show(race)
    expect(shown.part(".stopped")).to_have_text("Stopped at layer 61 of sweep 2; nothing is kept.")
    expect(shown.part(".say").first).to_have_text("Stopped here.")
    expect(shown.part(".lane .trouble")).to_have_count(0)
    assert shown.part(".mv").inner_text().count("nothing is kept") == 1


@pytest.mark.parametrize("make", [lambda: evil(finished()), lambda: evil(troubled(finished()))])
def test_text_from_data_is_only_text(stand, make):
    shown = stand()
    race = make()
    shown.show(race)
    shown.at(0.4)
    shown.set("p.pin(3)")
    shown.part("canvas").first.hover(position={"x": 60, "y": 40})
    shown.page.wait_for_timeout(100)
    assert shown.page.evaluate("window.hurt") is None
    expect(shown.part("img")).to_have_count(0)
    expect(shown.part(".name").first).to_contain_text(EVIL)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(360, "light"), (390, "light"), (390, "dark"), (768, "light"), (1440, "light"), (1440, "dark")],
)
def test_nothing_scrolls_sideways(stand, width, scheme):
    shown = stand(width=width, scheme=scheme)
    shown.show(with_guess(finished()))
    for share in (0.4, 1):
        shown.at(share)
        shown.set("p.pin(3)")
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    small = shown.page.evaluate(
        """() => [...player('one').root.querySelectorAll('button, select, summary, [role=slider]')]
        .filter(one => one.offsetParent).map(one => [one.className || one.textContent, one.offsetHeight])
        .filter(([, high]) => high < 24)"""
    )
    assert small == []
    background = shown.page.evaluate("player('one').colours.dark")
    assert background == (scheme == "dark")


def test_a_change_of_scheme_redraws(shown):
    shown.page.evaluate("document.fonts.ready.then(() => new Promise(done => setTimeout(done, 200)))")
    assert not shown.page.evaluate("player('one').colours.dark")
    shown.page.evaluate("document.documentElement.dataset.scheme = 'dark'")
    shown.page.wait_for_function("player('one').colours.dark")


def test_deep_races_load(stand):
    shown = stand()
    race = drawn_out(finished("photo-revnet"), 4, twins=2)
    assert race["network"]["last"] >= 512
    shown.show(race)
    expect(shown.part(".lane")).to_have_count(6)
    expect(shown.part(".fold")).to_contain_text("1 column = 8 layers")
    took = shown.page.evaluate(
        "() => { const from = performance.now(), p = player('one');"
        " for (let i = 0; i < 20; i++) p.transport.go(p.span * ((i * 7) % 20) / 20); return performance.now() - from; }"
    )
    assert took < 20_000


def test_the_race_as_a_table(shown):
    shown.part("summary", "one").filter(has_text="The race as a table").click()
    sweeps = sum(len(one["sweeps"]) for one in finished()["methods"])
    expect(shown.part(".twin tbody tr")).to_have_count(sweeps)


@pytest.mark.parametrize(("item", "start"), [("Chart (SVG)", b"<svg"), ("This moment (PNG)", b"\x89PNG")])
def test_it_saves_pictures(shown, item, start):
    shown.at(0.5)
    shown.part(".save summary").click()
    with shown.page.expect_download() as caught:
        shown.part(".menu").get_by_text(item).click()
    assert Path(caught.value.path()).read_bytes().startswith(start)
