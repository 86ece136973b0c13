"""Journeys through the Build page in a real browser, with real workers."""

from __future__ import annotations

import re

import pytest
from bench_page import Bench, break_it, from_blank
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def go_back_to(bench: Bench, blank: list) -> None:
    """Undo as long as it takes."""
    bench.chosen.focus()
    for _ in range(60):
        if bench.spec() == blank:
            return
        bench.press("Control+z")
    pytest.fail("undo did not lead back to the blank network")


def race_it(page: Page) -> None:
    page.get_by_role("button", name="Race it").click()
    expect(page.locator(".mv-own")).to_have_text("my network")
    page.get_by_role("button", name="Run on this machine").click()
    expect(page.locator(".mv-under")).to_contain_text("my network", timeout=90_000)
    expect(page.locator(".mv-headline")).to_contain_text("gradient")


def test_a_conv_net_of_twelve_layers_by_keyboard_alone_broken_and_repaired_and_raced(bench):
    page = bench.page
    from_blank(bench)
    blank = bench.spec()
    for _ in range(5):
        bench.add("conv")
        bench.add("leaky")
    bench.add("conv")
    bench.press("Home", "ArrowDown", "d", "Delete")
    assert len([one for one in bench.titles() if one.startswith(("Conv", "LeakyReLU"))]) == 12
    expect(page.locator(".mv-headline")).to_contain_text("can train this network")

    for harm in (
        ("head.0.1", "width", "3"),
        ("head.0.0", None, None),
        ("input", "data", "text"),
        ("body.0.1", "kernel", "31"),
        ("body.0.3", "kernel", "25"),
    ):
        break_it(bench, *harm)
        expect(page.locator(".mv-headline")).to_contain_text(re.compile("stops? Moonwalk|does not fit"))
        page.locator(".mvs .fix.needed").first.click()
        bench.settle()
        expect(page.locator(".mv-headline")).to_contain_text("can train this network")

    made = bench.spec()
    go_back_to(bench, blank)
    while page.locator(".mvs .tool", has_text="Redo").is_enabled():
        bench.press("Control+Shift+Z")
    assert bench.spec() == made
    race_it(page)
    page.get_by_role("button", name="Edit").click()
    bench.row("input").wait_for()
    bench.settle()
    assert bench.spec() == made


def test_no_key_is_lost_and_the_focus_stays_while_edits_are_under_way(bench):
    from_blank(bench)
    bench.press("d", "d", "ArrowUp", "d", "Alt+ArrowUp", "Delete", "d", "Control+z", "Control+Shift+Z")
    assert len(bench.titles()) == 1 + 4 + 2
    assert bench.fields() == bench.chosen.get_attribute("data-key")
    bench.press("Enter")
    assert bench.fields() == "slope"
    bench.page.keyboard.type("0.5")
    bench.page.keyboard.press("Tab")
    bench.settle()
    assert bench.fields() == "repeat"
    assert dict(bench.spec())[bench.chosen.get_attribute("data-key")]["slope"] == 0.5
    bench.page.keyboard.type("3")
    bench.press("Enter")
    expect(bench.chosen.locator(".times")).to_have_text("×3")
    assert bench.fields() == bench.chosen.get_attribute("data-key")


def test_a_layer_is_dragged_and_the_first_view_is_repaired_by_one_button(tab):
    page = tab()
    page.get_by_role("link", name="Build", exact=True).click()
    bench = Bench(page)
    expect(page.locator(".mv-headline")).to_have_text("Layer 9 stops Moonwalk. One click repairs it.")
    assert page.locator(".mvs .row.bad").count() == 1
    before = bench.titles()
    handle, goal = bench.row("body.1.2").locator(".h"), bench.row("body.1.0")
    handle.scroll_into_view_if_needed()
    at, to = handle.bounding_box(), goal.bounding_box()
    page.mouse.move(at["x"] + 5, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(at["x"] + 5, to["y"] + 4, steps=6)
    expect(page.locator(".mvs .drop")).to_be_visible()
    page.mouse.up()
    bench.settle()
    after = bench.titles()
    assert (after.index("ReLU"), before.index("ReLU")) == (3, 5)
    page.get_by_role("button", name="Repair and race it").click()
    expect(page.locator(".mv-own")).to_have_text("my network", timeout=30_000)
    expect(page.get_by_role("button", name="Run on this machine")).to_be_enabled()


@pytest.mark.parametrize("width", [390, 768])
def test_nothing_of_the_bench_scrolls_sideways(tab, width):
    page = tab(width=width, height=844, path="build")
    page.locator(".mvs .row.bad").wait_for()
    page.get_by_role("button", name="Repair and race it").wait_for()
    scroll, client = page.locator("[data-testid=stMain]").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert scroll <= client
