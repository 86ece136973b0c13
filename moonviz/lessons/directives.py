"""What a link in a lesson's text can make the view do: `[watch sweep 2](do:goto sweep 2)`. No torch here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.lessons.quantities import method_choice

PREFIX = "do:"
PLACES = ("start", "end")
LIGHTS = ("strips", "chart", "gradients", "kinds")
SHOWS = ("memory", "frontier", "held", "seconds")
PAGES = ("race", "build", "methods", "precision")

HELP: dict[str, str] = {
    "goto": "`goto start`, `goto end`, `goto sweep 2`, `goto step 12`",
    "play": "`play`",
    "pause": "`pause`",
    "focus": "`focus METHOD`",
    "pin": "`pin LAYER`",
    "show": f"`show {'|'.join(SHOWS)}`",
    "light": f"`light {'|'.join(LIGHTS)}`",
    "set": "`set depth=64`",
    "run": "`run`",
    "open": f"`open {'|'.join(PAGES)}`",
}
"""By verb, how it is written."""


def read_directive(text: str) -> dict[str, Any]:
    """A directive as plain data for the browser: its verb as `do`, and what it is about.

    Raises:
        InvalidSpec: If the view knows no such thing.
    """
    verb, _, rest = text.strip().partition(" ")
    if verb not in HELP:
        raise InvalidSpec(f"the view cannot `{verb}`; it can {', '.join(HELP.values())}")
    found = _READ[verb](rest.strip())
    if found is None:
        raise InvalidSpec(f"`{text.strip()}` is not understood; write {HELP[verb]}")
    return {"do": verb} | found


def _goto(rest: str) -> dict[str, Any] | None:
    if rest in PLACES:
        return {"place": rest}
    match = re.fullmatch(r"(sweep|step) (\d{1,5})", rest)
    return {"place": match[1], "number": int(match[2])} if match else None


def _method(rest: str) -> dict[str, Any] | None:
    return {"label": method_choice(rest).label} if rest else None


def _number(rest: str) -> dict[str, Any] | None:
    return {"layer": int(rest)} if rest.isdigit() else None


def _depth(rest: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"depth=(\d{1,3})", rest)
    return {"depth": int(match[1])} if match and 1 <= int(match[1]) <= 512 else None


def _bare(rest: str) -> dict[str, Any] | None:
    return None if rest else {}


def _one_of(choices: tuple[str, ...]) -> Callable[[str], dict[str, Any] | None]:
    return lambda rest: {"what": rest} if rest in choices else None


_READ: dict[str, Callable[[str], dict[str, Any] | None]] = {
    "goto": _goto,
    "play": _bare,
    "pause": _bare,
    "focus": _method,
    "pin": _number,
    "show": _one_of(SHOWS),
    "light": _one_of(LIGHTS),
    "set": _depth,
    "run": _bare,
    "open": _one_of(PAGES),
}
