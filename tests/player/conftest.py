"""A Chromium, and pages that hold the player alone. At the end no page may have logged a fault."""

from __future__ import annotations

import pytest
from player_harness import Shown, open_page
from player_payloads import finished

How = tuple[int, int, str, str]


@pytest.fixture(scope="session")
def kept(chromium):
    """Pages by size, scheme and motion: a page is emptied after a test rather than opened anew for each."""
    pages: dict[How, Shown] = {}
    yield pages
    for one in pages.values():
        one.page.context.close()


@pytest.fixture
def stand(chromium, kept):
    """Gives harness pages; one that a test spoils for others is `fresh`, and closed after it."""
    used: list[tuple[How, Shown]] = []
    closed: list[Shown] = []

    def give(
        width: int = 1440, height: int = 1000, scheme: str = "light", motion: str = "no-preference", fresh: bool = False
    ) -> Shown:
        how = width, height, scheme, motion
        if fresh or how in (one for one, _ in used):
            closed.append(open_page(chromium, *how))
            return closed[-1]
        # Out of the store while it is used: one that a failing test broke does not come back.
        used.append((how, kept.pop(how, None) or open_page(chromium, *how)))
        return used[-1][1]

    yield give
    faults = [fault for one in (*(shown for _, shown in used), *closed) for fault in one.faults]
    for one in closed:
        one.page.context.close()
    for how, one in used:
        one.clear()
        kept[how] = one
    assert not faults


@pytest.fixture
def shown(stand) -> Shown:
    """A player that shows a finished race."""
    one = stand()
    one.show(finished())
    return one
