"""Looks inside layers, and long networks that fold, on the Build page."""

from __future__ import annotations

import pytest
from bench_page import break_it, from_blank
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_look_inside_a_layer_and_at_a_convolution(bench):
    page = bench.page
    from_blank(bench)
    bench.press("ArrowDown", "i")
    assert page.locator(".mvs .inside:visible").count() == 0  # the head is not walked
    bench.press("ArrowUp", "i")
    inside = bench.row("body.0.0").locator(".inside")
    expect(inside).to_contain_text("Its rank is 64, all outputs", timeout=60_000)
    expect(inside.locator("svg path").first).to_be_attached()
    page.get_by_role("button", name="Look at its Jacobian").click()
    shown = page.locator(".mv-explored")
    expect(shown).to_contain_text("tap 1 is the pivot, solved all at once: diagonal", timeout=60_000)
    stride = page.locator(".st-key-build-explore-stride input")
    stride.fill("1")
    stride.press("Enter")
    expect(shown).to_contain_text("fragmental", timeout=30_000)


def test_the_first_view_says_where_to_start_and_a_large_layer_is_looked_at_in_small(bench):
    expect(bench.chosen.locator(".hint")).to_contain_text("Start here: this layer stops Moonwalk.")
    bench.chosen.get_by_role("button", name="Look inside").click()
    inside = bench.chosen.locator(".inside")
    expect(inside).to_contain_text("own Jacobian, 1,024×4,096, is too large to write out", timeout=60_000)
    expect(inside).to_contain_text("J is 32×128")
    expect(bench.chosen.locator(".hint")).to_be_hidden()


def test_a_long_network_folds_and_what_is_edited_stands_apart(bench):
    pairs = [("Conv2d(1, 1, kernel_size=(3, 3), padding=(1, 1))", "LeakyReLU(negative_slope=0.2)")] * 20
    layers = [layer for pair in pairs for layer in pair] + ["Flatten()", "Linear(in_features=64, out_features=10)"]
    lines = "\n".join(f"  ({n}): {layer}" for n, layer in enumerate(layers))
    page = bench.page
    page.get_by_role("textbox", name="The printed text").fill(f"Sequential(\n{lines}\n)")
    page.get_by_role("button", name="Read it").click()
    expect(bench.row("body.0.0").locator(".times")).to_have_text("×20")
    bench.settle()
    bench.row("body.0.0").locator(".name").click()
    bench.press("u")
    alike, shown = page.locator(".mvs .alike"), page.locator(".mvs .row[data-key]:visible")
    expect(alike).to_have_text("fold")
    rows = len(bench.titles())
    assert shown.count() == rows > 40
    alike.click()
    expect(alike).to_have_text("20 alike")
    assert shown.count() == rows - 38
    bench.chosen.focus()
    bench.press("Home", "ArrowDown", "ArrowDown", "ArrowDown")
    assert bench.chosen.get_attribute("data-key") == "body.20.0"
    assert shown.count() == rows - 38
    alike.click()
    break_it(bench, "body.9.1", "slope", "0.5")
    expect(alike).to_have_count(2)
    assert shown.count() == rows
