"""What the project's files promise each other: methods and their files, pins, style, the README, the CI command."""

from __future__ import annotations

import inspect
import os
import re
import runpy
import subprocess
import sys
import tomllib
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from pkgutil import iter_modules

import pytest
from packaging.requirements import Requirement

import moonviz.layers
from moonviz.layers import Layer
from moonviz.methods import SCHEDULES
from moonviz.specs import METHODS, PRESETS, MethodOptions
from moonviz.theory import FORMULAS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^\.venv/bin/python -m moonviz (.+)$", README, re.MULTILINE)


def requirements(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]


def test_every_methods_options_stand_on_its_card():
    assert {options.method for options in MethodOptions.__subclasses__()} == set(METHODS)
    assert all(card.options.method == name for name, card in METHODS.items())


def test_every_method_has_its_schedule_and_its_formula_in_teaching_order():
    assert list(SCHEDULES) == list(FORMULAS) == list(METHODS)
    for room in ("methods", "theory"):
        files = {path.stem for path in (ROOT / "moonviz" / room).glob("*.py")}
        assert {method.replace("-", "_") for method in METHODS} <= files


def test_a_layer_that_others_build_on_is_abstract():
    for module in iter_modules(moonviz.layers.__path__):
        import_module(f"moonviz.layers.{module.name}")
    own = {cls for cls in _below(Layer) if cls.__module__.startswith("moonviz.")}  # not what other tests make up
    built_on = {base for cls in own for base in cls.__mro__[1:] if issubclass(base, Layer)}
    assert {cls.__name__ for cls in built_on if not inspect.isabstract(cls)} == set()


def _below(cls: type) -> set[type]:
    return {cls}.union(*(_below(child) for child in cls.__subclasses__()))


def test_pins_are_exact_and_within_what_the_project_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    pinned = {}
    for requirement in requirements("requirements.txt"):
        (exact,) = requirement.specifier
        assert exact.operator == "==", f"{requirement} is not pinned"
        pinned[requirement.name] = exact.version
    assert pinned.keys() == allowed.keys()
    assert {name for name, version in pinned.items() if version not in allowed[name]} == set()
    assert pinned["torch"] == "2.13.0"


def test_test_tools_are_pinned_too():
    tools = requirements("requirements-dev.txt")
    assert {"pytest", "hypothesis", "ruff", "playwright"} <= {tool.name for tool in tools}
    assert all(next(iter(tool.specifier)).operator == "==" for tool in tools)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_its_reason(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    comments = [before for before, line in pairwise(lines) if "==" in line and line[0] != "#"]
    # Two libraries of one purpose may share a comment.
    assert all(line.startswith("#") or "==" in line for line in comments)


@pytest.mark.parametrize("check", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_is_content(check):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *check, "--no-cache", "."], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_readmes_python_runs(number):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        check=False,
        cwd=ROOT,
        input=EXAMPLES[number],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_shows_every_command():
    assert {command.split()[0] for command in COMMANDS} == {
        "presets", "methods", "describe", "run", "estimate", "train", "doctor", "lessons",
    }  # fmt: skip
    assert len(EXAMPLES) >= 3


def test_the_readme_names_only_what_there_is():
    for words in COMMANDS:
        parts = words.split()
        assert {method for flag, method in pairwise(parts) if flag == "--method"} <= METHODS.keys()
        assert parts[0] not in {"describe", "run", "estimate", "train"} or parts[1] in PRESETS
    assert {
        path for path in re.findall(r"`((?:moonviz|tests)/[\w/.]+)`", README) if not (ROOT / path).exists()
    } == set()
    assert {path for path in re.findall(r"\]\((docs/[^)]+)\)", README) if not (ROOT / path).exists()} == set()


def test_each_readme_command_is_one_line_that_sets_itself_up():
    own_setup = [
        line for line in README.splitlines() if line.startswith("python3 -m venv .venv && .venv/bin/pip install")
    ]
    assert len(own_setup) == 2
    assert own_setup[0].endswith("-r requirements.txt && .venv/bin/streamlit run app.py")
    assert own_setup[1].endswith("-r requirements-dev.txt && .venv/bin/python -m pytest -n 2")


def test_ci_runs_the_readmes_test_command(tmp_path):
    """The script itself, in a copy whose `python3` only says what it was asked for."""
    (tmp_path / ".ci").mkdir()
    for name in (".ci/run", "README.md"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    stub = tmp_path / "bin" / "python3"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\necho "asked: $*"\nexit 7\n', encoding="utf-8")
    (tmp_path / "bin" / "chromium").write_text("#!/bin/sh\n", encoding="utf-8")
    for path in (stub, tmp_path / "bin" / "chromium"):
        path.chmod(0o755)
    here = os.environ | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")], check=False, cwd="/", env=here, capture_output=True, text=True
    )
    assert done.returncode == 7, done.stdout + done.stderr
    command, asked = done.stdout.splitlines()
    assert command.removeprefix("+ ") in README.splitlines()
    assert asked == "asked: -m venv .venv"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_readmes_table_of_methods_is_what_the_cards_say():
    script = ROOT / "docs" / "methods_table.py"
    found = runpy.run_path(str(script))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    between = text.split(found["BEGIN"])[1].split(found["END"])[0]
    assert between.strip() == found["table"](), "run python docs/methods_table.py"
