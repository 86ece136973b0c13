"""The words and letters that lessons explain when they are pointed at. No torch here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Word:
    """An entry of the glossary."""

    name: str
    says: str


@cache
def glossary() -> dict[str, Word]:
    """By id, in the order a newcomer meets them."""
    entries = tomllib.loads((HERE / "glossary.toml").read_text("utf-8"))
    return {id_: Word(entry["name"], entry["says"]) for id_, entry in entries.items()}


@cache
def symbols() -> dict[str, str]:
    """What each letter of a formula means, where a lesson does not say otherwise."""
    return tomllib.loads((HERE / "symbols.toml").read_text("utf-8"))
