"""What is wrong with a lesson, for whoever wrote it: file, line, what, and what to do. No torch here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from moonviz.lessons.models import Choice, Curve, Front, LessonNetwork, Option, Slider, Source, View

TABLES = {"network": LessonNetwork, "view": View, "sources": Source}
QUESTIONS = {"choice": Choice, "slider": Slider, "curve": Curve}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        file: The lesson's file name.
        line: From 1.
        what: What is wrong, one sentence.
        remedy: What to do, one sentence.
    """

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what} {self.remedy}"


def front_faults(file: str, front: str, error: ValidationError) -> list[Fault]:
    """What pydantic found in the settings, in a teacher's words."""
    listed = error.errors(include_url=False, include_context=True)
    return [_fault(file, front, one) for one in listed]


def _fault(file: str, front: str, one: Mapping[str, Any]) -> Fault:
    # A question's kind stands in the place of an error, but not in the file.
    place = [part for part in one["loc"] if part not in QUESTIONS]
    kind = next((part for part in one["loc"] if part in QUESTIONS), None)
    line, name = line_of(front, place), str(place[-1]) if place else "the whole"
    if one["type"] == "extra_forbidden":
        near = get_close_matches(name, _keys(place, kind), n=1)
        hint = f"Write `{near[0]}`." if near else f"Known here: {', '.join(f'`{k}`' for k in _keys(place, kind))}."
        return Fault(file, line, f"`{name}` is not something a lesson can say here.", hint)
    if one["type"] == "missing":
        return Fault(file, line, f"`{name}` is missing{_where(place)}.", f"Add a line `{name} = …`.")
    if one["type"] in ("literal_error", "union_tag_invalid", "union_tag_not_found"):
        allowed = one["ctx"].get("expected") or one["ctx"].get("expected_tags") or "`choice`, `slider`, `curve`"
        said = f"`{_short(one['input'])}` is" if one["type"] == "literal_error" else "This question’s `kind` is"
        return Fault(file, line, f"{said} none of what {_subject(place)} can be.", f"Take one of {allowed}.")
    says = one["msg"].removeprefix("Value error, ")
    return Fault(file, line, f"`{name}` is {_short(one['input'])!r}.", f"{says}.".replace("..", "."))


def _subject(place: Sequence[Any]) -> str:
    return f"`{place[-1]}`" if place and isinstance(place[-1], str) else "it"


def _where(place: Sequence[Any]) -> str:
    if len(place) < 2:
        return ""
    parts = (f"{part + 1}" if isinstance(part, int) else f"`{part}`" for part in place[:-1])
    return f" in {' '.join(parts)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _keys(place: Sequence[Any], kind: str | None) -> list[str]:
    if "options" in place:
        return list(Option.model_fields)
    if kind:
        return list(QUESTIONS[kind].model_fields)
    table = TABLES.get(str(place[0])) if len(place) > 1 else None
    return list((table or Front).model_fields)


def line_of(front: str, place: Sequence[Any], first: int = 2) -> int:
    """The line in the file that a place in the settings stands in, as near as it can be found.

    Args:
        front: The settings as written.
        place: Keys and numbers from the outside in, such as `("questions", 1, "answer")`.
        first: The number of the settings' first line.
    """
    lines = front.splitlines()
    start, end = 0, len(lines)
    header = ""
    for n, part in enumerate(place):
        if isinstance(part, int):
            found = [at for at in range(start, end) if lines[at].strip() == f"[[{header}]]"]
            if part < len(found):
                start = found[part]
                end = found[part + 1] if part + 1 < len(found) else end
            continue
        header = f"{header}.{part}" if header else part
        table = next((at for at in range(start, end) if lines[at].strip() == f"[{header}]"), None)
        if table is not None:
            start = table
            end = next((at for at in range(table + 1, end) if lines[at].strip().startswith("[")), end)
        elif n == len(place) - 1:
            key = re.compile(rf"^\s*{re.escape(part)}\s*=")
            start = next((at for at in range(start, end) if key.match(lines[at])), start)
    return first + start
