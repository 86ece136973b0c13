"""The app with an engine that says what a test tells it to."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from fake_engine import FakeEngine
from streamlit.testing.v1 import AppTest

from moonviz.ui import engine as engine_room

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture
def fake(monkeypatch):
    one = FakeEngine()
    monkeypatch.setattr(engine_room, "LocalEngine", lambda: one)
    st.cache_resource.clear()
    yield one
    st.cache_resource.clear()


@pytest.fixture
def page(fake):
    return AppTest.from_file(str(APP), default_timeout=60).run()


@pytest.fixture
def text():
    """All HTML of a page, which must have run without an exception."""

    def read(page):
        assert not page.exception, page.exception
        return "\n".join(one.proto.body for one in page.get("html"))

    return read
