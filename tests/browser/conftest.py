"""The app in a process of its own, and a Chromium that notes whatever goes wrong."""

from __future__ import annotations

import pytest
from bench_page import Bench
from playwright.sync_api import Browser, Page, expect
from serving import WAIT, Watched, served


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with served(tmp_path_factory.mktemp("app")) as one:
        yield one


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


@pytest.fixture
def patience():
    """A busy machine takes its time to draw a page."""
    expect.set_options(timeout=WAIT)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def bench(tab):
    return Bench(tab())
