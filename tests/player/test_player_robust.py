"""Troubles, hostile text, any width, either scheme, great depth; the table and the pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from player_payloads import EVIL, drawn_out, evil, finished, running, stopped, troubled, with_guess
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
    expect(lanes.nth(2)).to_contain_text(
        "Does not fit. Needs 1,030 MiB of 512 allowed here. Moonwalk needs 2.56."
        "Striped: predicted; dashed: allowed here; moonwalk-mixed: measured. Take a smaller depth or batch."
    )
    expect(lanes.nth(3)).to_contain_text("Ran out of memory at layer 3.")
    expect(lanes.nth(4)).to_contain_text("The worker ended on its own. Run again.")
    expect(shown.part(".finish tr.fell")).to_have_count(4)
    expect(shown.part(".finish tr.fell").nth(1)).to_contain_text("1,030 MiB predicted")
    expect(shown.part(".finish tr.fell").nth(1)).to_contain_text("Does not fit. 512 MiB are allowed here.")


def test_what_does_not_fit_is_drawn_across_what_is_allowed_and_not_across_the_budget(stand):
    shown = stand()
    race = troubled(finished())
    shown.show(race)
    assert shown.state()["budget"] == 512 * 2**20
    bar, line, beyond, fits = (
        shown.part(f".needs {part}").bounding_box() for part in ("i:not(.beyond)", "u", ".beyond", "em")
    )
    assert bar["x"] + bar["width"] == pytest.approx(line["x"] + 1, abs=1)
    assert bar["width"] / (bar["width"] + beyond["width"]) == pytest.approx(512 / 1029, abs=0.005)
    assert (fits["x"] + fits["width"] / 2 - bar["x"]) / bar["width"] == pytest.approx(2.56 / 512, abs=0.005)
    shown.set("p.setBudget(2 ** 40); p.redraw()")
    assert shown.part(".needs u").bounding_box() == line


@pytest.mark.parametrize(
    ("needs", "limit", "words"),
    [
        (512.4, 512, "Needs 512.4 MiB of 512.0 allowed here. Moonwalk needs 2.56."),
        (12_288, 512, "Needs 12.0 GiB of 512 MiB allowed here. Moonwalk needs 2.56 MiB."),
        (700, None, "Needs 700 MiB. It needs 1,029 MiB of 512 MiB. Take a smaller depth or batch."),
    ],
)
def test_sizes_that_do_not_fit_are_told_with_as_many_digits_as_it_takes(stand, needs, limit, words):
    race = troubled(finished())
    race["methods"][2] |= {"needs": int(needs * 2**20), "limit": limit and limit * 2**20}
    shown = stand()
    shown.show(race)
    said = shown.part(".lane").nth(2).inner_text().replace("Striped: predicted; moonwalk-mixed: measured. ", "")
    assert words in " ".join(said.split())


def test_a_stopped_race_freezes_and_tells_what_is_known(stand):
    race = stopped(finished(), 1, 40)
    traced, halted, *_ = race["methods"]
    shown = stand()
    shown.show(race)
    expect(shown.part(".stopped")).to_have_text(race["stopped"])
    expect(shown.part(".lane .trouble")).to_have_count(0)
    assert shown.part(".mv").inner_text().count("nothing is kept") == 1
    expect(shown.part(".say")).to_have_text(
        [
            "It went through all its steps; then the race was stopped.",
            "Stopped here.",
            *["Stopped before its first step."] * 2,
        ]
    )
    rows = shown.part(".finish tbody tr")
    expect(rows.nth(0)).to_contain_text(f"{traced['peak'] / 2**20:.1f} MiB")
    expect(rows.nth(0)).not_to_contain_text("so far")
    expect(rows.nth(0)).to_contain_text("34 of 34 made")
    expect(rows.nth(1)).to_contain_text(f"{halted['peak'] / 2**20:.2f} MiB so far")
    expect(rows.nth(1)).to_contain_text(re.compile(r"stopped.*3 of 34 made"))
    expect(rows.nth(2)).to_contain_text("Stopped before its first step.")
    # The bars of the one that was stopped are those of its last step.
    assert shown.page.evaluate("player('one').runs[1].at") == 39
    assert shown.page.evaluate("() => { const run = player('one').runs[0]; return run.at === run.fullAt; }")


def test_before_its_first_step_a_method_shows_its_empty_layers(stand):
    shown = stand()
    shown.show(running(drawn_out(finished(), 8), 0, 0))
    expect(shown.part("canvas")).to_have_count(4)
    expect(shown.part(".say")).to_have_text(["Waiting for its turn."] * 4)
    expect(shown.part(".fold")).to_have_text("folded: 1 column = 4 layers")
    inked = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    assert shown.part("canvas").first.evaluate(inked)
    shown.part("canvas").first.hover(position={"x": 60, "y": 40})
    expect(shown.part(".say").first).to_contain_text("not worked on yet")
    expect(shown.part(".sweeps button:disabled")).to_have_count(9)
    shown.page.evaluate("() => { window.lane = player('one').lanes[0]; }")
    shown.show(running(drawn_out(finished(), 8), 0, 9))
    expect(shown.part(".sweeps button:disabled")).to_have_count(8)
    assert shown.page.evaluate("player('one').lanes[0] === lane"), "the lane was made anew"


def test_a_race_of_other_settings_is_dimmed_and_its_transport_lights_up_in_use(stand):
    shown = stand()
    shown.show(finished() | {"stale": True})
    for part in ("canvas", ".cover", ".play", ".track"):
        expect(shown.part(part).first).to_have_css("opacity", "0.6")
    grey = shown.part(".axis").evaluate("e => getComputedStyle(e).color")
    for part in (".name", ".at b", ".say", ".finish td .v"):
        expect(shown.part(part).first).to_have_css("color", grey)
    shown.part(".next").focus()
    expect(shown.part(".play")).to_have_css("opacity", "1")
    shown.part(".play").click()
    assert shown.state()["playing"]


@pytest.mark.parametrize("make", [lambda: evil(finished()), lambda: evil(troubled(finished()))])
def test_text_from_data_is_only_text(stand, make):
    shown = stand(fresh=True)
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
