"""What can be wrong with a lesson's text: links, formulas, words, numbers, and figures typed by hand. No torch here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from moonviz.errors import InvalidSpec
from moonviz.lessons.directives import PREFIX, read_directive
from moonviz.lessons.faults import Fault
from moonviz.lessons.formulas import formula, letters
from moonviz.lessons.markup import Piece, pieces
from moonviz.lessons.quantities import Term, read_quantity, setting
from moonviz.lessons.reading import Lesson, told
from moonviz.lessons.words import glossary, symbols

_UNITS = r"(?:[KMGT]iB|bytes?|B|bits?|FLOPs?|ms|µs|s|seconds?|minutes?|times|×|%|percent|per cent|digits?|-fold)"
FIGURES = (
    re.compile(rf"\d[\d,.]*\s?{_UNITS}(?!\w)"),
    re.compile(r"\d+\.\d+"),
    re.compile(r"10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹^]"),
    re.compile(r"\b\d{3,}\b"),
)
"""What looks like a measured figure: a number with a unit, a decimal, a power of ten, or one of three digits."""
LINKS = ("https://arxiv.org/abs/",)


def text_faults(name: str, lesson: Lesson) -> Iterator[Fault]:
    """Every piece of the text, and of what the questions say."""
    known = {**symbols(), **lesson.front.symbols}
    for block in lesson.blocks:
        if block.kind == "ask":
            continue
        for piece in block.pieces:
            shown = Piece("formula", piece.text, line=block.line) if block.kind == "formula" else piece
            for what, remedy in _piece(lesson, shown, known):
                yield Fault(name, shown.line, what, remedy)
    for said in told(lesson.front):
        for piece in pieces(said):
            for what, remedy in _piece(lesson, piece, known):
                yield Fault(name, 2, f"In “{said[:40]}”: {what}", remedy)


def _piece(lesson: Lesson, piece: Piece, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    try:
        if piece.kind == "link":
            _link(piece.target)
        elif piece.kind == "formula":
            yield from _formula(piece.text, known)
        elif piece.kind == "word" and piece.target not in glossary():
            yield f"`{piece.target}` is not in the glossary.", "Add it to glossary.toml, or take the brackets away."
        elif piece.kind == "number":
            yield from _number(lesson, piece.text)
    except InvalidSpec as error:
        said = str(error)
        yield f"{said[0].upper()}{said[1:]}.", "Mend it where it stands."
    if piece.kind in ("text", "bold", "italic", "link"):
        yield from _typed(piece.text)
        if stray := re.search(r"[{}$]|\[\[|\]\(", piece.text):
            yield f"`{stray[0]}` stands alone.", "Close what it opens, on the same line."


def _link(target: str) -> None:
    if target.startswith(PREFIX):
        read_directive(target.removeprefix(PREFIX))
    elif not target.startswith(LINKS):
        raise InvalidSpec(f"a link goes to `{target}`; links go to {LINKS[0]}… or drive the view with `{PREFIX}`")


def _formula(text: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    for letter in letters(formula(text)):
        if letter not in known:
            yield f"The letter `{letter}` in a formula is not explained.", f'Add `"{letter}" = "…"` under [symbols].'


def _number(lesson: Lesson, text: str) -> Iterator[tuple[str, str]]:
    word, _, rest = text.partition(" ")
    if word == "given":
        if not isinstance(setting(rest), int | float):
            yield f"`{{{text}}}` gives no number.", "Write a bare number after `given`: no unit, nothing measured."
    elif word == "setting":
        if lesson_setting(lesson, rest) is None:
            yield f"This lesson’s network has no setting `{rest}`.", "Name one of its preset’s settings."
    else:
        quantity = read_quantity(text)
        for term in quantity.terms if quantity.kind.source == "dry run" else ():
            lesson.base.network(term)


def lesson_setting(lesson: Lesson, name: str) -> object:
    """The value of a setting of the lesson's network; null if there is none."""
    known = {**lesson.base.defaults(), **lesson.base.settings}
    if name in known or lesson.base.preset:
        return known.get(name)
    network = lesson.base.network(Term())
    return getattr(network, name) if name in ("depth", "batch", "dtype", "seed") else None


def _typed(text: str) -> Iterator[tuple[str, str]]:
    for figure in FIGURES:
        if found := figure.search(text):
            yield (
                f"`{found[0]}` is a figure typed by hand.",
                "Name a quantity, such as `{peak backprop}`; a number you chose yourself is `{given 0.1}`.",
            )
            return
