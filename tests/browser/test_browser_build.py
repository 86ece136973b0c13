"""Journeys through the Build page in a real browser, with real workers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from serving import WAIT

pytestmark = pytest.mark.browser

STACK = (
    """() => [...document.querySelectorAll('*')].map(e => e.shadowRoot?.[Symbol.for('moonviz.stack')]).find(Boolean)"""
)
SETTLED = f"""() => {{
    const stack = ({STACK})();
    return stack && !stack.flight && !stack.waiting.length && !stack.adding.waits && !stack.telling
        && !stack.data.rows.some(row => row.dim)
}}"""


class Bench:
    """The Build page as its user sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.get_by_role("link", name="Build").click()
        self.row("input").wait_for()
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_function(SETTLED, timeout=2 * WAIT)

    def row(self, key: str):
        return self.page.locator(f'.mvs .row[data-key="{key}"]')

    @property
    def chosen(self):
        return self.page.locator(".mvs .row.on")

    def press(self, *keys: str) -> None:
        """Press keys as fast as they come."""
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def add(self, begins: str) -> None:
        self.press("a", *begins, "Enter")

    def titles(self) -> list[str]:
        return self.page.evaluate(f"() => ({STACK})().data.rows.map(row => row.title)")

    def spec(self) -> list:
        return self.page.evaluate(f"() => ({STACK})().data.rows.map(row => [row.key, row.values])")

    def fields(self) -> list[str]:
        """Where the keys go: the row's key, or the field's path."""
        return self.page.evaluate("""() => {
            let at = document.activeElement;
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            return at?.dataset?.path || at?.dataset?.key || at?.tagName
        }""")


@pytest.fixture(autouse=True)
def patience():
    """A busy machine takes its time to draw a page."""
    expect.set_options(timeout=WAIT)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def bench(tab):
    return Bench(tab())


def from_blank(bench: Bench) -> None:
    bench.page.get_by_role("button", name="Start blank").click()
    expect(bench.row("body.0.0")).to_contain_text("LeakyReLU")
    bench.settle()
    bench.chosen.focus()


def break_it(bench: Bench, key: str, path: str | None, value: str) -> None:
    """Take a layer out, or give one of its fields a value that breaks the network."""
    bench.row(key).locator(".name").click()
    bench.settle()
    if path is None:
        bench.press("Delete")
        return
    bench.press("Enter")
    field = bench.row(key).locator(f'[data-path="{path}"]')
    if field.evaluate("e => e.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
        field.press("Enter")
    bench.settle()


def go_back_to(bench: Bench, blank: list) -> None:
    """Undo as long as it takes."""
    bench.chosen.focus()
    for _ in range(60):
        if bench.spec() == blank:
            return
        bench.press("Control+z")
    pytest.fail("undo did not lead back to the blank network")


def race_it(page: Page) -> None:
    page.get_by_role("button", name="Race it").click()
    expect(page.locator(".mv-own")).to_have_text("my network")
    page.get_by_role("button", name="Run on this machine").click()
    expect(page.locator(".mv-under")).to_contain_text("my network", timeout=90_000)
    expect(page.locator(".mv-headline")).to_contain_text("gradient")


def test_a_conv_net_of_twelve_layers_by_keyboard_alone_broken_and_repaired_and_raced(bench):
    page = bench.page
    from_blank(bench)
    blank = bench.spec()
    for _ in range(5):
        bench.add("conv")
        bench.add("leaky")
    bench.add("conv")
    bench.press("Home", "ArrowDown", "d", "Delete")
    assert len([one for one in bench.titles() if one.startswith(("Conv", "LeakyReLU"))]) == 12
    expect(page.locator(".mv-headline")).to_contain_text("can train this network")

    for harm in (
        ("head.0.1", "width", "3"),
        ("head.0.0", None, None),
        ("input", "data", "text"),
        ("body.0.1", "kernel", "31"),
        ("body.0.3", "kernel", "25"),
    ):
        break_it(bench, *harm)
        expect(page.locator(".mv-headline")).to_contain_text(re.compile("stops? Moonwalk|does not fit"))
        page.locator(".mvs .fix.needed").first.click()
        bench.settle()
        expect(page.locator(".mv-headline")).to_contain_text("can train this network")

    made = bench.spec()
    go_back_to(bench, blank)
    while page.locator(".mvs .tool", has_text="Redo").is_enabled():
        bench.press("Control+Shift+Z")
    assert bench.spec() == made
    race_it(page)
    page.get_by_role("button", name="Edit").click()
    bench.row("input").wait_for()
    bench.settle()
    assert bench.spec() == made


def test_no_key_is_lost_and_the_focus_stays_while_edits_are_under_way(bench):
    from_blank(bench)
    bench.press("d", "d", "ArrowUp", "d", "Alt+ArrowUp", "Delete", "d", "Control+z", "Control+Shift+Z")
    assert len(bench.titles()) == 1 + 4 + 2
    assert bench.fields() == bench.chosen.get_attribute("data-key")
    bench.press("Enter")
    assert bench.fields() == "slope"
    bench.page.keyboard.type("0.5")
    bench.page.keyboard.press("Tab")
    bench.settle()
    assert bench.fields() == "repeat"
    assert dict(bench.spec())[bench.chosen.get_attribute("data-key")]["slope"] == 0.5
    bench.page.keyboard.type("3")
    bench.press("Enter")
    expect(bench.chosen.locator(".times")).to_have_text("×3")
    assert bench.fields() == bench.chosen.get_attribute("data-key")


def test_a_layer_is_dragged_and_the_first_view_is_repaired_by_one_button(bench):
    page = bench.page
    expect(page.locator(".mv-headline")).to_have_text("Layer 9 stops Moonwalk. One click repairs it.")
    assert page.locator(".mvs .row.bad").count() == 1
    before = bench.titles()
    handle, goal = bench.row("body.1.2").locator(".h"), bench.row("body.1.0")
    handle.scroll_into_view_if_needed()
    at, to = handle.bounding_box(), goal.bounding_box()
    page.mouse.move(at["x"] + 5, at["y"] + at["height"] / 2)
    page.mouse.down()
    page.mouse.move(at["x"] + 5, to["y"] + 4, steps=6)
    expect(page.locator(".mvs .drop")).to_be_visible()
    page.mouse.up()
    bench.settle()
    after = bench.titles()
    assert (after.index("ReLU"), before.index("ReLU")) == (3, 5)
    page.get_by_role("button", name="Repair and race it").click()
    expect(page.locator(".mv-own")).to_have_text("my network", timeout=30_000)
    expect(page.get_by_role("button", name="Run on this machine")).to_be_enabled()


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


@pytest.mark.parametrize("width", [390, 768])
def test_nothing_of_the_bench_scrolls_sideways(tab, width):
    page = tab(width=width, height=844)
    page.goto(f"{page.url.rstrip('/')}/build")
    page.locator(".mvs .row.bad").wait_for()
    page.get_by_role("button", name="Repair and race it").wait_for()
    scroll, client = page.locator("[data-testid=stMain]").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert scroll <= client
