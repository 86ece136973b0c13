"""Journeys through the Race page in a real browser, with real workers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from waits import rest

pytestmark = pytest.mark.browser

LONG = 120_000
"""How long a small race may take on a machine that is busy with other things."""
POSITION = "input[aria-label='Position in the race']"


def choose_network(page: Page, title: str) -> None:
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name=f"{title} ·").click()
    rest(page)


def choose(page: Page, setting: str, value: int) -> None:
    field = page.locator(f"[class*=st-key-race-{setting}] input")
    field.fill(str(value))
    field.press("Enter")
    rest(page)


def choose_digits(page: Page, depth: int, batch: int = 16) -> None:
    choose_network(page, "Digits, coupling layers")
    expect(page.locator(".mv-under")).to_contain_text("digits-revnet: 32 couplings")
    for name, value in (("depth", depth), ("batch", batch)):
        choose(page, f"digits-revnet-{name}", value)
    expect(page.get_by_text("Settings changed. Run to update.")).to_be_visible()


def press_run(page: Page) -> None:
    page.get_by_role("button", name="Run on this machine").click()
    page.get_by_role("button", name="Cancel").wait_for()


def player(page: Page) -> Locator:
    return page.locator(".st-key-race-player .mv").first


def position(page: Page) -> int:
    return int(page.locator(POSITION).input_value())


def go_to(page: Page, place: int) -> None:
    page.locator(POSITION).evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }", place
    )


def pressed(page: Page, name: str) -> str:
    return page.get_by_role("button", name=name, exact=True).get_attribute("aria-pressed")


def test_the_untouched_page_shows_a_finished_race_that_plays(tab):
    page = tab()
    expect(page.locator(".mv-headline")).to_contain_text("times less than backprop")
    expect(page.locator(".mv-foot")).to_contain_text("Stored result")
    lanes = player(page).locator("article.lane")
    expect(lanes).to_have_count(2)
    for lane in lanes.all():
        expect(lane).to_contain_text("Done: every layer has its gradient.")
    assert position(page) == 1000
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.get_by_role("button", name="Play", exact=False).first.click()
    expect(lanes.first).to_contain_text("Run layer", timeout=8_000)
    page.get_by_role("button", name="Pause").click()
    assert 0 < position(page) < 1000
    page.get_by_role("button", name="Step forward").click()
    expect(lanes.last).to_contain_text(re.compile(r"Run layer \d+; keep one bit per hidden unit, its sign\."))


def test_a_race_fills_live_and_its_result_goes_on_in_the_same_player(tab):
    page = tab()
    choose_digits(page, depth=64, batch=64)
    press_run(page)
    player(page).evaluate("e => { e.mine = true; }")
    expect(player(page).get_by_role("button", name="Live")).to_be_visible()
    expect(player(page).locator(".lane").first).to_contain_text(
        re.compile(r"[1-9]\d* of 66 gradients made"), timeout=LONG
    )
    expect(page.locator(".mv-foot")).to_contain_text("Measured here", timeout=LONG)
    expect(page.locator(".mv-under")).to_contain_text("digits-revnet: 64 couplings, batch 64")
    expect(page.locator(".mv-headline")).to_contain_text("the same gradient")
    assert player(page).evaluate("e => e.mine"), "another player took the place of the one that ran"
    expect(player(page).get_by_role("button", name="Live")).to_be_hidden()
    expect(player(page).locator(".budget")).to_contain_text("budget")
    for lane in player(page).locator("article.lane").all():
        expect(lane).to_contain_text("Done: every layer has its gradient.")
    expect(player(page)).to_contain_text(re.compile(r"same\s*(\d+ digits agree|every bit agrees)"))
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("spinbutton", name="Slope")).to_have_value("0.20")
    expect(page.get_by_role("spinbutton", name="Timed runs")).to_have_value("5")


def test_a_place_left_while_it_ran_is_kept_when_the_result_arrives(tab):
    page = tab()
    choose_digits(page, depth=64)
    press_run(page)
    expect(player(page).locator(".lane").first).to_contain_text(
        re.compile(r"[1-9]\d* of 66 gradients made"), timeout=LONG
    )
    page.get_by_role("button", name="Step back").click()
    read = player(page).locator(".scrub .at")
    page.wait_for_timeout(500)  # the words follow with the next frame
    here = int(re.search(r"step (\d+)", read.inner_text())[1])
    expect(page.locator(".mv-foot")).to_contain_text("Measured here", timeout=LONG)
    assert int(re.search(r"step (\d+)", read.inner_text())[1]) == here
    assert pressed(page, "Same step") == "true"
    assert pressed(page, "Same clock") == "false"


def test_a_race_is_stopped_and_the_last_result_comes_back(tab):
    page = tab()
    choose_digits(page, depth=250, batch=64)
    press_run(page)
    page.get_by_text(re.compile("^Tracing")).first.wait_for(timeout=LONG)
    expect(player(page).locator(".lane").first).to_contain_text(re.compile(r"[1-9]\d* of 252"), timeout=LONG)
    page.get_by_role("button", name="Cancel").click()
    expect(player(page).locator(".stopped")).to_contain_text("nothing is kept.")
    expect(page.locator(".mv-headline")).to_have_count(0)
    page.get_by_role("button", name="Run again").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text(re.compile("^Stopped before it began|^Stopped while")).first.wait_for()
    page.get_by_role("button", name="Close this message").click()
    expect(page.locator(".mv-headline")).to_contain_text("times less than backprop")


def test_the_place_outlives_reruns_and_a_reload(tab):
    page = tab()
    go_to(page, 400)
    place = position(page)
    for _ in range(5):
        for view in ("By layer", "By sweep"):
            page.locator("[class*=st-key-race-time]").get_by_text(view, exact=True).click()
            rest(page)
            assert position(page) == place
    said = player(page).locator("article.lane").last.locator(".say").inner_text()
    page.reload()
    page.locator(".mv-headline").wait_for()
    expect(player(page).locator("article.lane").last.locator(".say")).to_have_text(said)
    assert position(page) == place


def test_a_changed_setting_dims_the_race_and_run_updates_it(tab):
    page = tab()
    choose_network(page, "Digits, coupling layers")
    expect(player(page)).not_to_have_class(re.compile("stale"))
    choose(page, "digits-revnet-depth", 4)
    expect(page.get_by_text("Settings changed. Run to update.")).to_be_visible()
    expect(player(page)).to_have_class(re.compile("stale"))
    expect(page.locator(".st-key-race-told")).to_have_css("opacity", "0.6")
    page.get_by_role("button", name="Run on this machine").click()  # so small a race may end before it can be cancelled
    expect(page.locator(".mv-under")).to_contain_text("digits-revnet: 4 couplings", timeout=LONG)
    expect(page.locator(".mv-foot")).to_contain_text("Measured here")
    expect(player(page)).not_to_have_class(re.compile("stale"))


def test_what_cannot_train_is_taken_out_by_a_button(tab):
    page = tab()
    choose_network(page, "Digits, dense layers with ReLU")
    page.get_by_role("button", name="revbackprop", exact=True).click()
    expect(page.get_by_text("Not every method can train this network.")).to_be_visible()
    page.get_by_role("button", name="Race without revbackprop").click()
    expect(page.locator(".mv-foot")).to_contain_text("Measured here", timeout=LONG)
    expect(player(page).locator("article.lane")).to_have_count(2)


def test_another_tab_answers_while_a_race_runs_and_a_dead_worker_is_told(tab, app):
    racing = tab()
    choose_digits(racing, depth=250, batch=64)
    press_run(racing)
    racing.get_by_text(re.compile("^(Tracing|Warming|Timing)")).first.wait_for(timeout=LONG)

    other = tab()
    choose(other, "photo-revnet-depth", 5)
    expect(other.get_by_text("Settings changed. Run to update.")).to_be_visible()
    expect(racing.get_by_role("button", name="Cancel")).to_be_visible()

    (worker,) = app.workers("measure")
    worker.kill()
    expect(racing.get_by_text("The worker process died.")).to_be_visible()
    racing.get_by_role("button", name="Run again").click()
    racing.get_by_role("button", name="Cancel").click()
    racing.get_by_text(re.compile("^Stopped")).first.wait_for()


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
    assert player(page).evaluate("e => e.scrollWidth <= e.clientWidth")


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
    name = player(page).locator("article.lane .name").first
    assert name.evaluate("e => getComputedStyle(e).color") == "rgb(232, 236, 244)"
    page.get_by_role("button", name="Words explained").click()
    assert page.locator("[data-testid=stPopoverBody]").evaluate("""e => {
        const {backgroundColor, backgroundImage} = getComputedStyle(e); return [backgroundColor, backgroundImage]
    }""") == ["rgb(14, 19, 32)", "none"]
