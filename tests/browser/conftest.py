"""The app in a process of its own, and a Chromium that notes whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bench_page import Bench
from playwright.sync_api import Browser, BrowserContext, Page, expect
from serving import WAIT, Watched, served
from waits import HEARS

SIZE = {"width": 1440, "height": 1000}


@pytest.fixture(autouse=True)
def patience():
    """A busy machine takes its time to draw a page to its end."""
    expect.set_options(timeout=WAIT)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """One for all tests but those that need a server which was never asked for anything: its start costs seconds."""
    with served(tmp_path_factory.mktemp("app")) as one:
        yield one


@pytest.fixture(scope="session")
def profile(chromium: Browser):
    """Gives browser profiles by scheme and number. Each knows the app's scripts once it has loaded them."""
    kept: dict[tuple[str, int], BrowserContext] = {}

    def give(scheme: str = "light", number: int = 0) -> BrowserContext:
        if (scheme, number) not in kept:
            kept[scheme, number] = chromium.new_context(
                viewport=SIZE, color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"]
            )
            kept[scheme, number].add_init_script(HEARS)
        return kept[scheme, number]

    yield give
    for one in kept.values():
        one.close()


@pytest.fixture
def watch():
    """Opens tabs of a profile; at the end none of them may have logged an error or asked elsewhere."""
    opened: list[Watched] = []

    def open_one(profile: BrowserContext) -> Page:
        opened.append(Watched(profile.new_page()))
        return opened[-1].page

    yield open_one
    for one in opened:
        one.page.close()
    assert not [fault for one in opened for fault in one.faults]


@pytest.fixture
def tab(app, profile: Callable[..., BrowserContext], watch: Callable[[BrowserContext], Page]):
    """Opens tabs on the app, each a session of its own."""

    def open_one(width: int = 1440, height: int = 1000, scheme: str = "light", path: str = "") -> Page:
        page = watch(profile(scheme))
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{app.url}/{path}")
        page.locator(".mv-headline").wait_for()
        return page

    return open_one


@pytest.fixture
def bench(tab) -> Bench:
    return Bench(tab(path="build"))
