"""The What-if page as people use it: keys, links, and dry runs that confirm what was extrapolated."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

CONFIRMED = 120_000
"""Dry runs compete with everything else that a test machine does."""


def whatif(page: Page) -> Page:
    page.goto(f"{page.url.rstrip('/')}/whatif")
    expect(page.locator(".mv-headline")).to_contain_text("With 24 GiB, backprop stops at 184 blocks.")
    page.locator(".st-key-whatif-parts .main-svg").first.wait_for()
    return page


def test_the_page_answers_to_keys_alone_and_nothing_scrolls_sideways(tab):
    page = whatif(tab(390, 900, "dark"))
    slider = page.get_by_role("slider", name="Memory budget")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".mv-headline")).to_contain_text("With 20 GiB, backprop stops at")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".mv-headline")).to_contain_text("With 14 GiB, backprop stops at")
    expect(page.locator(".mv-budget")).to_have_text("14 GiB")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_another_width_is_guessed_at_once_and_confirmed_by_dry_runs(tab):
    page = whatif(tab())
    slider = page.get_by_role("slider", name="Channels")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".mv-headline")).to_contain_text(re.compile(r"backprop stops at (≈ )?\d+ blocks"))
    first = page.locator(".mv-big").first
    expect(first.locator(".how")).to_have_text("✓ confirmed by a dry run", timeout=CONFIRMED)
    expect(page.locator(".mv-follow")).to_contain_text("to the byte", timeout=CONFIRMED)


def test_a_link_opens_what_is_looked_at_and_hands_it_over(tab):
    page = whatif(tab())
    page.locator("[class*=st-key-whatif-sizes-]").get_by_text("8 GiB", exact=True).first.click()
    page.get_by_role("spinbutton", name="Depth").fill("16")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Race these 16 blocks")).to_be_visible()
    said = page.locator(".mv-headline").inner_text()
    page.evaluate("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("window.copied")
    other = tab()
    other.goto(page.evaluate("window.copied"))
    expect(other.locator(".mv-headline")).to_have_text(said)
    expect(other.get_by_role("spinbutton", name="Depth")).to_have_value("16")
    other.get_by_role("button", name="Race these 16 blocks").click()
    other.get_by_role("button", name="Run on this machine").wait_for()
    expect(other.get_by_role("spinbutton", name="Depth")).to_have_value("16")
    # Nothing polls any more when the tabs are closed.
    page.get_by_role("link", name="Methods", exact=True).click()
    page.locator(".mv-card").first.wait_for()
    for each in (page, other):
        each.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
