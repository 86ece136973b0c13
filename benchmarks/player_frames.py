"""How long a frame of the race player takes, in a headless Chromium that draws without a GPU.

    python benchmarks/player_frames.py [--seconds 6]

The races are dry runs of real schedules at the depths named, with a clock made up: 1 ms for each step of a sweep that
only goes through, 2 ms where a gradient is made. Script time is that of the player's own frame; main-thread time is
all the processor time of the page's main thread, styles, layout and paint included, shared out over the frames.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from moonviz.estimates.dry import estimate_methods
from moonviz.figures.playing import payload
from moonviz.results import Report
from moonviz.runs.environment import environment
from moonviz.specs import RunSpec, preset
from moonviz.specs.run import MethodChoice

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/player"))
from player_harness import Shown, open_page  # noqa: E402  (the page that the tests use)

RESULTS = Path(__file__).parent / "results"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
FOUR = [("backprop", {}), ("checkpointing", {}), ("revbackprop", {}), ("moonwalk-mixed", {})]
SIX = [*FOUR, ("moonwalk-mixed", {"phase_one": "inverse"}), ("projforward", {"directions": 2})]
CASES = {"256 layers, 4 methods": (256, FOUR), "512 layers, 6 methods": (512, SIX)}
WATCH = """() => {
  const p = player("one"), draw = p.frame.bind(p);
  window.spent = []; window.shownAt = [];
  p.frame = () => { const from = performance.now(); draw(); spent.push(performance.now() - from); shownAt.push(from); };
}"""


def race(depth: int, methods: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    chosen = tuple(MethodChoice(name=name, options=options) for name, options in methods)
    report = estimate_methods(RunSpec(network=preset("digits-revnet", depth=depth), methods=chosen))
    timed = []
    for one in report.results:
        steps = tuple(
            step.model_copy(update={"seconds": 2e-3 if step.phase in ("reverse", "advance") else 1e-3})
            for step in one.steps
        )
        timed.append(one.model_copy(update={"steps": steps}))
    return payload(Report.model_validate(report.model_copy(update={"results": tuple(timed)})), id=f"deep-{depth}")


def measured(browser: Browser, fed: dict[str, Any], seconds: float, view: str) -> dict[str, Any]:
    shown = open_page(browser, 1440, 1000, "light")
    loading = shown.page.evaluate(
        """fed => { const from = performance.now(); show("one", fed); return performance.now() - from; }""", fed
    )
    shown.page.evaluate(WATCH)
    shown.set(f"p.views.node.querySelector('[data-value={view}]').click()")
    client = shown.page.context.new_cdp_session(shown.page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})  # what the thread worked, not what it waited
    shown.page.evaluate("() => { spent.length = shownAt.length = 0 }")
    before = _counters(client)
    shown.set("p.transport.toggle()")
    shown.page.wait_for_timeout(seconds * 1000)
    after = _counters(client)
    spent, shown_at = shown.page.evaluate("() => [spent, shownAt]")
    scrubbing = _scrubbing(shown)
    shown.page.context.close()
    frames = len(spent)
    gaps = [later - earlier for earlier, later in pairwise(shown_at) if later - earlier < 500]
    return {
        "loading_ms": loading,
        "frames": frames,
        "script_ms": _spread(spent),
        "between_frames_ms": _spread(gaps),
        "main_thread_ms_per_frame": {
            name: 1e3 * (after[name] - before[name]) / frames
            for name in ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
        },
        "scrub_ms": scrubbing,
    }


def _scrubbing(shown: Shown) -> dict[str, float]:
    """Jumps to places all over the race, as a scrub does."""
    return _spread(
        shown.page.evaluate(
            """() => { const p = player("one"); p.transport.play(false); const took = [];
            for (let i = 0; i < 200; i++) { const from = performance.now();
            p.transport.go(((i * 61) % 200) / 200 * p.span);
            took.push(performance.now() - from); } return took; }"""
        )
    )


def _counters(client: Any) -> dict[str, float]:
    return {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "p95": quantiles(values, n=20)[-1], "max": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=6.0)
    chosen = parser.parse_args()
    rows: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        version = browser.version
        for name, (depth, methods) in CASES.items():
            fed = race(depth, methods)
            for view in ("memory", "frontier"):
                row = rows[f"{name}, {view}"] = measured(browser, fed, chosen.seconds, view)
                row |= {"json_bytes": len(json.dumps(fed)), "events": [one["events"]["n"] for one in fed["methods"]]}
                script, gap, thread = row["script_ms"], row["between_frames_ms"], row["main_thread_ms_per_frame"]
                print(
                    f"{name}, {view}: frame {script['median']:.2f} ms, p95 {script['p95']:.2f}; main thread "
                    f"{thread['TaskDuration']:.2f} ms a frame; a frame every {gap['median']:.1f} ms; "
                    f"scrub {row['scrub_ms']['median']:.2f}; loads in {row['loading_ms']:.0f} ms"
                )
        browser.close()
    RESULTS.mkdir(exist_ok=True)
    report = {"environment": environment("cpu").model_dump(), "chromium": version, "rows": rows}
    target = RESULTS / f"player-frames-{platform.machine()}.json"
    target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
