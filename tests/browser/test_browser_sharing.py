"""Links between two browsers: what one shows and asks, the other shows and asks."""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from serving import Watched, served
from waits import rest

from moonviz.data.stored import stored
from moonviz.figures.headline import headline
from moonviz.links import State, decode, encode
from moonviz.links.first import WORDS
from moonviz.specs import NetworkSpec

pytestmark = pytest.mark.browser

NO_CLIPBOARD = """
Object.defineProperty(navigator, "clipboard", { value: undefined });
document.execCommand = () => false;
"""


def by_hand(said: bytes) -> str:
    """A link that no page would write."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, WORDS)
    packed = packer.compress(said) + packer.flush()
    return "1" + urlsafe_b64encode((zlib.crc32(packed) & 0xFFFF).to_bytes(2, "big") + packed).decode().rstrip("=")


@pytest.fixture
def visit(app, profile, watch):
    """Opens addresses, each in a browser profile that no other tab of the test has."""
    numbers = count()

    def open_one(path: str, script: str = "", width: int = 1440) -> Page:
        page = watch(profile(number=next(numbers)))
        page.set_viewport_size({"width": width, "height": 1000})
        if script:
            page.add_init_script(script)
        page.goto(path if path.startswith("http") else f"{app.url}/{path}")
        page.locator(".mv-headline").first.wait_for()
        rest(page)
        return page

    return open_one


def copy(page: Page) -> str:
    """Press Copy link, hear that it was, and give what was copied."""
    button = page.get_by_role("button", name="Copy link", exact=True)
    button.click()
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_attribute("aria-live", "polite")
    expect(button).to_be_visible()  # again, after a moment
    return page.evaluate("navigator.clipboard.readText()")


def chosen(page: Page, row: str, expected: list[str]) -> None:
    """The pills of a row that are pressed, once they are drawn."""
    pressed = page.locator(f"[class*=st-key-{row}]").locator("[aria-checked=true],[aria-pressed=true],[kind$=Active]")
    expect(pressed).to_have_text(expected)


def depth(page: Page) -> Locator:
    return page.get_by_role("spinbutton", name="Depth", exact=True)


def select(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def selected(page: Page, label: str) -> str:
    field = page.get_by_role("combobox", name=label, exact=True)
    return field.evaluate("e => `${e.value ?? ''} ${e.closest('[class*=st-key-]').innerText}`").strip()


def race_settings(page: Page) -> dict[str, object]:
    expect(depth(page)).to_be_visible()
    names = {label: selected(page, label) for label in ("Network", "Number format")}
    return names | {"depth": depth(page).input_value()}


def enter_depth(page: Page, value: str) -> None:
    depth(page).fill(value)
    depth(page).press("Enter")


def test_a_race_with_all_its_settings_opens_in_another_browser(visit, app):
    here = visit("")
    select(here, "Network", "Digits, dense layers · digits-dense")
    rest(here)
    enter_depth(here, "9")
    rest(here)
    here.locator("[class*=st-key-race-methods]").get_by_role("button", name="revbackprop", exact=True).click()
    rest(here)
    link = copy(here)
    assert link.startswith(f"{app.url}/?s=1")
    assert len(link) < 120

    there = visit(link)
    assert race_settings(there) == race_settings(here)
    chosen(there, "race-methods", ["backprop", "revbackprop", "moonwalk-mixed"])
    expect(there.get_by_text("This link was opened")).to_have_count(0)


def test_a_stored_race_answers_the_link_at_once(visit):
    here = visit(f"?s={encode(State(preset='digits-revnet'))}")
    told = headline(stored("digits-revnet", ("backprop", "moonwalk-mixed"))).text
    expect(here.locator(".mv-headline").first).to_have_text(told)
    expect(here.get_by_text("Settings changed. Run to update.")).to_have_count(0)
    expect(here.locator(".mv-foot").last).to_contain_text("Stored result: ")


def test_a_link_goes_to_its_page_and_keeps_what_it_asks(visit):
    asks = {"network": "glow-tiny", "slope": 0.35, "depths": [4, 32], "dtypes": ["float64", "float32"], "seeds": 5}
    state = State.read({"page": "precision", "preset": "relu-net", "precision": asks})
    here = visit(f"?s={encode(state)}")
    expect(here.locator(".mv-headline").first).to_contain_text("conditioning decides")
    assert urlsplit(here.url).path == "/precision"
    chosen(here, "precision-depths", ["4", "32"])
    assert here.get_by_role("spinbutton", name="Slope").input_value() == "0.35"
    assert "glow-tiny" in selected(here, "Network")
    link = copy(here)
    assert urlsplit(link).path == "/"
    assert parse_qs(urlsplit(link).query)["s"] == [encode(state)]
    here.get_by_role("link", name="Race", exact=True).click()
    expect(depth(here)).to_be_visible()
    assert "ReLU" in selected(here, "Network")
    first = visit("methods")
    second = visit(copy(first))
    expect(second.locator(".mv-headline").first).to_have_text(first.locator(".mv-headline").first.inner_text())
    assert urlsplit(second.url).path == "/methods"


def test_a_network_made_by_hand_goes_to_another_browser_and_is_raced_there(visit):
    body = [{"layers": [{"kind": "coupling"}], "repeat": 3}]
    head = [{"kind": "flatten"}, {"kind": "dense", "width": 10}]
    mine = NetworkSpec.read(
        {"name": "shared net", "stem": [{"kind": "conv", "channels": 8}], "body": body, "head": head}
    )
    here = visit(f"?s={encode(State(page='build', own=mine))}")
    link = copy(here)
    assert len(link) < 150

    there = visit(link)
    assert urlsplit(there.url).path == "/build"
    there.get_by_role("button", name="Race it", exact=True).click()
    expect(there.locator(".st-key-race-sentence")).to_contain_text("shared net")
    there.get_by_role("button", name="Run on this machine").click()
    expect(there.locator(".mv-under").first).to_contain_text("shared net", timeout=120_000)
    expect(there.locator(".mv-foot").last).to_contain_text("Measured here")
    # From the race it can be handed on again, by now as what every page is about.
    assert decode(parse_qs(urlsplit(copy(there)).query)["s"][0])[0].own == mine


def test_a_link_is_read_once_and_then_the_reader_decides(visit):
    page = visit(f"?s={encode(State(preset='digits-dense', settings={'depth': 9}))}")
    enter_depth(page, "5")
    rest(page)
    page.get_by_role("link", name="Precision", exact=True).click()
    expect(page.locator(".mv-headline").first).to_contain_text("conditioning decides")
    page.get_by_role("link", name="Race", exact=True).click()
    expect(depth(page)).to_have_value("5")


def test_what_does_not_fit_is_repaired_and_told_until_it_is_closed(visit):
    said = b'{"n":"digits-dense","s":{"depth":99999},"m":["foo","backprop"],"p":"moon"}'
    page = visit(f"?s={by_hand(said)}")
    panel = page.locator(".mv-panel").filter(has_text="This link was opened, with repairs.")
    for words in (
        "Depth 99,999 → 10,000, the most this preset has.",
        "Method “foo” is not known and is left out.",
        "There is no page moon here.",
    ):
        expect(panel).to_contain_text(words)
    expect(depth(page)).to_have_value("10000")
    chosen(page, "race-methods", ["backprop"])
    page.get_by_role("button", name="Close this note").click()
    expect(panel).to_have_count(0)
    expect(depth(page)).to_have_value("10000")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1xTerrgUB", "This link is damaged or cut short"),
        ("2xTerrgUA", "This link is of version 2"),
        ("%3Cscript%3Ealert(1)%3C/script%3E", "This link is damaged"),
        ("1" + "A" * 7_000, "7,001 letters long"),
        (by_hand(b"[" * 50_000), "This link is damaged"),
    ],
    ids=["a slip", "later", "markup", "long", "nested"],
)
def test_a_link_that_cannot_be_opened_says_why_and_leaves_the_page_whole(visit, text, words):
    page = visit(f"?s={text}", width=390)
    expect(page.get_by_role("alert").filter(has_text="This link cannot be opened.")).to_contain_text(words)
    expect(page.locator(".mv-headline").first).to_contain_text("times less than backprop")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_a_clipboard_the_link_stands_in_a_field(visit, app):
    page = visit("", NO_CLIPBOARD)
    button = page.get_by_role("button", name="Copy link", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Copy the link from here")
    expect(field).to_be_visible()
    expect(field).to_have_value(f"{app.url}/?s={encode(State())}")
    expect(field).to_be_focused()
    assert field.evaluate("e => e.selectionEnd - e.selectionStart === e.value.length")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(button).to_be_focused()


def test_the_first_thing_a_fresh_server_is_asked_for_may_be_a_link_on_any_page(chromium, tmp_path):
    with served(tmp_path) as app:
        context = chromium.new_context()
        watched = Watched(context.new_page())
        watched.page.goto(f"{app.url}/methods?s={encode(State(page='precision', precision={'depths': (128,)}))}")
        expect(watched.page.locator(".mv-headline").first).to_contain_text("conditioning decides")
        chosen(watched.page, "precision-depths", ["128"])
        context.close()
    assert not watched.faults
