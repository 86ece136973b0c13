"""The component itself: fed a whole walk once, it moves by itself, and tells Python of numbers that were changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from moonviz.ui.player import HERE as PLAYER

HERE = Path(__file__).parent
SHARED = ("words", "marks")
"""The player's files that walks use too: numbers, formulas, marks."""
PARTS = ("sums", "figures", "plane", "tables")
"""The script's own files in the order they are joined, before the one that exports what Streamlit calls."""
MAIN = "main"


def script() -> str:
    """All of the walk's JavaScript as one module."""
    files = [*(PLAYER / f"{name}.js" for name in SHARED), *(HERE / f"{name}.js" for name in (*PARTS, MAIN))]
    return "\n".join(file.read_text("utf-8") for file in files)


def style() -> str:
    """The player's stylesheet and the walk's own."""
    return "\n".join(file.read_text("utf-8") for file in (PLAYER / "player.css", HERE / "walk.css"))


_walk = st.components.v2.component("walk", css=style(), js=script())


def walk(
    payload: dict[str, Any],
    key: str,
    moved: Callable[[], None],
    start: int | None = None,
    highlight: tuple[str, ...] = (),
    movable: bool = True,
) -> None:
    """Show a walk.

    Args:
        payload: As `moonviz.figures.walk` makes it. While its `id` stays the same, the place is kept.
        key: The widget's key; changed numbers come as its trigger value ``moved``: a number, `x`, `weights`.
        moved: Called before the page runs again, once numbers were changed.
        start: The event to stand at first; null: the first that computes anything.
        highlight: Quantities to ring, such as ``"h2"``.
        movable: Whether the input and the weights can be changed.
    """
    data = {"walk": payload, "key": key, "start": start, "highlight": list(highlight), "movable": movable}
    _walk(key=key, data=data, height="content", on_moved_change=moved)
