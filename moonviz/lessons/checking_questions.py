"""What can be wrong with a lesson's questions. No torch here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from moonviz.errors import InvalidSpec
from moonviz.lessons.faults import Fault, line_of
from moonviz.lessons.models import Choice, Curve, Slider
from moonviz.lessons.quantities import Quantity, Term, read_quantity
from moonviz.lessons.reading import Lesson

LIVE = ("dry run",)
UNITS = {"MiB": "bytes", "KiB": "bytes", "times": "factor", "numbers": "count"}


def question_faults(name: str, front: str, lesson: Lesson) -> Iterator[Fault]:
    """Ids, places, answers, options."""
    placed = Counter(block.pieces[0].text for block in lesson.blocks if block.kind == "ask")
    lines = {block.pieces[0].text: block.line for block in lesson.blocks if block.kind == "ask"}
    ids = Counter(question.id for question in lesson.front.questions)
    for n, question in enumerate(lesson.front.questions):
        line = line_of(front, ["questions", n, "id"])
        if ids[question.id] > 1:
            yield Fault(name, line, f"Two questions have the id `{question.id}`.", "Give each an id of its own.")
        if placed[question.id] != 1:
            said = "nowhere" if not placed[question.id] else f"{placed[question.id]} times"
            yield Fault(
                name, line, f"Question `{question.id}` is asked {said} in the text.",
                f"Put `{{ask {question.id}}}` on one line of its own.",
            )  # fmt: skip
        answer = ["questions", n, "answer" if question.answer else "id"]
        for what, remedy in _answer(lesson, question):
            yield Fault(name, line_of(front, answer), f"Question `{question.id}`: {what}", remedy)
    for id_ in placed.keys() - ids.keys():
        yield Fault(name, lines[id_], f"The text asks `{id_}`, which is no question.", "Add it under [[questions]].")


def _answer(lesson: Lesson, question: Choice | Slider | Curve) -> Iterator[tuple[str, str]]:
    if not question.answer:
        right = [one for one in question.options if one.right] if isinstance(question, Choice) else []
        if not right:
            yield "there is no answer.", 'Add `answer = "a quantity"`, or `right = true` to one option.'
        elif len(right) > 1:
            yield f"{len(right)} options are marked as right.", "Mark one."
        return
    try:
        answer = read_quantity(question.answer)
        for term in answer.terms if answer.kind.source == "dry run" else ():
            lesson.base.network(term)
    except InvalidSpec as error:
        yield f"its answer names a thing the engine does not have: {error}.", "Name one that it has."
        return
    if question.by != "stored" and answer.kind.source not in LIVE and question.by != "run":
        yield f"`{answer.name}` cannot be asked of the engine in a moment.", 'Add `by = "stored"`.'
    if question.by == "run" and any(term.settings for term in answer.terms):
        yield "a run answers for the lesson’s own network only.", 'Take the settings out, or `by = "estimate"`.'
    yield from _fits(question, answer)


def _fits(question: Choice | Slider | Curve, answer: Quantity) -> Iterator[tuple[str, str]]:
    if isinstance(question, Choice):
        ranged = [one for one in question.options if one.low is not None or one.high is not None]
        if len(ranged) != len(question.options):
            yield "an option has no range.", "Give each option `low`, `high` or both, so that the answer picks one."
    elif isinstance(question, Slider):
        if question.low >= question.high or (question.scale == "log" and question.low <= 0):
            yield "the slider’s ends are the wrong way round.", "Take `low` below `high`, above 0 on a log scale."
        if UNITS[question.unit] != answer.unit:
            yield f"the slider is in {question.unit}, the answer in {answer.unit}.", "Make the two agree."
    else:
        if list(question.at) != sorted(set(question.at)):
            yield "the depths do not rise.", "Write each once, the smallest first."
        if any("depth" in term.settings for term in answer.terms) or answer.terms[0] == Term():
            yield "a curve sets the depth itself.", "Take `depth=` out of its answer."
        if question.beside:
            try:
                read_quantity(question.beside)
            except InvalidSpec as error:
                yield f"`beside` names a thing the engine does not have: {error}.", "Name one that it has."
