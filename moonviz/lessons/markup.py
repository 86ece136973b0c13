"""The text of a lesson: a small Markdown, read into pieces that know their line. No torch, no HTML here.

Blocks are paragraphs, headings (`## `), lists (`- `), formulas between `$$`, and a question on a line of its own,
`{ask id}`. Within a line: **bold**, *italic*, `code`, $formula$, [words](link), [[glossary word]] or
[[glossary word|as said here]], and {quantity}.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Inline = Literal["text", "bold", "italic", "code", "formula", "link", "word", "number"]
BlockKind = Literal["paragraph", "heading", "item", "formula", "ask"]

_INLINE = re.compile(
    r"(?P<formula>\$[^$]+\$)"
    r"|(?P<code>`[^`]+`)"
    r"|(?P<word>\[\[[^\]]+\]\])"
    r"|(?P<link>\[[^\]]+\]\([^)]+\))"
    r"|(?P<number>\{[^{}]+\})"
    r"|(?P<bold>\*\*[^*]+\*\*)"
    r"|(?P<italic>\*[^*]+\*)"
)
_ASK = re.compile(r"^\{ask ([^{}]+)\}$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line.

    Attributes:
        kind: What it is.
        text: Its words, formula or quantity.
        target: Where a link goes, or a word's name in the glossary.
        line: In the file, from 1.
    """

    kind: Inline
    text: str
    target: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or the like; a formula has its text as the only piece, a question its id."""

    kind: BlockKind
    pieces: tuple[Piece, ...]
    line: int


def blocks(text: str, first_line: int = 1) -> tuple[Block, ...]:
    """Read a lesson's text.

    Args:
        text: What follows the front matter.
        first_line: The number of its first line in the file.
    """
    found: list[Block] = []
    paragraph: list[tuple[str, int]] = []

    def close() -> None:
        if paragraph:
            found.append(Block("paragraph", _lines(paragraph), paragraph[0][1]))
            paragraph.clear()

    for number, raw in enumerate(text.splitlines(), start=first_line):
        line = raw.strip()
        kind, inner = _kind(line)
        if kind == "paragraph" and line:
            paragraph.append((line, number))
            continue
        if kind == "paragraph" and not line:
            close()
            continue
        close()
        if kind in ("formula", "ask"):
            found.append(Block(kind, (Piece("text", inner, line=number),), number))
        else:
            found.append(Block(kind, pieces(inner, number), number))
    close()
    return tuple(found)


def _kind(line: str) -> tuple[BlockKind, str]:
    if ask := _ASK.match(line):
        return "ask", ask[1].strip()
    if line.startswith("$$") and line.endswith("$$") and len(line) > 4:
        return "formula", line[2:-2].strip()
    if line.startswith("## "):
        return "heading", line[3:].strip()
    return ("item", line[2:].strip()) if line.startswith("- ") else ("paragraph", line)


def _lines(lines: list[tuple[str, int]]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    for n, (line, number) in enumerate(lines):
        if n:
            found.append(Piece("text", " ", line=number))
        found += pieces(line, number)
    return tuple(found)


def pieces(text: str, line: int = 0) -> tuple[Piece, ...]:
    """The parts of one line."""
    found: list[Piece] = []
    end = 0
    for match in _INLINE.finditer(text):
        if match.start() > end:
            found.append(Piece("text", text[end : match.start()], line=line))
        found.append(_piece(match.lastgroup or "", match[0], line))
        end = match.end()
    if end < len(text):
        found.append(Piece("text", text[end:], line=line))
    return tuple(found)


def _piece(kind: str, raw: str, line: int) -> Piece:
    if kind == "word":
        name, _, said = raw[2:-2].partition("|")
        return Piece("word", said.strip() or name.strip(), name.strip(), line)
    if kind == "link":
        words, _, target = raw[1:-1].partition("](")
        return Piece("link", words, target.strip(), line)
    if kind == "bold":
        return Piece("bold", raw[2:-2], line=line)
    kinds: dict[str, Inline] = {"formula": "formula", "code": "code", "number": "number", "italic": "italic"}
    return Piece(kinds[kind], raw[1:-1].strip(), line=line)
