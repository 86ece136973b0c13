"""Every number that a lesson shows is what the engine gives today."""

from __future__ import annotations

import json

import pytest

from moonviz.cli import main
from moonviz.errors import InvalidSpec
from moonviz.estimates.quantities import compute, numbers_for
from moonviz.lessons import lessons, number_of
from moonviz.lessons.numbers import FILE, known
from moonviz.lessons.quantities import KINDS, read_quantity
from moonviz.lessons.reading import answers_of, quantities_of
from moonviz.lessons.values import Base, of_result
from moonviz.networks import build
from moonviz.results import Result
from moonviz.runs.small import product
from moonviz.specs import preset

NAMES = [lesson.name for lesson in lessons()]


@pytest.mark.parametrize("lesson", lessons(), ids=NAMES)
def test_numbers_are_what_the_engine_gives(lesson):
    today = numbers_for([lesson])
    assert today
    for key, number in today.items():
        assert known()[key].value == pytest.approx(number.value, rel=1e-12), key
        assert (known()[key].source, known()[key].where) == (number.source, number.where), key


def test_no_number_is_kept_that_no_lesson_shows():
    shown = {lesson.base.key(quantity) for lesson in lessons() for quantity in quantities_of(lesson)}
    assert known().keys() == shown


@pytest.mark.parametrize("lesson", lessons(), ids=NAMES)
def test_each_question_has_one_answer_that_can_be_given(lesson):
    for question in lesson.front.questions:
        values = [number_of(lesson, one).value for one in answers_of(question)]
        if question.kind == "slider":
            scale = {"MiB": 2**20, "KiB": 2**10}.get(question.unit, 1)
            assert question.low <= values[0] / scale <= question.high
        elif question.kind == "curve":
            assert all(value > 0 for value in values)
        elif values:
            inside = [
                option
                for option in question.options
                if (option.low is None or values[0] >= option.low) and (option.high is None or values[0] < option.high)
            ]
            assert len(inside) == 1, (question.id, values[0])


def test_a_number_is_computed_by_whoever_knows_it(tmp_path):
    base = Base("digits-dense", {"depth": 4})
    net = build(preset("digits-dense", depth=4), "meta")
    assert compute(read_quantity("weights"), base).value == sum(weight.numel() for weight in net.parameters())
    assert compute(read_quantity("directions"), base).value == 64
    assert compute(read_quantity("erased conv inputs=2 size=8 kernel=3 stride=2 padding=1 outputs=5"), base).value == 4
    assert compute(read_quantity("cosine directions=5"), Base("relu-net")).value == pytest.approx((5 / 71_374) ** 0.5)
    ratio = compute(read_quantity("peak backprop depth=8 over depth=4"), base).value
    one, two = (compute(read_quantity(f"peak backprop depth={depth}"), base).value for depth in (8, 4))
    assert ratio == one / two
    assert compute(read_quantity("peak backprop depth=8 minus depth=4"), base).value == one - two


@pytest.mark.parametrize(
    ("name", "rows", "vector", "expected"),
    [
        ("jvp", [[2, 1], [0, 1]], [1, 3], (5, 3)),
        ("vjp", [[2, 1], [0, 1]], [1, 3], (2, 4)),
        ("vijp", [[2, 1], [0, 1]], [2, 4], (1, 3)),
        ("vjp", [[1, 1]], [3], (3, 3)),
        ("vijp", [[1, 1]], [3, 3], (3,)),
    ],
)
def test_products_with_small_matrices(name, rows, vector, expected):
    assert product(name, rows, vector) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "rows", "vector", "says"),
    [
        ("vijp", [[1], [1]], [2], "nothing undoes"),
        ("vjp", [[1, 1]], [1, 2], "takes 1 numbers"),
        ("jvp", [[1, 1], [1]], [1], "every row"),
    ],
)
def test_products_that_do_not_exist(name, rows, vector, says):
    with pytest.raises(InvalidSpec, match=says):
        product(name, rows, vector)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no quantity"),
        ("peak", "no method `nothing`"),
        ("peak backprop revbackprop", "names two things"),
        ("peak backprop:depth=3", "extra inputs are not permitted"),
        ("rank kernel=3", "is about a convolution"),
        ("weights backprop", "takes settings only"),
        ("error backprop colour=red", "takes `from`, `depth`, `dtype`"),
    ],
)
def test_quantities_that_cannot_be_read(text, says):
    with pytest.raises(InvalidSpec, match=says):
        read_quantity(text)


def test_every_kind_is_written_back_as_it_was_read():
    for text in ("peak moonwalk-mixed:anchor_every=4 depth=8 over backprop", "vjp W=2,1;0,1 h=1,3", "flops forward"):
        assert read_quantity(text).text() == text
    assert {kind.source for kind in KINDS.values()} >= {"dry run", "stored race", "stored precision", "probe"}


def test_a_stored_race_answers_for_its_own_settings_only():
    for text, says in (("time backprop depth=8", "other settings"), ("time forward", "has no `forward`")):
        with pytest.raises(InvalidSpec, match=says):
            compute(read_quantity(text), Base("digits-revnet"))
    number = compute(read_quantity("time backprop"), Base("digits-revnet"))
    assert number.measured
    assert "cores" in number.where


def test_numbers_are_computed_by_one_command(tmp_path, monkeypatch, capsys):
    file = tmp_path / "numbers.json"
    monkeypatch.setattr("moonviz.cli.lessons.FILE", file)
    folder = tmp_path / "lessons"
    folder.mkdir()
    source = next(one for one in lessons() if one.name.startswith("02"))
    text = (FILE.parent / f"{source.name}.md").read_text("utf-8")
    (folder / "02-jvp.md").write_text(text, "utf-8")
    assert main(["lessons", "numbers", str(folder)]) == 0
    assert json.loads(file.read_text("utf-8"))["vjp W=2,1;0,1 h=1,3"]["value"] == [2, 4]
    assert "numbers for 1 lessons" in capsys.readouterr().out


def test_a_result_that_does_not_hold_a_number_says_so():
    empty = Result(method="backprop", label="backprop")
    with pytest.raises(InvalidSpec, match="gave no `peak`"):
        of_result("peak", empty)
