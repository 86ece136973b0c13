"""How soon an edit is on the screen of the Build page, in a headless Chromium that draws without a GPU.

    python benchmarks/build_edits.py [--rounds 5]

A network of 64 layers is edited by keys, one edit after the other is done, on a server whose workers are warm. The
clock is the browser's: it begins when the stack tells an edit, and ends with the first frame in which every layer has
its shape and badge again (`known_ms`), then with the first in which no peak is awaited any more (`peaks_ms`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from moonviz.links import State, encode
from moonviz.runs.environment import environment
from moonviz.specs import Block, NetworkSpec
from moonviz.specs.layers import Conv, Dense, GlobalMeanPool, LeakyReLU

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/browser"))
from serving import served  # noqa: E402  (the server that the tests use)

RESULTS = Path(__file__).parent / "results"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
DEPTH = 64
# 16 channels of 16×16 positions: bounded convolutions, which the walk passes, and activations of two slopes in turn,
# so that no two pairs are alike and all 64 rows are on the page.
NETWORK = NetworkSpec(
    name="deep",
    data="photos",
    batch=8,
    stem=(Conv(channels=16, stride=2),),
    body=(
        Block(
            layers=tuple(
                one
                for n in range(DEPTH // 2)
                for one in (Conv(channels=16, bounded=True), LeakyReLU(slope=(n + 1) / 64))
            )
        ),
    ),
    head=(GlobalMeanPool(), Dense(width=2, init="gaussian")),
)
WATCH = """() => {
  const home = Symbol.for("moonviz.stack"), marks = window.marks = {};
  const stack = [...document.querySelectorAll("*")].map(e => e.shadowRoot?.[home]).find(Boolean);
  const known = () => !stack.flight && !stack.data.rows.some(row => row.dim || row.badge?.icon === "unknown");
  const quiet = () => !stack.waiting.length && !stack.adding.waits && !stack.data.waiting;
  const peaks = () => document.querySelector(".mv-peaks") && !document.querySelector(".mv-peaks .dim");
  const act = stack.act.bind(stack), update = stack.update.bind(stack);
  window.stackOfPage = stack;
  const ack = () => JSON.stringify(stack.data.ack);
  window.begin = () => Object.assign(marks, { from: 0, known: 0, peaks: 0, draw: 0, ack: ack() });
  stack.act = (what, more) => {
    if (!stack.flight && what.do !== "choose") marks.from ||= performance.now();
    act(what, more);
  };
  stack.update = (...given) => {
    const from = performance.now();
    update(...given);
    marks.draw = Math.max(marks.draw, performance.now() - from);
  };
  const look = () => {
    const now = performance.now(), landed = ack() !== marks.ack;
    if (marks.from && !marks.known && landed && known()) marks.known = now - marks.from;
    if (marks.known && !marks.peaks && quiet() && peaks()) marks.peaks = now - marks.from;
    requestAnimationFrame(look);
  };
  begin();
  look();
}"""
CHOOSE = """([begins, n]) => {
  const { rows } = stackOfPage.data, body = rows.filter(row => row.part === "body" && row.title.startsWith(begins));
  stackOfPage.select(rows.indexOf(body[n]), true);
}"""
AT_REST = """() => {
  const stack = window.stackOfPage;
  return !stack.flight && !stack.waiting.length && !stack.adding.waits && !stack.telling && !stack.data.waiting
    && stack.data.offers[stack.adding.place] && !document.querySelector(".mv-peaks .dim");
}"""


def _keys(*pressed: str) -> Callable[[Page], None]:
    return lambda page: [page.keyboard.press(key) for key in pressed] and None


def _slope(page: Page) -> None:
    page.keyboard.press("Enter")
    page.keyboard.type(f"0.{page.evaluate('() => 100 + Math.floor(performance.now()) % 800')}")
    page.keyboard.press("Enter")


EDITS: dict[str, Callable[[Page], None]] = {
    "another number": _slope,
    "duplicate": _keys("d"),
    "move": _keys("Alt+ArrowUp"),
    "add": _keys("a", "l", "e", "a", "k", "y", "Enter"),
    "remove": _keys("Delete"),
    "undo": _keys("Control+z"),
    "redo": _keys("Control+Shift+z"),
    "repair": _keys("f"),
}


def measured(page: Page, rounds: int) -> dict[str, list[dict[str, float]]]:
    """The times of every edit, by its kind."""
    page.evaluate(WATCH)
    rest(page)
    times: dict[str, list[dict[str, float]]] = defaultdict(list)
    for n in range(rounds):
        for kind, edit in EDITS.items():
            page.evaluate(CHOOSE, ["Conv" if kind == "repair" else "LeakyReLU", 5 * n % 29])
            rest(page)
            if kind == "repair":
                _break(page)
            page.evaluate("() => begin()")
            edit(page)
            page.wait_for_function("() => marks.peaks")
            marks = page.evaluate("() => marks")
            times[kind].append({"known_ms": marks["known"], "peaks_ms": marks["peaks"], "draw_ms": marks["draw"]})
            rest(page)
    return times


def _break(page: Page) -> None:
    """Break the network: a kernel that is too large."""
    page.keyboard.press("Enter")
    page.locator('.mvs .row.on [data-path="kernel"]').fill("31")
    page.keyboard.press("Enter")
    page.locator(".mvs .row.bad .fix").first.wait_for()
    page.wait_for_function("() => !stackOfPage.flight && !stackOfPage.data.waiting")


def cpu_seconds(server: int) -> dict[str, float]:
    """Processor time so far of the server, of its workers, and of the browser with what drives it."""
    spent = {"server": 0.0, "workers": 0.0, "browser": 0.0}
    mine = psutil.Process().children(recursive=True)
    workers = {one.pid for one in psutil.Process(server).children(recursive=True)}
    for one in mine:
        name = "server" if one.pid == server else "workers" if one.pid in workers else "browser"
        times = one.cpu_times()
        spent[name] += times.user + times.system
    return spent


def rest(page: Page) -> None:
    page.wait_for_function(AT_REST)
    page.wait_for_timeout(120)


def spread(rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    names = rows[0]
    return {
        name: {"median": median(row[name] for row in rows), "worst": max(row[name] for row in rows)} for name in names
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dry", action="store_true", help="print only")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        version = browser.version
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{app.url}/?s={encode(State(page='build', own=NETWORK))}")
        page.locator(".mvs .row .badge.good").first.wait_for(timeout=60_000)
        page.wait_for_timeout(4_000)  # the workers are coming up
        page.locator(".mv-peaks .dim").first.wait_for(state="detached", timeout=60_000)
        before, load = cpu_seconds(app.process.pid), os.getloadavg()[0]
        times = measured(page, chosen.rounds)
        after = cpu_seconds(app.process.pid)
        browser.close()
    kinds: dict[str, Any] = {kind: spread(rows) for kind, rows in times.items()}
    every = [row for rows in times.values() for row in rows]
    kinds["all"] = {"edits": len(every)} | spread(every)
    for kind, row in kinds.items():
        known, peaks = row["known_ms"], row["peaks_ms"]
        print(
            f"{kind:16} known {known['median']:.0f} ms, worst {known['worst']:.0f}; "
            f"peaks {peaks['median']:.0f} ms, worst {peaks['worst']:.0f}; drawn in {row['draw_ms']['median']:.1f} ms"
        )
    # Processor time depends little on what else the machine does; the times above do.
    cpu = {name: 1e3 * (after[name] - before[name]) / len(every) for name in before}
    print(" · ".join(f"{name} {spent:.0f} ms" for name, spent in cpu.items()), f"an edit; load {load:.1f}")
    if not chosen.dry:
        RESULTS.mkdir(exist_ok=True)
        found = {"environment": environment("cpu").model_dump(), "chromium": version, "load_before": load}
        found |= {"layers": DEPTH, "cpu_ms_per_edit": cpu, "edits": kinds}
        target = RESULTS / f"build-edits-{platform.machine()}.json"
        target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
