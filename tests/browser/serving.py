"""A server of the app, and a browser tab whose faults are noted."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import ConsoleMessage, Page

ROOT = Path(__file__).parents[2]
WAIT = 30_000
PROBES = ("/methods/_stcore/health", "/methods/_stcore/host-config")
PROBES += ("/build/_stcore/health", "/build/_stcore/host-config")
PROBES += ("/precision/_stcore/health", "/precision/_stcore/host-config")
PROBES += ("/whatif/_stcore/health", "/whatif/_stcore/host-config")
PROBES += ("/learn/_stcore/health", "/learn/_stcore/host-config")


CLOSED = re.compile(
    r"Exception in ASGI application\nTraceback.*?WebSocketDisconnected: Cannot call \"send\".*?\n", re.DOTALL
)
"""What Streamlit's server logs of a tab that is closed before it has been welcomed."""


@dataclass
class App:
    url: str
    process: subprocess.Popen

    def workers(self, lane: str) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in children if "moonviz.jobs.worker" in one.cmdline() and lane in one.cmdline()]


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[App]:
    """The app on a free port or a given one, asked for nothing yet; its log may not hold a traceback."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += ["--server.fileWatcherType=none"]  # a file that is saved meanwhile must not change the app
    command += [f"--server.port={port}", "--server.address=127.0.0.1"]
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield App(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait(timeout=15)
    said = CLOSED.sub("", log.read_text(encoding="utf-8"))
    assert "Traceback" not in said, said


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


@dataclass
class Watched:
    """A tab whose console and requests are noted."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda asked: self._note(asked.url))

    def _hear(self, said: ConsoleMessage) -> None:
        # From a link to a page, Streamlit's own front end tries that page's path as the server's root first.
        probe = "404" in said.text and said.location["url"].endswith(PROBES)
        if said.type == "error" and not probe:
            self.faults.append(said.text)

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.faults.append(f"asked {url}")
