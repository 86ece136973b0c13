"""Journeys through the Race page in a real browser, with real workers."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def choose_digits(page: Page, depth: int, batch: int = 16) -> None:
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name="Digits, coupling layers").click()
    expect(page.locator(".mv-under")).to_contain_text("digits-revnet: 32 couplings")
    for name, value in (("depth", depth), ("batch", batch)):
        choose(page, f"digits-revnet-{name}", value)
    expect(page.get_by_text("Settings changed. Run to update.")).to_be_visible()


def choose(page: Page, setting: str, value: int) -> None:
    field = page.locator(f".st-key-race-{setting} input")
    field.fill(str(value))
    field.press("Enter")
    page.wait_for_timeout(300)  # until the browser has sent it
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def press_run(page: Page) -> None:
    page.get_by_role("button", name="Run on this machine").click()
    page.get_by_role("button", name="Cancel").wait_for()


def cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text(re.compile("^Stopped")).first.wait_for()


def test_a_newcomer_sees_the_stored_race_and_runs_one(tab):
    page = tab()
    expect(page.locator(".mv-headline")).to_contain_text("times less than backprop")
    expect(page.locator(".mv-foot")).to_contain_text("Stored result")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    choose_digits(page, depth=4)
    press_run(page)
    expect(page.locator(".mv-under")).to_contain_text("digits-revnet: 4 couplings, batch 16", timeout=45_000)
    expect(page.locator(".mv-headline")).to_contain_text("the same gradient")
    expect(page.locator(".mv-foot")).to_contain_text("Measured here")
    assert re.search(r"same,\s+(\d+ digits agree|every bit agrees)", page.locator(".mv-finish").inner_text())
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("spinbutton", name="Slope")).to_have_value("0.20")
    expect(page.get_by_role("spinbutton", name="Timed runs")).to_have_value("5")


def test_another_tab_answers_while_a_race_runs_and_a_dead_worker_is_told(tab, app):
    racing = tab()
    choose_digits(racing, depth=250, batch=64)
    press_run(racing)
    racing.get_by_text(re.compile("^(Tracing|Warming|Timing)")).first.wait_for()

    other = tab()
    begin = time.monotonic()
    choose(other, "photo-revnet-depth", 5)
    expect(other.get_by_text("Settings changed. Run to update.")).to_be_visible(timeout=8_000)
    assert time.monotonic() - begin < 8
    expect(racing.get_by_role("button", name="Cancel")).to_be_visible()

    (worker,) = app.workers("measure")
    worker.kill()
    expect(racing.get_by_text("The worker process died.")).to_be_visible()
    racing.get_by_role("button", name="Run again").click()
    racing.get_by_role("button", name="Cancel").wait_for()
    cancel(racing)
    expect(racing.locator(".mv-headline")).to_contain_text("times less than backprop")


@pytest.mark.parametrize("width", [390, 768])
def test_nothing_scrolls_sideways(tab, width):
    page = tab(width=width, height=844)
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    # Figures take their width a moment after they appear, later on a busy machine; after that nothing may stick out.
    page.wait_for_function(
        """() => ![...document.querySelectorAll('[data-testid=stMain], [data-testid=stMain] *')]
            .some(e => e.clientWidth && e.getBoundingClientRect().right > innerWidth + 1)"""
    )
    scroll, client = page.locator("[data-testid=stMain]").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert scroll <= client


def test_dark_follows_the_browser_down_to_the_figures(tab):
    page = tab(scheme="dark")
    page.locator(".js-plotly-plot .xtick text").first.wait_for()
    assert page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(14, 19, 32)"
    tick = page.locator(".js-plotly-plot .xtick text").first.evaluate("e => getComputedStyle(e).fill")
    assert tick == "rgb(163, 174, 196)"
    page.emulate_media(color_scheme="light")
    expect(page.locator(".js-plotly-plot .xtick text").first).to_have_css("fill", "rgb(88, 97, 116)", timeout=8_000)
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".js-plotly-plot .xtick text").first).to_have_css("fill", "rgb(163, 174, 196)", timeout=8_000)
    assert page.locator(".mv-method").first.evaluate("e => getComputedStyle(e).color") == "rgb(232, 236, 244)"
    page.get_by_role("button", name="Words explained").click()
    assert page.locator("[data-testid=stPopoverBody]").evaluate("""e => {
        const {backgroundColor, backgroundImage} = getComputedStyle(e); return [backgroundColor, backgroundImage]
    }""") == ["rgb(14, 19, 32)", "none"]
