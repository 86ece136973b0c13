from __future__ import annotations

import json
import re

import pytest

from moonviz.figures.learn import answer_payload, lesson_payload, stored_answer
from moonviz.figures.learn_text import Writer, formula_html, number_html, value_text
from moonviz.lessons import Number, lessons
from moonviz.lessons.formulas import formula, letters
from moonviz.lessons.markup import blocks, pieces
from moonviz.lessons.quantities import read_quantity

NAMES = [lesson.name for lesson in lessons()]
KNOWN = {"h": "the gradient", "J": "the Jacobian", "i": "a layer"}


@pytest.mark.parametrize("lesson", lessons(), ids=NAMES)
def test_a_lesson_is_fed_without_its_answers(lesson):
    fed = lesson_payload(lesson, lessons())
    text = json.dumps(fed, ensure_ascii=False, allow_nan=False)
    assert "not computed" not in text
    assert [block["id"] for block in fed["blocks"] if block["kind"] == "ask"] == [
        block.pieces[0].text for block in lesson.blocks if block.kind == "ask"
    ]
    for question in fed["questions"].values():
        assert not {"answer", "right", "value", "values", "feedback"} & question.keys()


@pytest.mark.parametrize("lesson", lessons(), ids=NAMES)
def test_every_letter_word_and_number_explains_itself(lesson):
    html = " ".join(block.get("html", "") for block in lesson_payload(lesson, lessons())["blocks"])
    shown = re.findall(r'<span class="(?:sym|num|word)" tabindex="0" data-tip="([^"]*)"', html)
    assert shown
    assert all(len(tip) > 8 and tip.endswith((".", "?")) for tip in shown), shown


@pytest.mark.parametrize("lesson", lessons(), ids=NAMES)
def test_every_question_has_its_answer_and_what_is_said_to_each_miss(lesson):
    for question in lesson.front.questions:
        answer = stored_answer(lesson, question)
        json.dumps(answer, allow_nan=False)
        if question.kind == "choice":
            assert 0 <= answer["right"] < len(answer["feedback"]) == len(question.options)
        else:
            cases = {"close", "under", "over"} | ({"steeper", "flatter"} if question.kind == "curve" else set())
            assert answer["feedback"].keys() == cases
        if question.answer:
            assert answer["badge"] in ("predicted", "measured", "computed")
            assert answer["origin"].endswith(".")


def test_a_choice_goes_by_the_number_that_came():
    lesson = lessons()[5]
    question = lessons()[6].question("dtype")
    key = "residuals moonwalk-mixed dtype=float64 over dtype=float32"
    rights = [answer_payload(lesson, question, {key: Number(v, "dry run", "x")})["right"] for v in (2.0, 1.0, 0.5, 1.5)]
    assert rights == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("peak backprop", 2**20, "1.00 MiB"),
        ("peak backprop over forward", 1.5, "1.50"),
        ("flops backprop", 2e9, "2.00 GFLOP"),
        ("time backprop", 0.25, "250 ms"),
        ("error backprop from=x", 1e-6, "10⁻⁶"),
        ("weights", 71_370, "71,370"),
        ("cosine directions=1", 0.00374, "0.0037"),
        ("vjp W=1,1 h=3", (3.0, 2.5), "(3, 2.5)"),
    ],
)
def test_numbers_carry_their_units(text, value, shown):
    quantity = read_quantity(text)
    assert value_text(quantity, value) == shown
    assert f">{shown}<" in number_html(quantity, Number(value, quantity.kind.source, "here"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("h_{i-1} = h_i J_i", ["h", "i", "J"]),
        (r"\sqrt{\frac{K}{K + P - 1}}", ["K", "P"]),
        (r"\text{keep } r_i", ["r", "i"]),
        ("h_{i-1} J_i^R", ["h", "i", "J", "R"]),
        ("3 L C", ["L", "C"]),
    ],
)
def test_formulas_know_their_letters(text, found):
    assert letters(formula(text)) == found


def test_a_formula_is_set_with_what_each_letter_means():
    html = formula_html("h_i J_i^R", KNOWN)
    assert 'data-tip="h: the gradient; i: a layer."' in html
    assert '<span class="both"><sup><i>R</i></sup><sub><i>i</i></sub></span>' in html
    assert '<span class="said">keep all </span>' in formula_html(r"\text{keep all } h", KNOWN)
    assert "frac" in formula_html(r"\frac{h}{J}", KNOWN)


def test_text_is_read_into_pieces():
    kinds = [
        (one.kind, one.text, one.target) for one in pieces("a **b** *c* `d` $e$ [f](do:play) [[h|g]] {peak backprop}")
    ]
    assert [one for one in kinds if one[1] != " "] == [
        ("text", "a ", ""), ("bold", "b", ""), ("italic", "c", ""), ("code", "d", ""), ("formula", "e", ""),
        ("link", "f", "do:play"), ("word", "g", "h"), ("number", "peak backprop", ""),
    ]  # fmt: skip
    found = blocks("one\ntwo\n\n## head\n- item\n$$x$$\n{ask q}\n", first_line=5)
    assert [(block.kind, block.line) for block in found] == [
        ("paragraph", 5), ("heading", 8), ("item", 9), ("formula", 10), ("ask", 11),
    ]  # fmt: skip


def test_nothing_of_a_lesson_is_taken_for_html():
    writer = Writer(lessons()[0])
    html = writer.line("<script>x</script> **<b>** `<i>` [<u>](do:goto start) $<$ [[h|<em>]]")
    assert not re.search(r"<(script|u|em)>", html)
    assert "&lt;script&gt;" in html
    assert '<button type="button" class="act" data-do="goto" data-place="start">' in html
