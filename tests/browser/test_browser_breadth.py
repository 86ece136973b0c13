"""The pages Methods and Precision in a real browser, with real workers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from serving import WAIT
from waits import drawn, rest

pytestmark = pytest.mark.browser


def go(page: Page, title: str) -> None:
    page.get_by_role("link", name=title, exact=True).click()
    rest(page)


FITS = "() => { const e = document.querySelector('[data-testid=stMain]'); return e.scrollWidth <= e.clientWidth }"


def test_methods_are_told_with_their_pictures_at_any_width(tab):
    page = tab()
    go(page, "Methods")
    expect(page.locator(".mv-headline")).to_contain_text("Moonwalk keeps")
    expect(page.locator(".mv-card")).to_have_count(7)
    widths = page.locator(".mv-schedule .mv-arrow").evaluate_all("all => all.map(e => e.getBoundingClientRect().width)")
    assert min(widths) > 60
    hollow = page.locator(".mv-card.noisy .mv-arrow").first
    assert hollow.evaluate("e => getComputedStyle(e).borderTopStyle") == "dashed"
    for width in (768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        drawn(page)
        page.wait_for_function(FITS)


def test_precision_is_measured_here_and_kept_over_another_page(tab):
    page = tab()
    go(page, "Precision")
    expect(page.locator(".mv-headline")).to_contain_text("conditioning decides")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    for depth in ("8", "16"):
        page.locator(".st-key-precision-depths").get_by_role("button", name=depth, exact=True).click()
        rest(page)
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.locator(".mv-foot")).to_contain_text("Measured here", timeout=45_000)
    expect(page.locator(".mv-headline")).to_contain_text(re.compile("In float32, Moonwalk"))
    said = page.locator(".mv-headline").inner_text()
    go(page, "Methods")
    go(page, "Precision")
    expect(page.locator(".mv-headline")).to_have_text(said)
    page.set_viewport_size({"width": 390, "height": 900})
    drawn(page)
    page.wait_for_function(FITS)


@pytest.mark.parametrize(("width", "height"), [(900, 800), (390, 844)])
def test_all_that_more_holds_is_in_sight(tab, width, height):
    page = tab(width=width, height=height)
    page.get_by_role("button", name="More").click()
    page.locator(".st-key-race-device").wait_for()
    page.wait_for_timeout(600)  # until it has found its place
    page.wait_for_function(
        """() => { const body = document.querySelector('[data-testid=stPopoverBody]')
            const box = body?.getBoundingClientRect()
            return box && box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight
                && body.scrollHeight <= body.clientHeight }"""
    )
    assert page.locator(".st-key-race-device").evaluate("e => e.getBoundingClientRect().bottom <= innerHeight")


def test_what_does_not_fit_is_struck_when_a_worker_has_answered(tab):
    page = tab()
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name="Digits, dense layers with ReLU").click()
    struck = page.locator(".st-key-race-methods del")
    expect(struck).to_have_text(["revbackprop", "moonwalk-pure"], timeout=WAIT)
    page.get_by_role("button", name="More").click()
    width = page.locator(".st-key-race-relu-net-width input")
    width.fill("48")
    # The worker's answer draws the page anew: nothing more is clicked.
    page.evaluate(
        """() => new MutationObserver(() => {
            if (!document.querySelector('.st-key-race-methods del')) window.seenWithout = true
        }).observe(document.body, {childList: true, subtree: true, characterData: true})"""
    )
    width.press("Enter")
    page.wait_for_function("() => window.seenWithout")
    expect(struck).to_have_text(["revbackprop", "moonwalk-pure"], timeout=WAIT)
