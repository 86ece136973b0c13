"""A Chromium, and pages that hold the player alone. At the end no page may have logged a fault."""

from __future__ import annotations

import pytest
from player_harness import Shown, open_page
from player_payloads import finished


@pytest.fixture
def stand(chromium):
    """Opens harness pages."""
    opened: list[Shown] = []

    def open_one(width: int = 1440, height: int = 1000, scheme: str = "light", motion: str = "no-preference") -> Shown:
        opened.append(open_page(chromium, width, height, scheme, motion))
        return opened[-1]

    yield open_one
    for one in opened:
        one.page.context.close()
    assert not [fault for one in opened for fault in one.faults]


@pytest.fixture
def shown(stand) -> Shown:
    """A player that shows a finished race."""
    one = stand()
    one.show(finished())
    return one
