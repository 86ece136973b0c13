"""A page that holds the player alone, as Streamlit would mount it: in a shadow root, with --st-* colours."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit
from playwright.sync_api import Browser, Page, Route

from moonviz.ui.player import script, style

HOME = "http://127.0.0.1:9/"
FONTS = Path(streamlit.__file__).parent / "static/static/media"
PARTS = ("background", "secondary-background", "text", "primary", "border")
LIGHT = ("#fcfcfa", "#f2f3f6", "#1b2130", "#4b1fc4", "#dcdfe6")
DARK = ("#0e1320", "#182032", "#e8ecf4", "#a98bff", "#2b3550")


def _colours(scheme: tuple[str, ...]) -> str:
    return ";".join(f"--st-{name}-color:{colour}" for name, colour in zip(PARTS, scheme, strict=True))


PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Player</title><style>
@font-face{{font-family:"Source Sans";font-weight:200 900;src:url(/font/SourceSansVF-Upright)}}
@font-face{{font-family:"Source Serif";font-weight:200 900;src:url(/font/SourceSerifVariable-Roman)}}
@font-face{{font-family:"Source Serif";font-style:italic;font-weight:200 900;src:url(/font/SourceSerifVariable-Italic)}}
@font-face{{font-family:"Source Code";font-weight:200 900;src:url(/font/SourceCodeVF-Upright)}}
:root{{{_colours(LIGHT)};--st-font:"Source Sans",sans-serif;--st-heading-font:"Source Serif",serif;
--st-code-font:"Source Code",monospace;--st-base-radius:8px}}
:root[data-scheme=dark]{{{_colours(DARK)}}}
body{{margin:0;background:var(--st-background-color);color:var(--st-text-color);font-family:var(--st-font)}}
main{{max-width:1248px;margin:0 auto;padding:16px 24px}}@media(max-width:480px){{main{{padding:10px 12px}}}}
</style></head><body><main><h1 style="display:none">Player</h1></main><script type="module">
import mount from "/player.js";
const hosts = {{}};
window.cleanups = {{}};
window.show = (key, payload, compact = false, fresh = false) => {{
  if (fresh && hosts[key]) {{ window.cleanups[key](); hosts[key].remove(); delete hosts[key]; }}
  if (!hosts[key]) {{
    hosts[key] = document.createElement("div"); hosts[key].id = key; document.querySelector("main").append(hosts[key]);
    const root = hosts[key].attachShadow({{ mode: "open" }}), sheet = document.createElement("style");
    sheet.textContent = window.sheet; root.append(sheet);
  }}
  window.cleanups[key] = mount({{ data: {{ payload, key, compact }}, key, parentElement: hosts[key].shadowRoot }});
}};
window.clear = () => {{
  for (const key of Object.keys(hosts)) {{ window.cleanups[key](); hosts[key].remove(); delete hosts[key]; }}
  globalThis[Symbol.for("moonviz.player.memory")]?.clear();
  sessionStorage.clear();
  scrollTo(0, 0);
}};
window.player = (key) => hosts[key].shadowRoot[Symbol.for("moonviz.player")];
window.sheet = await (await fetch("/player.css")).text();
window.ready = true;
</script></body></html>"""


@dataclass
class Shown:
    """A player on a page of its own."""

    page: Page
    scheme: str = "light"
    faults: list[str] = field(default_factory=list)

    def show(self, payload: dict[str, Any], key: str = "one", **how: bool) -> None:
        given = [key, payload, how.get("compact", False), how.get("fresh", False)]
        self.page.evaluate("given => show(...given)", given)

    def state(self, key: str = "one") -> dict[str, Any]:
        return self.page.evaluate(
            "key => ({...player(key).state, span: player(key).span, places: player(key).places})", key
        )

    def part(self, selector: str, key: str = "one"):
        return self.page.locator(f"#{key} {selector}")

    def set(self, wanted: str, key: str = "one") -> None:
        self.page.evaluate(f"key => {{ const p = player(key); {wanted} }}", key)

    def clear(self) -> None:
        """Back to an empty page that remembers nothing."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("scheme => { clear(); document.documentElement.dataset.scheme = scheme }", self.scheme)
        self.faults.clear()

    def at(self, share: float, key: str = "one") -> None:
        self.set(f"p.transport.play(false); p.transport.go({share} * p.span)", key)


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(HOME)
    if path.startswith("font/"):
        route.fulfill(path=next(FONTS.glob(path.removeprefix("font/") + ".*")), content_type="font/woff2")
        return
    body, kind = {
        "": (PAGE, "text/html"), "player.js": (script(), "text/javascript"), "player.css": (style(), "text/css"),
    }.get(path, ("", "text/plain"))  # fmt: skip
    route.fulfill(body=body, content_type=kind)


def open_page(browser: Browser, width: int, height: int, scheme: str, motion: str = "no-preference") -> Shown:
    """An empty harness page."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion=motion
    )
    shown = Shown(context.new_page(), scheme)
    page = shown.page
    page.set_default_timeout(10_000)
    page.on("console", lambda said: shown.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: shown.faults.append(str(error)))
    context.route("**/*", _answer)
    page.goto(HOME)
    page.wait_for_function("window.ready")
    shown.clear()
    return shown


def dumped(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload as strict JSON gives it back."""
    return json.loads(json.dumps(payload, allow_nan=False))
