from __future__ import annotations

import json

import pytest
from lesson_cases import BROKEN, GOOD

from moonviz.cli import main
from moonviz.data.stored import stored_precision_names
from moonviz.lessons import check, check_text, lesson_files, lessons
from moonviz.lessons.checking import STORED_PRECISION
from moonviz.lessons.numbers import Number, known

NUMBERS = {
    "peak backprop | digits-revnet depth=32": Number(1.0, "dry run", ""),
    "peak backprop depth=128 over depth=32 | digits-revnet depth=32": Number(4.0, "dry run", ""),
}


@pytest.fixture(autouse=True)
def computed(monkeypatch):
    """The good lesson's numbers, whatever the package's own lessons show."""
    monkeypatch.setattr("moonviz.lessons.numbers.known", lambda: NUMBERS)


def test_a_good_lesson_has_no_faults():
    assert check_text("01-good.md", GOOD) == []


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_lesson_is_refused_where_it_is_broken(case):
    (old, new), said, line = BROKEN[case]
    assert GOOD.count(old) >= 1
    faults = check_text("01-bad.md", GOOD.replace(old, new, 1))
    told = [str(fault) for fault in faults if said in str(fault)]
    assert told, [str(fault) for fault in faults]
    assert told[0].startswith(f"01-bad.md, line {line}: "), told
    assert all(fault.what.endswith((".", "…")) and fault.remedy.endswith(".") for fault in faults)
    assert not any(word in told[0] for word in ("Traceback", "pydantic", "type=", "Error"))


def test_no_text_makes_the_validator_fall():
    for at in range(0, len(GOOD), 7):
        for text in (GOOD[:at], GOOD[at:], GOOD[:at] + GOOD[at + 5 :]):
            check_text("01-cut.md", text)


def test_files_are_checked_together(tmp_path):
    for name in ("01-one.md", "01-two.md", "zero.md"):
        (tmp_path / name).write_text(GOOD, "utf-8")
    said = "\n".join(map(str, check([tmp_path])))
    assert said == "01-two.md, line 1: Lesson number 01 is taken by 01-one.md. Give each lesson a number of its own."
    assert "is named by its number" in str(check([tmp_path / "zero.md"])[0])
    (tmp_path / "02-bytes.md").write_bytes(b"\xff\xfe+++")
    assert "Save it as UTF-8" in str(check([tmp_path / "02-bytes.md"])[0])


def test_a_new_lesson_needs_no_python(tmp_path, capsys):
    file = tmp_path / "42-mine.md"
    file.write_text(GOOD, "utf-8")
    assert main(["lessons", "check", str(file)]) == 0
    assert "1 lesson: nothing is wrong." in capsys.readouterr().out
    file.write_text(GOOD.replace("goal =", "gaol ="), "utf-8")
    assert main(["lessons", "check", str(tmp_path), "--json", "-"]) == 2
    faults = json.loads(capsys.readouterr().out)["faults"]
    assert ("42-mine.md", 4) in [(one["file"], one["line"]) for one in faults]
    assert main(["lessons", "check", str(tmp_path / "none.md")]) == 2
    assert "there is no" in capsys.readouterr().err


def test_a_precision_view_names_what_is_stored():
    assert stored_precision_names() == STORED_PRECISION
    broken = GOOD.replace('kind = "player"', 'kind = "precision"\nstored = "couples"')
    assert any("no stored precision report `couples`" in str(fault) for fault in check_text("01-x.md", broken))


def test_the_package_s_own_lessons(monkeypatch):
    monkeypatch.setattr("moonviz.lessons.numbers.known", known)
    assert [str(fault) for fault in check(lesson_files())] == []
    assert [lesson.name for lesson in lessons()] == [file.stem for file in lesson_files()]
