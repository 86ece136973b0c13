"""A page that holds the walk alone, as Streamlit would mount it, and gives its arithmetic to tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit
from playwright.sync_api import Browser, Page, Route

from moonviz.figures.walk import walk_payload
from moonviz.ui.walk import script, style
from moonviz.walking import WalkPage

HOME = "http://127.0.0.1:9/"
FONTS = Path(streamlit.__file__).parent / "static/static/media"
NAMES = ("background", "secondary-background", "text", "primary", "border")
LIGHT = ("#fcfcfa", "#f2f3f6", "#1b2130", "#4b1fc4", "#dcdfe6")
DARK = ("#0e1320", "#182032", "#e8ecf4", "#a98bff", "#2b3550")


def _colours(scheme: tuple[str, ...]) -> str:
    return ";".join(f"--st-{name}-color:{colour}" for name, colour in zip(NAMES, scheme, strict=True))


PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Walk</title><style>
@font-face{{font-family:"Source Sans";font-weight:200 900;src:url(/font/SourceSansVF-Upright)}}
@font-face{{font-family:"Source Serif";font-weight:200 900;src:url(/font/SourceSerifVariable-Roman)}}
@font-face{{font-family:"Source Serif";font-style:italic;font-weight:200 900;src:url(/font/SourceSerifVariable-Italic)}}
:root{{{_colours(LIGHT)};--st-font:"Source Sans",sans-serif;--st-heading-font:"Source Serif",serif;
--st-base-radius:8px}}
:root[data-scheme=dark]{{{_colours(DARK)}}}
body{{margin:0;background:var(--st-background-color);color:var(--st-text-color);font-family:var(--st-font)}}
main{{max-width:1248px;margin:0 auto;padding:16px 24px}}@media(max-width:480px){{main{{padding:10px 12px}}}}
</style></head><body><main><h1>Walk</h1><h2>Parts</h2><div id="host"></div></main><script type="module">
import mount, {{ preview }} from "/walk.js";
const root = document.getElementById("host").attachShadow({{ mode: "open" }}), sheet = document.createElement("style");
sheet.textContent = await (await fetch("/walk.css")).text();
root.append(sheet);
window.told = [];
const setTriggerValue = (...said) => told.push(said);
window.show = (data) => mount({{ data, key: "one", parentElement: root, setTriggerValue }});
window.walk = () => root[Symbol.for("moonviz.walk")];
window.preview = preview;
window.ready = true;
</script></body></html>"""


@dataclass
class Shown:
    """A walk on a page of its own."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def show(self, page: WalkPage | dict[str, Any], **how: Any) -> None:
        fed = fed_by(page) if isinstance(page, WalkPage) else page
        data = {"walk": fed, "key": "one", "start": None, "highlight": [], "movable": True} | how
        self.page.evaluate("data => { show(data); }", data)

    def part(self, selector: str):
        return self.page.locator(f"#host {selector}")

    def at(self) -> int:
        return self.page.evaluate("walk().at")

    def press(self, key: str) -> None:
        self.part(".walk").press(key)


def fed_by(page: WalkPage) -> dict[str, Any]:
    """What the component gets, as strict JSON gives it back."""
    return json.loads(json.dumps(walk_payload(page), allow_nan=False))


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(HOME)
    if path.startswith("font/"):
        route.fulfill(path=next(FONTS.glob(path.removeprefix("font/") + ".*")), content_type="font/woff2")
        return
    body, kind = {
        "": (PAGE, "text/html"), "walk.js": (f"{script()}\nexport {{ preview }};", "text/javascript"),
        "walk.css": (style(), "text/css"),
    }.get(path, ("", "text/plain"))  # fmt: skip
    route.fulfill(body=body, content_type=kind)


def open_page(browser: Browser, width: int, scheme: str, motion: str) -> Shown:
    """An empty harness page."""
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme, reduced_motion=motion)
    shown = Shown(context.new_page())
    page = shown.page
    page.set_default_timeout(10_000)
    page.on("console", lambda said: shown.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: shown.faults.append(str(error)))
    context.route("**/*", _answer)
    page.goto(HOME)
    page.wait_for_function("window.ready")
    if scheme == "dark":
        page.evaluate("document.documentElement.dataset.scheme = 'dark'")
    return shown
