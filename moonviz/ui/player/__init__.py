"""The race player: a component that replays a race in the browser. It is fed once and then moves by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
PARTS = (
    "words",
    "marks",
    "model",
    "strip",
    "chart",
    "lanes",
    "pointing",
    "card",
    "finish",
    "transport",
    "keep",
    "save",
)
"""The script's files in the order they are joined, before the one that exports what Streamlit calls."""
MAIN = "main"


def script() -> str:
    """All of the player's JavaScript as one module."""
    return "\n".join((HERE / f"{name}.js").read_text("utf-8") for name in (*PARTS, MAIN))


def style() -> str:
    """The player's stylesheet."""
    return (HERE / "player.css").read_text("utf-8")


_player = st.components.v2.component("player", css=style(), js=script())


def player(payload: dict[str, Any], key: str, compact: bool = False) -> None:
    """Show a race, playable.

    Args:
        payload: The race as strict JSON data. While its `id` stays the same, position, mode, focus, speed, budget,
            pinned layer and views survive new data, reruns of the page and a reload.
        key: The widget's key; two players on one page need two.
        compact: Leaves out the finish table, for pages that show it in their own words.
    """
    _player(key=key, data={"payload": payload, "key": key, "compact": compact}, height="content")
