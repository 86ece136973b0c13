"""No serious accessibility fault, as axe-core sees the app: light and dark, wide and narrow, at rest and in use."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from waits import rest

pytestmark = pytest.mark.browser

THEIRS: frozenset[str] = frozenset()
"""Rules that only what Streamlit draws breaks, each with its reason; none at present."""
WAYS = [(1440, "light"), (390, "dark")]


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical") and one["id"] not in THEIRS]
    return [f"{one['id']}: {node['html'][:200]}" for one in grave for node in one["nodes"]]


def settle(page: Page) -> None:
    rest(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.stPlotlyChart')].every(one => one.querySelector('.main-svg'))"
    )
    page.evaluate("() => document.fonts.ready.then(() => undefined)")
    page.wait_for_timeout(300)  # what fades in must be there: half faded it has less contrast


@pytest.mark.parametrize(("width", "scheme"), WAYS)
def test_race_has_no_serious_fault_at_rest_and_in_use(tab, width, scheme):
    page = tab(width, 900, scheme)
    settle(page)
    assert not faults(page)
    page.get_by_role("button", name="Step back").click()
    page.get_by_role("button", name="Frontier", exact=True).click()
    page.locator("article.lane canvas").first.click(position={"x": 60, "y": 40})
    page.get_by_text("The race as a table").click()
    page.get_by_text("Save picture").click()
    page.wait_for_timeout(300)
    assert not faults(page)


@pytest.mark.parametrize(("width", "scheme"), WAYS)
@pytest.mark.parametrize("path", ["methods", "precision", "whatif"])
def test_the_other_pages_have_no_serious_fault(tab, path, width, scheme):
    page = tab(width, 900, scheme, path)
    settle(page)
    assert not faults(page)


@pytest.mark.parametrize(("width", "scheme"), WAYS)
def test_build_has_no_serious_fault_at_rest_and_in_use(tab, width, scheme):
    page = tab(width, 900, scheme)
    page.goto(f"{page.url.rstrip('/')}/build")
    page.locator(".mvs .row.bad").wait_for(timeout=90_000)  # the first page of a fresh server starts PyTorch
    page.locator(".mv-peaks .dim").first.wait_for(state="detached", timeout=90_000)  # dimmed until they are known
    settle(page)
    assert not faults(page)
    row = page.locator(".mvs .row.on")
    row.get_by_role("button", name="Edit").click()
    row.get_by_role("button", name="Look inside").click()
    row.locator(".inside dl").wait_for()
    page.get_by_role("button", name="Look at its Jacobian").click()
    page.locator(".mv-explored").wait_for()
    page.get_by_role("button", name="More layers").click()
    page.locator(".mv-peaks .dim").first.wait_for(state="detached", timeout=90_000)
    settle(page)
    assert not faults(page)


def test_a_fault_inside_the_player_is_seen(tab):
    page = tab()
    play = page.get_by_role("button", name="Play again").or_(page.get_by_role("button", name="Play", exact=True)).first
    play.evaluate("e => { e.removeAttribute('aria-label'); e.removeAttribute('title'); }")
    assert any(fault.startswith("button-name") for fault in faults(page))
