"""Read lesson files: front matter between `+++` lines, then the text. No torch here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from moonviz.errors import InvalidSpec
from moonviz.lessons.markup import Block, blocks, pieces
from moonviz.lessons.models import Choice, Curve, Front, Slider
from moonviz.lessons.quantities import Quantity, read_quantity
from moonviz.lessons.values import Base

HERE = Path(__file__).parent
FENCE = "+++"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson, ready to be shown.

    Attributes:
        name: Its file's name without `.md`, such as `06-the-three-sweeps`.
        front: What stands between the fences.
        text: The rest, as written.
        first_line: The number of the text's first line in the file.
    """

    name: str
    front: Front
    text: str
    first_line: int

    @property
    def title(self) -> str:
        """A few words."""
        return self.front.title

    @property
    def base(self) -> Base:
        """The network that its quantities are about."""
        return self.front.network.base

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The text in pieces."""
        return blocks(self.text, self.first_line)

    def question(self, id_: str) -> Choice | Slider | Curve | None:
        """The question of that id."""
        return next((one for one in self.front.questions if one.id == id_), None)


def split(text: str) -> tuple[str, str, int]:
    """Front matter, text, and the number of the text's first line.

    Raises:
        InvalidSpec: If the fences are missing.
    """
    lines = text.splitlines()
    if not lines or lines[0].strip() != FENCE:
        raise InvalidSpec("line 1: a lesson begins with a line `+++`, then its settings, then another line `+++`")
    end = next((n for n, line in enumerate(lines[1:], start=1) if line.strip() == FENCE), None)
    if end is None:
        raise InvalidSpec("line 1: the settings are not closed; put a line `+++` after them")
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :]), end + 2


def read_lesson(path: Path) -> Lesson:
    """Read one lesson.

    Raises:
        InvalidSpec: Naming what is wrong; `check` says it line by line.
    """
    front, text, first = split(path.read_text("utf-8"))
    try:
        data = tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSpec(f"the settings are not TOML: {error}") from None
    return Lesson(path.stem, Front.read(data), text, first)


def lesson_files(folder: Path = HERE) -> tuple[Path, ...]:
    """All lesson files of a folder, in teaching order."""
    return tuple(sorted(one for one in folder.glob("*.md") if re.match(r"\d\d-", one.name)))


@cache
def lessons() -> tuple[Lesson, ...]:
    """The lessons that ship with the package, in teaching order; read once."""
    return tuple(read_lesson(path) for path in lesson_files())


def quantities_of(lesson: Lesson) -> tuple[Quantity, ...]:
    """Every quantity that the lesson needs a number for: in its text, its questions and its view, each once."""
    found: list[Quantity] = []
    for block in lesson.blocks:
        names = (piece.text for piece in block.pieces if piece.kind == "number")
        found += [read_quantity(name) for name in names if not name.startswith(("given ", "setting "))]
    names = [piece.text for said in told(lesson.front) for piece in pieces(said) if piece.kind == "number"]
    found += [read_quantity(name) for name in names if not name.startswith(("given ", "setting "))]
    for question in lesson.front.questions:
        found += answers_of(question)
    view = lesson.front.view
    if view.kind == "memory-depth":
        found += [read_quantity(f"peak {m}").at(depth=d) for m in lesson.front.methods for d in view.depths]
    return tuple({one.text(): one for one in found}.values())


def answers_of(question: Choice | Slider | Curve) -> list[Quantity]:
    """The quantities that answer a question: none where an option is marked as right."""
    if not question.answer:
        return []
    answer = read_quantity(question.answer)
    if not isinstance(question, Curve):
        return [answer]
    beside = [read_quantity(question.beside)] if question.beside else []
    return [one.at(depth=depth) for one in [answer, *beside] for depth in question.at]


def told(front: Front) -> Iterator[str]:
    """All that a lesson's settings say to a reader, as it is written."""
    yield front.goal
    for question in front.questions:
        yield question.ask
        if question.kind == "choice":
            for option in question.options:
                yield from (option.text, option.feedback)
        else:
            yield from (question.close, question.under, question.over)
        if question.kind == "curve":
            yield from (question.steeper, question.flatter)
