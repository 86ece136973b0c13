"""Pictures and files that leave the app and come back, in a real browser."""

from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from waits import rest

from moonviz.data.stored import stored
from moonviz.figures.headline import headline

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = ".js-plotly-plot .main-svg"


def go(page: Page, name: str) -> None:
    if name != "Race":
        page.get_by_role("link", name=name, exact=True).click()
    rest(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.stPlotlyChart')].every(one => one.querySelector('.main-svg'))"
    )
    page.locator(DRAWN).first.wait_for()


def saves(page: Page) -> list[str]:
    """Keys of the figures on the page, each of which must have its own Save."""
    holders = page.locator("[class*=st-key-]:has(> .stPlotlyChart, > * > .stPlotlyChart)")
    return holders.evaluate_all("all => all.map(e => /st-key-([\\w-]+)/.exec(e.className)?.[1]).filter(Boolean)")


def save(page: Page, key: str, kind: str) -> Path:
    page.locator(f".st-key-{key}-save button").first.click()
    with page.expect_download() as waiting:
        page.locator(f".mv-saves button[data-kind={kind}]").click()
    path = Path(waiting.value.path())
    assert waiting.value.suggested_filename == f"moonviz-{key.lower()}.{kind}"
    expect(page.locator(".mv-saves [role=status]")).to_have_text(f"Saved moonviz-{key.lower()}.{kind}")
    page.keyboard.press("Escape")
    page.locator(".mv-saves").wait_for(state="hidden")
    return path


def words(root: ET.Element) -> str:
    return " ".join("".join(node.itertext()) for node in root.iter(f"{SVG}text"))


@pytest.mark.parametrize(
    ("name", "axis"),
    [("Race", "milliseconds of work|seconds of work|relative error|true entry|MiB"), ("Precision", "relative error")],
)
def test_every_figure_saves_as_a_picture_of_its_own(tab, name, axis):
    page = tab()
    go(page, name)
    keys = saves(page)
    assert len(keys) >= 4
    assert len(keys) == page.locator(DRAWN).locator("xpath=ancestor::*[contains(@class,'js-plotly-plot')]").count()
    for key in keys:
        root = ET.parse(save(page, key, "svg")).getroot()
        assert root.tag == f"{SVG}svg"
        title = root.find(f"{SVG}title").text
        assert title
        assert title in words(root)
        assert any(part in words(root) for part in axis.split("|"))
        assert root.find(f"{SVG}desc").text.endswith(".")
        assert "base64" in root.find(f"{SVG}style").text  # its own font
        assert root.find(f"{SVG}rect").get("fill") == "rgb(252, 252, 250)"
        # Nothing in it is fetched from elsewhere.
        assert not [node for node in root.iter() if any("http" in value for at, value in node.attrib.items())]


def test_a_picture_in_pixels_is_twice_as_large(tab):
    page = tab(scheme="dark")
    go(page, "Race")
    key = saves(page)[0]
    root = ET.parse(save(page, key, "svg")).getroot()
    data = save(page, key, "png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (2 * int(root.get("width")), 2 * int(root.get("height")))
    assert root.find(f"{SVG}rect").get("fill") == "rgb(14, 19, 32)"


def open_file(page: Page, path: Path) -> None:
    page.locator("[class*=st-key-race-open] button").first.click()
    page.locator("input[type=file]").set_input_files(path)


def test_a_result_goes_out_as_a_file_and_comes_back(tab, tmp_path):
    page = tab()
    go(page, "Race")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download JSON").click()
    whole = json.loads(Path(waiting.value.path()).read_text("utf-8"))
    assert waiting.value.suggested_filename == "moonviz-photo-revnet.json"

    # Opened on a page that shows something else, it brings its settings along.
    other = stored("digits-revnet", ("backprop", "revbackprop"))
    path = tmp_path / "digits.json"
    path.write_text(other.to_json(), "utf-8")
    open_file(page, path)
    expect(page.locator(".mv-foot").last).to_contain_text(
        "Loaded from a file (digits.json), measured on", timeout=20_000
    )
    expect(page.locator(".mv-foot").last).to_contain_text(other.environment.machine)
    expect(page.locator(".mv-headline").first).to_have_text(headline(other).text)
    expect(page.get_by_text("Settings changed. Run to update.")).to_have_count(0)
    expect(page.get_by_text("cannot be set here")).to_have_count(0)
    field = page.get_by_role("combobox", name="Network")
    assert "Digits, coupling layers" in field.evaluate(
        "e => `${e.value ?? ''} ${e.closest('[class*=st-key-]').innerText}`"
    )
    pressed = page.locator("[class*=st-key-race-methods] button").evaluate_all(
        "all => all.filter(e => e.getAttribute('aria-checked') === 'true' || e.getAttribute('aria-pressed') === 'true'"
        " || /Active/.test(e.getAttribute('kind') ?? e.dataset.testid ?? '')).map(e => e.innerText.trim())"
    )
    assert pressed == ["backprop", "revbackprop"]

    # What is broken is refused in words, and nothing is lost.
    whole["results"][0]["steps"][3]["layer"] = 9999
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(whole), "utf-8")
    open_file(page, path)
    expect(page.get_by_text("This file cannot be opened.")).to_be_visible()
    expect(page.get_by_text("is 9999; the network's layers are numbered 0 to 129")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".mv-headline").first).to_have_text(headline(other).text)
