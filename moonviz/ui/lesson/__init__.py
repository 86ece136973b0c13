"""A lesson's text and questions: a component that keeps the learner's place and answers in the browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
PARTS = ("keep", "drive", "curve", "ask")
"""The script's files in the order they are joined, before the one that exports what Streamlit calls."""
MAIN = "main"


def script() -> str:
    """All of the component's JavaScript as one module."""
    return "\n".join((HERE / f"{name}.js").read_text("utf-8") for name in (*PARTS, MAIN))


def style() -> str:
    """Its stylesheet."""
    return (HERE / "lesson.css").read_text("utf-8")


_lesson = st.components.v2.component("lesson", css=style(), js=script())


def lesson_text(payload: dict[str, Any], key: str, heard: Callable[[], None]) -> None:
    """Show a lesson.

    What the reader does comes as the trigger value ``act``: who tells it, its number, and what to do. It is told again
    until the data acknowledge it, so whoever hears it must drop what was heard before.

    Args:
        payload: The lesson as `moonviz.figures.learn` makes it, with what was answered.
        key: The widget's key; its trigger values lie in the session's state under it.
        heard: Called before the page runs again, once something was told.
    """
    _lesson(key=key, data=payload, height="content", on_act_change=heard)
