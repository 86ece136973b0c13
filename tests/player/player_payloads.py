"""Races to feed the player with: stored ones, dry runs of deep networks with a clock of their own, and damaged ones."""

from __future__ import annotations

from typing import Any

from moonviz.data.stored import stored
from moonviz.figures.playing import payload


def finished(name: str = "digits-revnet") -> dict[str, Any]:
    """A stored race as the page feeds it."""
    return payload(stored(name), id=f"stored:{name}")
