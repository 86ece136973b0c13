"""A lesson's text as HTML: letters and words explain themselves when pointed at, numbers say who gave them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from moonviz.figures.style import (
    bytes_text,
    error_text,
    factor_text,
    flops_text,
    seconds_text,
    significant,
)
from moonviz.lessons import Lesson, Number, number_of
from moonviz.lessons.checking_text import lesson_setting
from moonviz.lessons.directives import PREFIX, read_directive
from moonviz.lessons.formulas import Token, formula
from moonviz.lessons.markup import Block, Piece, pieces
from moonviz.lessons.quantities import Quantity, read_quantity
from moonviz.lessons.words import glossary, symbols

SOURCE_WORDS = {
    "dry run": "Predicted by a dry run: {where}.",
    "run": "Measured here: {where}.",
    "stored race": "Measured beforehand on {where}.",
    "stored precision": "Measured beforehand on {where}.",
    "probe": "Found from the whole Jacobian of {where}.",
    "network": "Counted: {where}.",
    "formula": "Predicted by its formula: {where}.",
    "arithmetic": "Computed by {where}.",
}
BADGES = {"dry run": "predicted", "formula": "predicted", "probe": "computed", "arithmetic": "computed"}


def value_text(quantity: Quantity, value: float | tuple[float, ...]) -> str:
    """A value with its unit."""
    if isinstance(value, tuple):
        return f"({', '.join(f'{one:g}' for one in value)})"
    write = {
        "bytes": bytes_text,
        "flops": flops_text,
        "seconds": seconds_text,
        "error": error_text,
        "factor": factor_text,
        "share": lambda share: significant(share, 2),
        "count": lambda count: f"{count:,.0f}",
    }
    return write[quantity.unit](value)


def badge(number: Number) -> str:
    """One word that says what kind of number it is."""
    return BADGES.get(number.source, "counted" if number.source == "network" else "measured")


def origin(quantity: Quantity, number: Number) -> str:
    """What a number is, and who gave it."""
    words = quantity.kind.words
    return f"{words[0].upper()}{words[1:]}. {SOURCE_WORDS[number.source].format(where=number.where)}"


def number_html(quantity: Quantity, number: Number | None) -> str:
    """A number that explains itself."""
    if number is None:
        return '<span class="num">not computed</span>'
    return _explained("num", escape(value_text(quantity, number.value)), origin(quantity, number))


def _explained(kind: str, inner: str, tip: str) -> str:
    return f'<span class="{kind}" tabindex="0" data-tip="{escape(tip)}">{inner}</span>'


def formula_html(text: str, known: Mapping[str, str]) -> str:
    """A formula, set in serif; each letter says what it means."""
    return f'<span class="fx">{_tokens(formula(text), known)}</span>'


def _tokens(tokens: Iterable[Token], known: Mapping[str, str]) -> str:
    return "".join(_token(token, known) for token in tokens)


def _token(token: Token, known: Mapping[str, str]) -> str:
    low = f"<sub>{_plain(token.low)}</sub>" if token.low else ""
    high = f"<sup>{_plain(token.high)}</sup>" if token.high else ""
    scripts = f'<span class="both">{high}{low}</span>' if low and high else low + high
    if token.kind == "symbol":
        told = [known.get(token.text, "")]
        told += [f"{one.text}: {known[one.text]}" for one in (*token.low, *token.high) if one.text in known]
        tip = "; ".join(one for one in told if one)
        return _explained("sym", f"<i>{escape(token.text)}</i>{scripts}", f"{token.text}: {tip}.")
    if token.kind == "fraction":
        above, below = (_tokens(part, known) for part in token.parts)
        return f'<span class="frac"><span>{above}</span><span>{below}</span></span>'
    if token.kind in ("root", "group"):
        inner = _tokens(token.parts[0], known)
        return (f'√<span class="root">{inner}</span>' if token.kind == "root" else inner) + scripts
    if token.kind == "word":
        return f'<span class="said">{escape(token.text)}</span>{scripts}'
    wide = token.text in "=≈≤≥≠→+−·×⊙∈"
    return (f" {token.text} " if wide else escape(token.text)) + scripts


def _plain(tokens: Iterable[Token]) -> str:
    """Small print below and above a letter, without explanations of its own."""
    return "".join(f"<i>{escape(t.text)}</i>" if t.kind == "symbol" else escape(t.text) for t in tokens)


class Writer:
    """Writes one lesson's pieces."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.known = {**symbols(), **lesson.front.symbols}

    def line(self, text: str) -> str:
        """A line of the settings, such as a question."""
        return "".join(self.piece(one) for one in pieces(text))

    def block(self, block: Block) -> dict[str, Any]:
        """A block, as the browser is fed it."""
        if block.kind == "ask":
            return {"kind": "ask", "id": block.pieces[0].text}
        if block.kind == "formula":
            return {"kind": "formula", "html": formula_html(block.pieces[0].text, self.known)}
        return {"kind": block.kind, "html": "".join(self.piece(one) for one in block.pieces)}

    def piece(self, piece: Piece) -> str:
        """One piece."""
        text = escape(piece.text)
        if piece.kind == "formula":
            return formula_html(piece.text, self.known)
        if piece.kind == "number":
            return self._number(piece.text)
        if piece.kind == "word":
            word = glossary()[piece.target]
            return _explained("word", text, f"{word.name}: {word.says}")
        if piece.kind == "link":
            return self._link(piece)
        tag = {"bold": "b", "italic": "em", "code": "code"}.get(piece.kind)
        return f"<{tag}>{text}</{tag}>" if tag else text

    def _number(self, text: str) -> str:
        word, _, rest = text.partition(" ")
        if word == "given":
            return escape(rest)
        if word == "setting":
            value = lesson_setting(self.lesson, rest)
            said = f"{value:,}" if isinstance(value, int) else str(value)
            return _explained("num", escape(said), f"The network’s {rest}, as this lesson sets it.")
        quantity = read_quantity(text)
        return number_html(quantity, number_of(self.lesson, quantity))

    @staticmethod
    def _link(piece: Piece) -> str:
        if not piece.target.startswith(PREFIX):
            return f'<a href="{escape(piece.target)}" target="_blank" rel="noopener">{escape(piece.text)}</a>'
        act = " ".join(f'data-{key}="{escape(str(value))}"' for key, value in _act(piece.target).items())
        return f'<button type="button" class="act" {act}>{escape(piece.text)}</button>'


def _act(target: str) -> dict[str, Any]:
    return read_directive(target.removeprefix(PREFIX))


def sources_html(lesson: Lesson) -> str:
    """Where the ideas come from."""
    lines = []
    for source in lesson.front.sources:
        link = (
            f' <a href="https://arxiv.org/abs/{source.arxiv}" target="_blank" rel="noopener">arXiv {source.arxiv}</a>'
            if source.arxiv
            else ""
        )
        lines.append(f"<li>{escape(source.text)}{link}</li>")
    return f"<ul>{''.join(lines)}</ul>"
