"""Pages run inside the frame that app.py draws, whatever a fresh server is asked for first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from runpy import run_path

import streamlit as st

from moonviz.ui.parts import frame

_framed: ContextVar[bool] = ContextVar("framed", default=False)


@contextmanager
def framed() -> Iterator[None]:
    """Draw the frame; a page that runs within is at home."""
    token = _framed.set(True)
    try:
        frame()
        yield
    finally:
        _framed.reset(token)


def through_router(page: str) -> None:
    """Let app.py run this page, if Streamlit runs it by itself.

    Until `st.navigation` has been called once in a server's life, Streamlit takes every file of `pages/` for an app
    of its own: a link straight to a page would open it without style and navigation. A page calls this first.

    Args:
        page: Its `__file__`.
    """
    if not _framed.get():
        run_path(str(Path(page).resolve().parents[1] / "app.py"))
        st.stop()
