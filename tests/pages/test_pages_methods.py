from __future__ import annotations

import pytest

from moonviz.specs import METHODS


@pytest.fixture
def methods(page):
    return page.switch_page("pages/methods.py").run()


def test_every_method_has_its_card_in_teaching_order(methods, text):
    said = text(methods)
    places = [said.index(f'aria-label="{name}"') for name in METHODS]
    assert places == sorted(places)
    assert "Six methods find the same gradient" in said
    assert said.count('class="mv-schedule') == len(METHODS)
    assert "Side by side" in said


def test_it_starts_nothing(methods, text, fake):
    assert "expected cosine" in text(methods).lower()
    assert not fake.jobs
