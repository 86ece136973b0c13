"""A strip by keyboard, as the slider that it says it is; and the pinned card at narrow widths and great depth."""

from __future__ import annotations

import re

import pytest
from player_payloads import drawn_out, finished
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_focused_strip_moves_between_layers_at_once(stand):
    shown = stand()
    shown.show(finished())
    canvas, keys = shown.part("canvas").nth(3), shown.page.keyboard
    canvas.focus()
    for key, layer in (
        ("Home", 0),
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", 33),
        ("ArrowRight", 33),
    ):
        keys.press(key)
        expect(canvas).to_have_attribute("aria-valuenow", str(layer))
        expect(canvas).to_have_attribute("aria-valuetext", re.compile(f"^Layer {layer} kept"))
        assert shown.state()["position"] == shown.state()["span"]
    expect(shown.part(".card")).to_be_hidden()
    keys.press("Escape")
    assert shown.state()["hover"] is None
    assert shown.page.evaluate("player('one').root.getRootNode().activeElement.className").startswith("mv")


@pytest.mark.parametrize("playing", ["true", "false"])
def test_a_card_opened_by_key_is_told_and_in_view(stand, playing):
    shown = stand(height=520)
    shown.show(finished())
    shown.part("canvas").first.focus()
    shown.page.keyboard.press("Home")
    shown.set(f"if ({playing}) p.transport.toggle()")
    shown.page.keyboard.press("Enter")
    card = shown.part(".card")
    expect(card).to_be_in_viewport(ratio=0.9)
    expect(shown.part("[aria-live]")).to_contain_text("Layer 0 · stem pinned.")


def test_at_phone_width_the_card_keeps_words_whole(stand):
    shown = stand(width=390)
    shown.show(finished())
    shown.set("p.pin(3)")
    for name in shown.part(".card tbody th .named > span").all():
        assert name.bounding_box()["height"] < 30


def test_a_folded_columns_card_says_which_layer_it_is_of(stand):
    shown = stand()
    shown.show(drawn_out(finished(), 4))
    shown.set("p.pin(13)")
    k = shown.page.evaluate("player('one').geometry.k")
    first = 13 // k * k
    assert k > 1
    expect(shown.part(".card h3")).to_contain_text(f"Layer 13 coupling (column {first}–{first + k - 1})")
