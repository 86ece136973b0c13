"""What the Learn page feeds its reader: a lesson as plain data, and answers to its questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, floor, log10
from typing import Any

from moonviz.figures.learn_text import Writer, badge, origin, sources_html, value_text
from moonviz.figures.style import MIB, significant
from moonviz.lessons import Lesson, Number, number_of
from moonviz.lessons.directives import read_directive
from moonviz.lessons.models import Choice, Curve, Slider
from moonviz.lessons.quantities import Quantity, read_quantity
from moonviz.lessons.reading import answers_of

Data = dict[str, Any]
UNIT_SCALE = {"MiB": MIB, "KiB": 1024, "times": 1, "numbers": 1}


def lesson_payload(lesson: Lesson, every: Sequence[Lesson]) -> Data:
    """A lesson, without its answers.

    Args:
        lesson: Which.
        every: All lessons in order, for the way from one to the next.
    """
    writer = Writer(lesson)
    front = lesson.front
    return {
        "name": lesson.name,
        "title": front.title,
        "minutes": front.minutes,
        "goal": writer.line(front.goal),
        "all": [{"name": one.name, "title": one.title, "asks": len(one.front.questions)} for one in every],
        "blocks": [writer.block(block) for block in lesson.blocks],
        "questions": {one.id: _question(lesson, one, writer) for one in front.questions},
        "sources": sources_html(lesson),
        "begin": read_directive(front.view.begin) if front.view.begin else None,
    }


def _question(lesson: Lesson, question: Choice | Slider | Curve, writer: Writer) -> Data:
    by = question.by if question.answer else "stored"
    told = {"kind": question.kind, "ask": writer.line(question.ask), "by": by}
    if isinstance(question, Choice):
        return told | {"options": [writer.line(option.text) for option in question.options]}
    if isinstance(question, Slider):
        return told | {name: getattr(question, name) for name in ("low", "high", "scale", "unit")}
    beside = _values(lesson, question, question.beside)
    values = [*_values(lesson, question, question.answer), *beside]
    quantity = read_quantity(question.answer)
    return told | {
        "at": list(question.at),
        "beside": beside,
        "name": quantity.kind.words,
        "besideName": read_quantity(question.beside).first.subject if question.beside else "",
        "unit": quantity.unit,
        **_axis(values, quantity.unit),
    }


def _values(lesson: Lesson, question: Curve, text: str) -> list[float]:
    if not text:
        return []
    numbers = [number_of(lesson, read_quantity(text).at(depth=depth)) for depth in question.at]
    return [float(number.value) for number in numbers if number and not isinstance(number.value, tuple)]


def _axis(values: Sequence[float], unit: str) -> Data:
    """A logarithmic axis in whole powers of ten with room at both ends, so that it gives nothing away."""
    scale = MIB if unit == "bytes" else 1
    low, high = (floor(log10(min(values) / scale) - 0.5), ceil(log10(max(values) / scale) + 0.3))
    quantity = {"bytes": "peak backprop", "flops": "flops backprop", "error": "error backprop from=x"}[unit]
    ticks = [
        [10.0**power * scale, value_text(read_quantity(quantity), 10.0**power * scale)]
        for power in range(low, high + 1)
    ]
    return {"low": 10.0**low * scale, "high": 10.0**high * scale, "ticks": ticks[:: max(1, len(ticks) // 6)]}


def answer_payload(
    lesson: Lesson, question: Choice | Slider | Curve, found: Mapping[str, Number], note: str = ""
) -> Data:
    """The answer to a question, with what is said to each way of missing it.

    Args:
        lesson: The question's.
        question: Which.
        found: Numbers by the text of their quantity.
        note: Something to be said beside it, such as that the engine did not answer.
    """
    writer = Writer(lesson)
    quantities = answers_of(question)
    main = quantities[: len(question.at)] if isinstance(question, Curve) else quantities[:1]
    told: Data = {"note": note, "badge": "", "origin": "", "text": ""}
    if main:
        number = found[main[0].text()]
        told |= {"badge": badge(number), "origin": origin(main[0], _where(question, number))}
        told["text"] = _in_its_unit(question, main[0], number.value)
    if isinstance(question, Choice):
        value = found[main[0].text()].value if main else None
        told |= {"right": _right(question, value), "feedback": [writer.line(one.feedback) for one in question.options]}
        return told
    told |= {"within": question.within}
    told["feedback"] = {name: writer.line(getattr(question, name)) for name in ("close", "under", "over")}
    if isinstance(question, Slider):
        return told | {"value": found[main[0].text()].value / UNIT_SCALE[question.unit]}
    told["feedback"] |= {name: writer.line(getattr(question, name)) for name in ("steeper", "flatter")}
    values = [found[one.text()].value for one in main]
    texts = [value_text(one, value) for one, value in zip(main, values, strict=True)]
    return told | {"values": values, "texts": texts}


def _where(question: Choice | Slider | Curve, number: Number) -> Number:
    """A curve's numbers come from several depths, of which the first would name one."""
    if not isinstance(question, Curve) or number.source != "dry run":
        return number
    depths = ", ".join(f"{depth:,}" for depth in question.at)
    return replace(number, where=f"{number.where.partition(',')[0]} at depths {depths}")


def _in_its_unit(question: Choice | Slider | Curve, quantity: Quantity, value: Any) -> str:
    """A slider's answer in the slider's unit, a ratio as so many times."""
    if isinstance(question, Slider) and question.unit in ("MiB", "KiB"):
        return f"{significant(value / UNIT_SCALE[question.unit])} {question.unit}"
    return f"{value_text(quantity, value)}{' times' if quantity.unit == 'factor' else ''}"


def _right(question: Choice, value: Any) -> int:
    """The number of the right option: the one whose range holds the value, or the one marked."""
    for n, option in enumerate(question.options):
        low = option.low if option.low is not None else float("-inf")
        high = option.high if option.high is not None else float("inf")
        if option.right if value is None else low <= value < high:
            return n
    return -1


def stored_answer(lesson: Lesson, question: Choice | Slider | Curve, note: str = "") -> Data:
    """The answer from numbers computed beforehand."""
    numbers = {one.text(): number_of(lesson, one) for one in answers_of(question)}
    return answer_payload(lesson, question, {key: one for key, one in numbers.items() if one}, note)
