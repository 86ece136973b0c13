"""`python -m moonviz lessons`: check lesson files, and compute the numbers that they show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moonviz.cli.output import Output
from moonviz.errors import InvalidSpec
from moonviz.lessons import check, lesson_files, read_lesson
from moonviz.lessons.numbers import FILE, read, write

app = typer.Typer(help="Check lesson files, and compute the numbers that they show.", no_args_is_help=True)

FOLDER = FILE.parent
Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH…", help="Lesson files, or folders of them; all that ship, if none.")
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="PATH|-", help="Write JSON to a file, or to standard output.")
]


@app.command("check")
def check_lessons(paths: Paths = None, json: Json = None) -> int:
    """Say what is wrong with lesson files: file, line, and what to do."""
    output = Output(json)
    wanted = _known(paths or [FOLDER])
    faults = check(wanted)
    for fault in faults:
        output.words.print(str(fault), markup=False, highlight=False, soft_wrap=True)
    if not faults:
        count = sum(len(lesson_files(path)) if path.is_dir() else 1 for path in wanted)
        output.words.print(f"{count} lesson{'s' * (count != 1)}: nothing is wrong.")
    listed = [{"file": one.file, "line": one.line, "what": one.what, "remedy": one.remedy} for one in faults]
    output.write_data(faults=listed)
    return 2 if faults else 0


@app.command("numbers")
def compute_numbers(paths: Paths = None, json: Json = None) -> int:
    """Compute the numbers that lessons show, by dry runs and from stored measurements, and keep them."""
    output = Output(json)
    files = [file for path in _known(paths or [FOLDER]) for file in (lesson_files(path) if path.is_dir() else [path])]
    from moonviz.estimates.quantities import numbers_for

    found = numbers_for(read_lesson(file) for file in files)
    # Lessons named one by one add to what is known; all together they replace it.
    before = read(FILE.read_text("utf-8")) if paths and FILE.exists() else {}
    FILE.write_text(write(before | found), "utf-8")
    output.words.print(f"{len(found)} numbers for {len(files)} lessons, in {FILE.name}.")
    output.write_data(numbers={key: one.value for key, one in found.items()})
    return 0


def _known(paths: list[Path]) -> list[Path]:
    for path in paths:
        if not path.exists():
            raise InvalidSpec(f"there is no `{path}`; give a lesson's file or a folder of lessons")
    return paths
