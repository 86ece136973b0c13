"""The pages Methods and Precision in a real browser, with real workers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def go(page: Page, title: str) -> None:
    page.get_by_role("link", name=title, exact=True).click()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def sideways(page: Page) -> int:
    return page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth - e.clientWidth")


def test_methods_are_told_with_their_pictures_at_any_width(tab):
    page = tab()
    go(page, "Methods")
    expect(page.locator(".mv-headline")).to_contain_text("Moonwalk keeps")
    expect(page.locator(".mv-card")).to_have_count(7)
    widths = page.locator(".mv-arrow").evaluate_all("all => all.map(e => e.getBoundingClientRect().width)")
    assert min(widths) > 60
    hollow = page.locator(".mv-card.noisy .mv-arrow").first
    assert hollow.evaluate("e => getComputedStyle(e).borderTopStyle") == "dashed"
    for width in (768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        assert sideways(page) <= 0


def test_precision_is_measured_here_and_kept_over_another_page(tab):
    page = tab()
    go(page, "Precision")
    expect(page.locator(".mv-headline")).to_contain_text("conditioning decides")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    for depth in ("8", "16"):
        page.locator(".st-key-precision-depths").get_by_role("button", name=depth, exact=True).click()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.locator(".mv-foot")).to_contain_text("Measured here", timeout=45_000)
    expect(page.locator(".mv-headline")).to_contain_text(re.compile("In float32, Moonwalk"))
    said = page.locator(".mv-headline").inner_text()
    go(page, "Methods")
    go(page, "Precision")
    expect(page.locator(".mv-headline")).to_have_text(said)
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_timeout(500)
    assert sideways(page) <= 0
