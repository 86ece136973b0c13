"""Own data in a real browser: taken in, raced, kept from links, and deleted when the tab is closed."""

from __future__ import annotations

import io
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from serving import WAIT, Watched, served

from moonviz.results import Report
from moonviz.specs.sources import is_own

pytestmark = pytest.mark.browser

CLOSED_SECONDS = 60.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the app, started with it, keeps own data."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def file() -> bytes:
    written = io.BytesIO()
    y = np.arange(300) % 3
    np.savez(written, x=np.random.default_rng(0).normal(size=(300, 12)) + y[:, None], y=y)
    return written.getvalue()


def kept(folder: Path) -> list[Path]:
    return list(folder.glob("moonviz-own-*/*.npz"))


def test_own_data_are_raced_and_leave_with_the_tab(folder: Path, chromium) -> None:
    with served(folder) as app:
        context = chromium.new_context(viewport={"width": 1440, "height": 1000})
        watched = Watched(context.new_page())
        page = watched.page
        page.goto(f"{app.url}/build")
        # What is on the bench is known and the page at rest, lest a drawing closes what is opened here.
        expect(page.get_by_role("button", name=re.compile("race it", re.IGNORECASE))).to_be_visible(timeout=3 * WAIT)
        expect(page.locator(".mv-peaks .dim")).to_have_count(0, timeout=3 * WAIT)
        form = page.locator("[data-testid=stForm]").filter(has_text="Your own data")
        form.locator("input[type=file]").set_input_files(
            {"name": "mine.npz", "mimeType": "application/octet-stream", "buffer": file()}
        )
        expect(form.get_by_text("mine.npz")).to_be_visible()
        form.get_by_role("combobox").fill("With a blank")
        form.get_by_role("combobox").press("Enter")
        form.get_by_role("button", name="Use these data").click()
        expect(page.get_by_text("The network sees your own 300 examples of 12 numbers in 3 classes.")).to_be_visible(
            timeout=2 * WAIT
        )
        assert len(kept(folder)) == 1
        expect(page.get_by_text("this network sees your own data, which stay in this tab")).to_be_visible()
        page.get_by_role("button", name="Race it").click(timeout=2 * WAIT)
        expect(page.get_by_text("my network", exact=True)).to_be_visible()
        page.get_by_role("button", name="Run on this machine").click()
        expect(page.get_by_text("Racing on my network")).to_be_visible()
        expect(page.get_by_text("Racing on my network")).to_be_hidden(timeout=3 * WAIT)
        with page.expect_download() as downloading:
            page.get_by_role("button", name="Download JSON").click()
        report = Report.from_json(Path(downloading.value.path()).read_bytes())
        assert is_own(report.network.spec["data"])
        assert {one.agreement("float32") for one in report.results} == {"same"}
        context.close()
        until = time.monotonic() + CLOSED_SECONDS
        while kept(folder) and time.monotonic() < until:
            time.sleep(0.2)
        assert not kept(folder)
        assert not watched.faults
