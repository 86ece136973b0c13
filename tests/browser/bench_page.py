"""The Build page in a browser, as its user handles it."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from serving import WAIT

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
