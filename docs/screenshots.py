"""Drive the app in headless Chromium and write docs/screenshots/*.png. Run from the repository's root."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
PORT = 8599
URL = f"http://127.0.0.1:{PORT}"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MOST_BYTES = 300_000

WAYS = {"wide": (1440, "light", 1), "wide-dark": (1440, "dark", 1), "phone": (390, "light", 1.25)}
SHOTS = {f"{page}-{way}": (page, *how) for page in ("race", "methods", "precision") for way, how in WAYS.items()}
SHOTS["race-tablet"] = ("race", 768, "light", 1)
"""File name: page, width, scheme, pixels per CSS pixel."""


def main() -> None:
    """Start the app, photograph every untouched page, stop the app."""
    app = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={PORT}",
         "--server.address=127.0.0.1"],
    )  # fmt: skip
    try:
        wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name, how in SHOTS.items():
                shoot(browser, name, *how)
            browser.close()
    finally:
        app.terminate()
        app.wait(timeout=15)


def wait() -> None:
    """Until the app answers.

    Raises:
        TimeoutError: If it does not within 30 s.
    """
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{URL}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError("the app did not start within 30 s")


def shoot(browser: Browser, name: str, which: str, width: int, scheme: str, scale: float) -> None:
    """One picture of the whole page."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=scale)
    page.goto(URL)
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    if which != "race":
        page.goto(f"{URL}/{which}")
        page.locator(".mv-headline").wait_for()
        page.wait_for_timeout(1500)
    page.wait_for_timeout(1500)
    main = page.locator("[data-testid=stMain]")
    page.set_viewport_size({"width": width, "height": main.evaluate("e => e.scrollHeight") + 60})
    page.wait_for_timeout(1000)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    page.close()
    # Flat colours: a palette that keeps the rare ones loses nothing that an eye could see.
    picture = Image.open(path).convert("RGB")
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=8, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {size:,} bytes")
    assert size < MOST_BYTES, f"{path.name} is {size:,} bytes long; at most {MOST_BYTES:,} are wanted"


if __name__ == "__main__":
    main()
