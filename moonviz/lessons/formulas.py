"""Formulas of lessons: a small part of TeX, read into tokens whose letters are known. No HTML here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from moonviz.errors import InvalidSpec

TokenKind = Literal["symbol", "sign", "number", "word", "fraction", "root", "group"]
COMMANDS = {
    "partial": "∂", "theta": "θ", "phi": "φ", "sigma": "σ", "cdot": "·", "times": "×", "odot": "⊙", "approx": "≈",
    "le": "≤", "ge": "≥", "ne": "≠", "to": "→", "sum": "∑", "dots": "…", "pm": "±", "in": "∈",
    "top": "⊤", "ll": "≪", "gg": "≫", "epsilon": "ε", "quad": "\u2003", "lVert": "‖", "rVert": "‖",
}  # fmt: skip
"""TeX's names for signs and letters that may also be typed as they are."""
SIGNS = "=+−·×⊙≈≤≥≠→∑√…±∈∂⊤≪≫()[]{},;:/|‖<>′\u2003 "
_TOKEN = re.compile(r"\\[A-Za-z]+|\d+(?:\.\d+)?|[A-Za-z]\u0307|\S|\s+")


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a formula.

    Attributes:
        kind: What it is.
        text: A letter, sign, number or words.
        low: What stands below at its right.
        high: What stands above at its right.
        parts: Numerator and denominator of a fraction; the inside of a root or group.
    """

    kind: TokenKind
    text: str
    low: tuple[Token, ...] = ()
    high: tuple[Token, ...] = ()
    parts: tuple[tuple[Token, ...], ...] = ()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.raw = [part for part in _TOKEN.findall(text) if not part.isspace()]
        self.at = 0

    def peek(self) -> str:
        return self.raw[self.at] if self.at < len(self.raw) else ""

    def take(self) -> str:
        if self.at >= len(self.raw):
            raise InvalidSpec(f"the formula `{self.text}` ends too early; close every brace")
        self.at += 1
        return self.raw[self.at - 1]

    def until(self, stop: str) -> tuple[Token, ...]:
        found: list[Token] = []
        while self.peek() != stop:
            if not self.peek() and stop:
                self.take()
            if not self.peek():
                break
            found.append(self.scripted(self.one()))
        return tuple(found)

    def group(self) -> tuple[Token, ...]:
        if self.peek() != "{":
            return (self.one(),)
        self.take()
        inner = self.until("}")
        self.take()
        return inner

    def scripted(self, token: Token) -> Token:
        low: tuple[Token, ...] = ()
        high: tuple[Token, ...] = ()
        while self.peek() in ("_", "^"):
            if self.take() == "_":
                low = self.group()
            else:
                high = self.group()
        return Token(token.kind, token.text, low, high, token.parts) if low or high else token

    def one(self) -> Token:
        part = self.take()
        if part == "{":
            inner = self.until("}")
            self.take()
            return Token("group", "", parts=(inner,))
        if part == "\\frac":
            return Token("fraction", "", parts=(self.group(), self.group()))
        if part == "\\sqrt":
            return Token("root", "", parts=(self.group(),))
        if part in ("\\text", "\\mathrm"):
            return Token("word", self.words())
        if part.startswith("\\"):
            name = part[1:]
            if name not in COMMANDS:
                raise InvalidSpec(f"formulas here do not know `{part}`; they know \\frac, \\text, and signs as typed")
            part = COMMANDS[name]
        if part[0].isdigit():
            return Token("number", part)
        if part == "-":
            return Token("sign", "−")
        if part in ("}", "_", "^"):
            raise InvalidSpec(f"the formula `{self.text}` has a `{part}` that nothing goes before")
        return Token("sign" if part in SIGNS else "symbol", part)

    def words(self) -> str:
        """The plain words of a text group, spaces and all."""
        start = self.text.index("{", self._offset())
        end = self.text.find("}", start)
        if end < 0:
            raise InvalidSpec(f"the formula `{self.text}` ends too early; close every brace")
        while self.take() != "}":
            pass
        return self.text[start + 1 : end]

    def _offset(self) -> int:
        """Where in the text the last token taken begins."""
        at = 0
        for part in self.raw[: self.at]:
            at = self.text.index(part, at)
            at += len(part)
        return at


def formula(text: str) -> tuple[Token, ...]:
    """Read a formula.

    Raises:
        InvalidSpec: If a brace is open or a command unknown.
    """
    return _Reader(text).until("")


def letters(tokens: tuple[Token, ...]) -> list[str]:
    """All letters of a formula that need an explanation, those below and above others too, each once."""
    found: list[str] = []
    for token in tokens:
        if token.kind == "symbol":
            found.append(token.text)
        for part in (token.low, token.high, *token.parts):
            found += letters(part)
    return list(dict.fromkeys(found))
