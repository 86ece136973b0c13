"""Pages that hold a walk alone. At the end none may have logged a fault."""

from __future__ import annotations

import pytest
from walking_harness import Shown, open_page


@pytest.fixture
def stand(chromium):
    """Opens harness pages."""
    opened: list[Shown] = []

    def open_one(width: int = 1440, scheme: str = "light", motion: str = "no-preference") -> Shown:
        opened.append(open_page(chromium, width, scheme, motion))
        return opened[-1]

    yield open_one
    for one in opened:
        one.page.context.close()
    assert not [fault for one in opened for fault in one.faults]
