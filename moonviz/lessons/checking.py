"""The validator: everything that can be wrong with a lesson, said so that its author can mend it. No torch here."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from moonviz.errors import InvalidSpec
from moonviz.lessons.checking_questions import question_faults
from moonviz.lessons.checking_text import text_faults
from moonviz.lessons.directives import read_directive
from moonviz.lessons.faults import Fault, front_faults, line_of
from moonviz.lessons.models import LEAST_QUESTIONS, MOST_CHARACTERS, MOST_WORDS, Front, View
from moonviz.lessons.numbers import number_of
from moonviz.lessons.quantities import Term, method_choice
from moonviz.lessons.reading import Lesson, lesson_files, quantities_of, split
from moonviz.walking import EXAMPLES

STORED_PRECISION = ("anchors", "couplings", "dense-gentle", "dense-harsh", "formats")
"""Precision reports that a view can show; a test compares them with what is stored."""


def check(paths: Sequence[Path]) -> list[Fault]:
    """All faults of some lesson files, or of all lessons in some folders."""
    files = [file for path in paths for file in (lesson_files(path) if path.is_dir() else (path,))]
    faults = [fault for file in files for fault in check_file(file)]
    numbers: dict[str, str] = {}
    for file in files:
        place = file.name[:2]
        if place in numbers:
            said = f"Lesson number {place} is taken by {numbers[place]}."
            faults.append(Fault(file.name, 1, said, "Give each lesson a number of its own."))
        numbers.setdefault(place, file.name)
    return faults


def check_file(path: Path) -> list[Fault]:
    """All faults of one lesson file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return [Fault(path.name, 1, "The file cannot be read as text.", "Save it as UTF-8.")]
    if not re.fullmatch(r"\d\d-[a-z0-9-]+\.md", path.name):
        named = Fault(
            path.name, 1, "A lesson’s file is named by its number and title.", "Such as `03-forward-mode.md`."
        )
        return [named, *check_text(path.name, text)]
    return check_text(path.name, text)


def check_text(name: str, text: str) -> list[Fault]:
    """All faults of a lesson's text, as its file holds it."""
    if len(text) > MOST_CHARACTERS:
        said = f"The lesson has {len(text):,} characters; at most {MOST_CHARACTERS:,} fit."
        return [Fault(name, 1, said, "Split it in two.")]
    try:
        front, body, first = split(text)
    except InvalidSpec as error:
        _, _, said = str(error).partition(": ")
        return [Fault(name, 1, f"{said[0].upper()}{said[1:]}.", "See any other lesson for the shape.")]
    try:
        data = tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        return [_toml(name, str(error))]
    try:
        read = TypeAdapter(Front).validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        return front_faults(name, front, error)
    lesson = Lesson(name.removesuffix(".md"), read, body, first)
    return sorted({*_faults(name, front, lesson)}, key=lambda fault: (fault.line, fault.what))


def _toml(name: str, said: str) -> Fault:
    at = re.search(r"at line (\d+)", said)
    return Fault(
        name,
        1 + int(at[1]) if at else 2,
        f"The settings are not TOML: {said.split(' (')[0].lower()}.",
        'Texts stand in "quotes", tables in [brackets], and each key once.',
    )


def _faults(name: str, front: str, lesson: Lesson) -> Iterator[Fault]:
    yield from _network(name, front, lesson)
    yield from _view(name, front, lesson)
    for n, label in enumerate(lesson.front.methods):
        if fault := _refused(lambda label=label: method_choice(label)):
            yield Fault(name, line_of(front, ["methods"]), fault, f"Mend entry {n + 1} of `methods`.")
    if len(lesson.front.questions) < LEAST_QUESTIONS:
        said = f"The lesson asks {len(lesson.front.questions)} questions; it needs {LEAST_QUESTIONS} to predict."
        yield Fault(name, line_of(front, ["questions", 0]), said, "Add a `[[questions]]` table.")
    if not lesson.front.sources:
        yield Fault(name, 2, "No source is given.", "Add a `[[sources]]` table with `text`, and `arxiv` for a paper.")
    words = len(re.findall(r"\w+", lesson.text))
    if words > MOST_WORDS:
        yield Fault(name, lesson.first_line, f"The text has {words:,} words; at most {MOST_WORDS:,}.", "Shorten it.")
    broken = [*question_faults(name, front, lesson), *text_faults(name, lesson)]
    yield from broken
    if not broken:
        yield from _uncomputed(name, lesson)


def _network(name: str, front: str, lesson: Lesson) -> Iterator[Fault]:
    network = lesson.front.network
    line = line_of(front, ["network", "preset"])
    if bool(network.preset) == (network.spec is not None):
        yield Fault(name, line, "The network is a preset or a spec, one of the two.", "Give `preset` or `spec`.")
    elif fault := _refused(lambda: lesson.base.network(Term())):
        yield Fault(name, line, fault, "Mend `preset` or `settings` under [network].")


def _view(name: str, front: str, lesson: Lesson) -> Iterator[Fault]:
    view = lesson.front.view
    if view.kind == "precision" and view.stored not in STORED_PRECISION:
        known = ", ".join(f"`{one}`" for one in STORED_PRECISION)
        line = line_of(front, ["view", "stored"])
        yield Fault(name, line, f"There is no stored precision report `{view.stored}`.", f"Take one of {known}.")
    if view.kind == "memory-depth" and len(view.depths) < 2:
        line = line_of(front, ["view", "depths"])
        yield Fault(name, line, "A memory-depth view needs depths.", "Add `depths = [8, 32, 128]` under [view].")
    if view.kind == "walk":
        yield from _walk(name, front, view)
    if view.begin and (fault := _refused(lambda: read_directive(view.begin))):
        yield Fault(name, line_of(front, ["view", "begin"]), fault, "Mend `begin` under [view].")


def _walk(name: str, front: str, view: View) -> Iterator[Fault]:
    if view.walk not in EXAMPLES:
        known = ", ".join(f"`{one}`" for one in EXAMPLES)
        line = line_of(front, ["view", "walk"])
        yield Fault(name, line, f"There is no walk `{view.walk}`.", f"Take one of {known}.")
    if fault := _refused(lambda: method_choice(view.method)):
        yield Fault(name, line_of(front, ["view", "method"]), fault, "Mend `method` under [view].")


def _uncomputed(name: str, lesson: Lesson) -> Iterator[Fault]:
    if _refused(lambda: lesson.base.network(Term())):
        return
    for quantity in quantities_of(lesson):
        if number_of(lesson, quantity) is None:
            said = f"`{quantity.text()}` has not been computed for this network."
            yield Fault(name, lesson.first_line, said, "Run `python -m moonviz lessons numbers`.")


def _refused(reading: object) -> str:
    """What a reader says against its text, as a sentence; empty if nothing."""
    try:
        reading()  # type: ignore[operator]
    except InvalidSpec as error:
        text = str(error)
        return f"{text[0].upper()}{text[1:]}".rstrip(".") + "."
    return ""
