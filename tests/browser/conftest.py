"""The app in a process of its own, and a Chromium that notes whatever goes wrong."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 30_000


@dataclass
class App:
    url: str
    process: subprocess.Popen

    def workers(self, lane: str) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in children if "moonviz.jobs.worker" in one.cmdline() and lane in one.cmdline()]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1"]
    log = tmp_path_factory.mktemp("app") / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield App(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait(timeout=15)
    assert "Traceback" not in log.read_text(encoding="utf-8"), log.read_text(encoding="utf-8")


def _wait_for(url: str, process: subprocess.Popen) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, "the app ended while it started"
            time.sleep(0.2)
    pytest.fail("the app did not start within 30 s")


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs a Chromium: no `chromium` or `google-chrome` is on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A tab whose console and requests are noted."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT)
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda asked: self._note(asked.url))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.faults.append(f"asked {url}")


@pytest.fixture
def tab(app, chromium: Browser):
    """Opens tabs on the app; at the end none of them may have logged an error or asked elsewhere."""
    opened: list[Watched] = []

    def open_one(width: int = 1440, height: int = 1000, scheme: str = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        opened.append(Watched(context.new_page()))
        page = opened[-1].page
        page.goto(app.url)
        page.locator(".mv-headline").wait_for()
        return page

    yield open_one
    for one in opened:
        one.page.context.close()
    assert not [fault for one in opened for fault in one.faults]
