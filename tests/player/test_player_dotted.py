"""The frontier's dotted line, and the words that explain it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_dotted_line_is_explained_once_it_is_there(shown):
    shown.part('.seg button[data-value="frontier"]').click()
    words = shown.part(".key .dotted")
    expect(words).to_be_visible()
    shown.at(0.5)
    expect(words).to_be_hidden()
    shown.at(1.0)
    expect(words).to_be_visible()
