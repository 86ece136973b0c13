"""How long the What-if page's server takes to answer a move of a slider, in a headless Chromium beside a second tab.

    python benchmarks/whatif_moves.py [--moves 200]

Server time is that of one run of the page's script, from the browser's request being taken up to its last element being
sent, measured in the server itself; beside it stands what its thread worked in that time. Round trips are what the
browser sees on its connection. Dry runs go on in the background all the while, as for anybody.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SLIDERS = ("budget", "depth-slider", "batch-slider", "wide")
LIMIT_MS = 100.0


def serve(port: int, log: str) -> None:
    """The app, with every run of a script noted as a line of JSON: which session, whether a fragment, how long."""
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
    from streamlit.web import bootstrap

    run = ScriptRunner._run_script

    def timed(self: Any, data: Any) -> None:
        begin, worked, wall = time.perf_counter(), time.thread_time(), time.time()
        run(self, data)
        spent = [time.perf_counter() - begin, time.thread_time() - worked]
        row = [self._session_id, bool(data.fragment_id_queue), data.page_script_hash, wall, *spent]
        with Path(log).open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")

    ScriptRunner._run_script = timed
    options = {"server_headless": True, "server_port": port, "server_address": "127.0.0.1"}
    options |= {"server_fileWatcherType": "none", "browser_gatherUsageStats": False}
    bootstrap.load_config_options(options)
    bootstrap.run(str(ROOT / "app.py"), False, [], options)


class Trips:
    """Round trips of whole runs, as a tab's connection shows them."""

    def __init__(self, page: Page) -> None:
        self.asked: float | None = None
        self.seconds: list[float] = []
        page.on("websocket", self._watch)

    def _watch(self, socket: Any) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, payload: Any) -> None:
        message = BackMsg.FromString(payload) if isinstance(payload, bytes) else BackMsg()
        if message.WhichOneof("type") == "rerun_script" and not message.rerun_script.fragment_id:
            self.asked = time.perf_counter()

    def _received(self, payload: Any) -> None:
        if self.asked is None or not isinstance(payload, bytes):
            return
        if ForwardMsg.FromString(payload).WhichOneof("type") == "script_finished":
            self.seconds.append(time.perf_counter() - self.asked)
            self.asked = None


def move(page: Page, name: str, share: float) -> bool:
    """Click a slider at a share of its length. Returns whether the page answered a change."""
    slider = page.locator(f"[class*=st-key-whatif-{name}-] [data-testid=stSlider] [role=group] > div").first
    box = slider.bounding_box()
    if box is None:
        return False
    page.mouse.click(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2)
    return True


def measured(port: int, moves: int, log: Path) -> dict[str, Any]:
    """Move sliders at random in one tab, and go from page to page in another one meanwhile."""
    draw = random.Random(0)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page, other = (browser.new_context(viewport={"width": 1440, "height": 1000}).new_page() for _ in range(2))
        for each in (page, other):
            each.set_default_timeout(120_000)
        trips = Trips(page)
        page.goto(f"http://127.0.0.1:{port}/whatif")
        other.goto(f"http://127.0.0.1:{port}/methods")
        for each in (page, other):
            each.locator(".mv-headline").wait_for()
        page.locator(".st-key-whatif-parts .main-svg").first.wait_for()
        page.wait_for_timeout(4_000)
        trips.seconds.clear()
        begin, visits = time.time(), 0
        for n in range(moves):
            move(page, draw.choice(SLIDERS), draw.random())
            page.wait_for_timeout(350 + 250 * draw.random())
            if n % 10 == 9:  # meanwhile, somebody else reads on
                visits += 1
                other.get_by_role("link", name="Precision" if visits % 2 else "Methods", exact=True).click()
                other.wait_for_timeout(100)
        page.wait_for_timeout(1_500)
        version = browser.version
        browser.close()
    return {
        "chromium": version,
        "moves_asked": moves,
        "server_ms": _served(log, begin),
        "round_trip_ms": _spread([1e3 * seconds for seconds in trips.seconds]),
    }


def _served(log: Path, begin: float) -> dict[str, Any]:
    """How long the server worked for each tab's moves since `begin`, in milliseconds."""
    rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row[3] >= begin and not row[1]]
    sessions: dict[str, list[list[Any]]] = {}
    for row in rows:
        sessions.setdefault(row[0], []).append(row)
    mover, reader = sorted(sessions.values(), key=len, reverse=True)[:2]
    spans = {"moves": [1e3 * row[4] for row in mover], "other_tab": [1e3 * row[4] for row in reader]}
    server = {name: _spread(values) for name, values in spans.items()}
    server["moves_processor"] = _spread([1e3 * row[5] for row in mover])
    server["moves"]["within_100_ms"] = sum(ms <= LIMIT_MS for ms in spans["moves"]) / len(spans["moves"])
    return server


def _spread(values: list[float]) -> dict[str, float]:
    return {"count": len(values), "median": median(values), "p95": quantiles(values, n=20)[-1], "max": max(values)}


def _up(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.2)
    raise SystemExit("the app did not start")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(int(chosen.serve[0]), chosen.serve[1])
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "runs.jsonl"
        process = subprocess.Popen([sys.executable, __file__, "--serve", str(port), str(log)], cwd=ROOT)
        try:
            _up(port, process)
            found = measured(port, chosen.moves, log)
        finally:
            process.terminate()
            process.wait(timeout=15)
    from moonviz.runs.environment import environment

    found = {"environment": environment("cpu").model_dump(), **found}
    print(json.dumps(found["server_ms"], indent=1), json.dumps(found["round_trip_ms"]))
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"whatif-moves-{platform.machine()}.json"
    target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
