"""The stack of a network's layers: a component that shows them and tells Python of every edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
PARTS = ("parts", "editor", "inside", "row", "adding", "dragging")
"""The script's files in the order they are joined, before the one that exports what Streamlit calls."""
MAIN = "main"


def script() -> str:
    """All of the stack's JavaScript as one module."""
    return "\n".join((HERE / f"{name}.js").read_text("utf-8") for name in (*PARTS, MAIN))


def style() -> str:
    """The stack's stylesheet."""
    return (HERE / "stack.css").read_text("utf-8")


_stack = st.components.v2.component("stack", css=style(), js=script())


def stack(payload: dict[str, Any], key: str, heard: Callable[[], None]) -> None:
    """Show the layers of a network, to be edited.

    An edit comes as the trigger value ``act``: who tells it, its number, what to do and where. It is told again until
    the data acknowledge it, so whoever hears it must drop what was heard before.

    Args:
        payload: What to show, as `moonviz.figures.stack` makes it.
        key: The widget's key; its trigger values lie in the session's state under it.
        heard: Called before the page runs again, once an edit was told.
    """
    _stack(key=key, data=payload, height="content", on_act_change=heard, on_poke_change=lambda: None)
