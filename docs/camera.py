"""What takes the pictures: the app in processes of its own, a headless Chromium, and PNG files of few colours."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import psutil
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MOST_BYTES = 300_000
PATIENCE = 90_000
"""Milliseconds that one step of a scene may take on a busy machine."""
MARGIN = 16
"""Pixels left around what is shown."""
ALL = "[data-testid=stMain]"


@dataclass(frozen=True)
class Shot:
    """How one picture is taken.

    Attributes:
        name: Of the file, without its ending.
        width: Of the window, in CSS pixels.
        scheme: Colours: light or dark.
        scale: Pixels of the picture per CSS pixel.
        top: Where the picture begins: the first element that this selector finds; empty for the top of the page.
        bottom: Where it ends, likewise; empty for the end of the page.
        server: Which of `Studio.SERVERS` is photographed.
    """

    name: str
    width: int = 1440
    scheme: str = "light"
    scale: float = 1
    top: str = ""
    bottom: str = ""
    server: str = "app"


@dataclass
class Server:
    """The app on a free port."""

    limits: dict[str, str]
    process: subprocess.Popen = field(init=False)
    url: str = field(init=False)

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | self.limits, stdout=subprocess.DEVNULL)
        try:
            self._wait()
        except TimeoutError:
            self.stop()
            raise

    def _wait(self) -> None:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise TimeoutError("the app did not start within 60 s")

    def kill_worker(self, lane: str) -> None:
        """End the worker process of a lane, as a machine short of memory would."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if "moonviz.jobs.worker" in child.cmdline() and lane in child.cmdline():
                child.kill()

    def stop(self) -> None:
        """End the app and its workers."""
        self.process.terminate()
        self.process.wait(timeout=15)


class Studio:
    """The browser and the servers, each started when it is first needed. A context manager."""

    SERVERS: ClassVar[dict[str, dict[str, str]]] = {"app": {}, "fresh": {}, "small": {"MOONVIZ_MAX_BYTES": "24MiB"}}
    """By name, what the environment of the app says beside what it says here."""

    def __enter__(self) -> Studio:
        self._playwright = sync_playwright().start()
        self.browser: Browser = self._playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        self._servers: dict[str, Server] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self._playwright.stop()
        for one in self._servers.values():
            one.stop()

    def server(self, name: str) -> Server:
        """A server, started if it is not there yet."""
        if name not in self._servers:
            self._servers[name] = Server(self.SERVERS[name])
        return self._servers[name]


@dataclass
class Scene:
    """What a scene's script gets: a tab on the app, and where to get others."""

    studio: Studio
    shot: Shot
    page: Page = field(init=False)
    tabs: list[Page] = field(default_factory=list)

    @property
    def server(self) -> Server:
        """The app that is photographed."""
        return self.studio.server(self.shot.server)

    def open(self, path: str = "") -> Page:
        """One more tab, whose first page has been drawn; the last one opened is photographed."""
        shot = self.shot
        context = self.studio.browser.new_context(
            viewport={"width": shot.width, "height": 1600 if shot.bottom else 900},
            color_scheme=shot.scheme,
            device_scale_factor=shot.scale,
        )
        self.page = context.new_page()
        self.tabs.append(self.page)
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(f"{self.server.url}/{path}")
        self.page.locator(".mv-headline").wait_for()
        return self.page

    def take(self) -> Path:
        """Photograph the tab: the whole page, or a part of it from edge to edge."""
        page, shot = self.page, self.shot
        page.locator(ALL).evaluate("e => e.scrollTo(0, 0)")  # what was pressed last may stand far down
        tall = page.locator(ALL).evaluate("e => e.scrollHeight") + 60
        # A part that is in sight already is taken at once: a race that runs does not wait.
        if not shot.bottom or self._edge(shot.bottom, "bottom") > page.viewport_size["height"]:
            page.set_viewport_size({"width": shot.width, "height": tall})
            page.wait_for_timeout(800)
        path = FOLDER / f"{shot.name}.png"
        if shot.top or shot.bottom:
            top = self._edge(shot.top, "y") if shot.top else 0
            bottom = self._edge(shot.bottom, "bottom") if shot.bottom else page.viewport_size["height"]
            page.screenshot(path=path, clip={"x": 0, "y": top, "width": shot.width, "height": bottom - top})
        else:
            page.screenshot(path=path)
        return path

    def _edge(self, selector: str, side: str) -> float:
        found = (
            self.page.locator(selector).locator("visible=true").first.evaluate(f"e => e.getBoundingClientRect().{side}")
        )
        return max(0, found + (MARGIN if side == "bottom" else -MARGIN))

    def close(self) -> None:
        """Stop what still runs, and close every tab."""
        for one in self.tabs:
            button = one.get_by_role("button", name="Cancel")
            if button.count():
                button.first.click()
                button.first.wait_for(state="detached")
            one.context.close()


def slim(path: Path) -> int:
    """Give a picture a palette and return how long it is. Colours are flat here: no eye sees what is lost.

    Raises:
        ValueError: If it is still too long.
    """
    picture = Image.open(path).convert("RGB")
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=8, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"{path.name} is {size:,} bytes long; at most {MOST_BYTES:,} are wanted")
    return size
