"""The walk beside a lesson, in the real app: the engine's numbers, moved, checked again, and kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from test_browser_access import faults, settle

LESSON = "learn?lesson=5"
WAIT = 60_000


@pytest.fixture
def lesson(tab):
    def open_one(width: int = 1440, scheme: str = "light") -> Page:
        page = tab(width, 1000, scheme)
        page.goto(f"{page.url.rstrip('/')}/{LESSON}")
        page.locator(".walk .say").wait_for(timeout=WAIT)
        return page

    return open_one


def test_a_learner_steps_through_the_third_sweep_by_keyboard(lesson):
    page = lesson()
    walk = page.locator(".walk")
    expect(walk.locator(".say")).to_have_text("Start once more at the input.")
    walk.press("ArrowRight")
    expect(walk.locator(".say")).to_contain_text("recover h at layer 1")
    expect(walk.locator('.line[data-makes="h1"]')).to_contain_text("−2")
    expect(walk.locator(".there")).to_contain_text("the same again")
    for _ in range(2):
        walk.press("ArrowRight")
    expect(walk.locator(".bridge.active .on")).to_have_text(["f →", "vijp →"])


def test_what_is_moved_is_checked_by_the_engine(lesson):
    page = lesson()
    field = page.locator(".walk .numbers input").first
    field.fill("2")
    expect(page.locator(".walk .state")).to_contain_text("Worked out in your browser")
    expect(page.locator(".walk .state")).to_contain_text("Every number is the engine’s", timeout=WAIT)
    expect(page.locator(".walk figcaption").first).to_contain_text("(2, 1)")


def test_a_link_in_the_text_drives_the_walk(lesson):
    page = lesson()
    page.locator(".walk").press("Home")
    expect(page.locator(".walk .say")).to_have_text("The input goes in.")
    page.get_by_text("Go to the third sweep").click()
    expect(page.locator(".walk .say")).to_have_text("Start once more at the input.")


def test_another_method_and_a_refused_one(lesson):
    page = lesson()
    page.get_by_role("combobox", name="Method").click()
    page.get_by_role("option", name="revbackprop").click()
    expect(page.get_by_text("revbackprop cannot walk this network.")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Walk it by moonwalk-mixed").click()
    expect(page.locator(".walk .name")).to_have_text("moonwalk-mixed", timeout=WAIT)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_it_has_no_serious_fault_beside_a_lesson(lesson, width, scheme):
    page = lesson(width, scheme)
    settle(page)
    assert not faults(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
