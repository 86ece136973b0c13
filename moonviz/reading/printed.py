"""A module as PyTorch prints it, taken apart into lines, names and arguments; nothing is executed. No torch here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from moonviz.errors import InvalidSpec

MAX_LETTERS = 200_000
MAX_LINES = 4_096
MAX_LINE = 400
MAX_NESTING = 20

Value = int | float | str | bool | None | tuple[int | float | str, ...]

_LINE = re.compile(r"(?:\(([^()\s]{1,60})\): )?([A-Za-z_]\w{0,60})\((.*)")
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Given:
    """A layer as it is printed: its line, its name, its arguments with their names (empty where there is none)."""

    line: int
    kind: str
    arguments: tuple[tuple[str, Value], ...]

    def get(self, name: str, default: Value, place: int | None = None) -> Value:
        """An argument by name, or by its place among those without a name."""
        plain = [value for key, value in self.arguments if not key]
        if place is not None and place < len(plain):
            return plain[place]
        return next((value for key, value in self.arguments if key == name), default)

    def fault(self, what: str) -> InvalidSpec:
        """An error that names the line and the layer."""
        return InvalidSpec(f"line {self.line}: `{self.kind}` {what}")

    def whole(self, name: str, default: Value, place: int | None = None) -> int:
        """An argument that is one whole number, or the same number along every axis.

        Raises:
            InvalidSpec: If it is anything else.
        """
        value = self.get(name, default, place)
        if isinstance(value, tuple) and value and len(set(value)) == 1:
            value = value[0]
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fault(f"has `{name}` {value!r}; here it takes one whole number, the same along every axis")
        return value

    def number(self, name: str, default: float) -> float:
        """An argument that is a number.

        Raises:
            InvalidSpec: If it is anything else.
        """
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fault(f"has `{name}` {value!r}; it takes a number")
        return float(value)

    def must_be(self, name: str, *allowed: Value) -> None:
        """Refuse an argument of another value; the first one allowed is what a missing argument means.

        Raises:
            InvalidSpec: Saying what is allowed.
        """
        value = self.get(name, allowed[0])
        if isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]
        if not any(value == one and type(value) is type(one) for one in allowed):
            raise self.fault(f"has `{name}` {value!r}; here it can only be {' or '.join(map(repr, allowed))}")


def leaves(text: str) -> Iterator[Given]:
    """The layers in order, nested `Sequential`s opened."""
    if len(text) > MAX_LETTERS:
        raise InvalidSpec(f"the text has {len(text):,} letters; at most {MAX_LETTERS:,} are read")
    lines = text.strip().splitlines()
    if len(lines) > MAX_LINES:
        raise InvalidSpec(f"the text has {len(lines):,} lines; at most {MAX_LINES:,} are read")
    depth, closed = 0, False
    for number, line in enumerate((line.strip() for line in lines), 1):
        if not line:
            continue
        if closed:
            raise InvalidSpec(f"line {number}: `{_short(line)}` comes after the end of the `Sequential`")
        if line == ")":
            depth -= 1
            closed = depth == 0
            if depth < 0:
                raise InvalidSpec(f"line {number}: `)` closes nothing")
            continue
        kind, inside = _split(number, line)
        if depth == 0 and kind != "Sequential":
            raise InvalidSpec(
                f"line {number}: the text begins with `{kind}`, but only an `nn.Sequential` tells in which order its "
                "layers run. Print a model that is one."
            )
        if inside is None:
            depth = _deeper(number, kind, depth)
        elif kind == "Sequential":
            closed = depth == 0
        else:
            yield Given(number, kind, tuple(_arguments(number, inside)))
    if not closed:
        raise InvalidSpec("the text ends before its `Sequential` does; copy all of it, with the last `)`")


def _split(number: int, line: str) -> tuple[str, str | None]:
    """The layer's name, and what is between its brackets; None if they are closed on a later line."""
    found = _LINE.fullmatch(line) if len(line) <= MAX_LINE else None
    if found is None or (found[3] and not found[3].endswith(")")):
        raise InvalidSpec(
            f"line {number}: `{_short(line)}` is not as PyTorch prints a layer, like `(0): Linear(in_features=64, "
            "out_features=64, bias=True)`"
        )
    return found[2], found[3][:-1] if found[3] else None


def _deeper(number: int, kind: str, depth: int) -> int:
    if kind != "Sequential":
        raise InvalidSpec(
            f"line {number}: `{kind}` holds layers, but not in an order that the text tells. Only nested `Sequential`s "
            "are read."
        )
    if depth >= MAX_NESTING:
        raise InvalidSpec(f"line {number}: `Sequential`s are nested more than {MAX_NESTING} deep")
    return depth + 1


def _arguments(number: int, inside: str) -> Iterator[tuple[str, Value]]:
    """(name, value) of each argument, the name empty where there is none."""
    parts, begin, depth = [], 0, 0
    for at, letter in enumerate(inside + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(inside[begin:at].strip())
            begin = at + 1
    if depth:
        raise InvalidSpec(f"line {number}: `{_short(inside)}` has brackets that do not match")
    for part in parts if inside.strip() else ():
        name, equals, value = part.partition("=")
        yield (name.strip(), _value(number, value.strip())) if equals else ("", _value(number, part))


def _value(number: int, text: str) -> Value:
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    if text.startswith("(") and text.endswith(")"):
        return tuple(_single(number, part.strip()) for part in text[1:-1].split(",") if part.strip())
    return _single(number, text)


def _single(number: int, text: str) -> int | float | str:
    if _NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    if re.fullmatch(r"'?\w{1,30}'?", text):
        return text.strip("'")
    raise InvalidSpec(f"line {number}: `{_short(text)}` is no number, word or bracket of numbers")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
