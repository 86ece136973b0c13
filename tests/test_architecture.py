"""The house's rules, checked on the source: who may import whom, where each library lives, how long things get."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each room may import of moonviz. Rooms are files or folders of moonviz/, plus the app itself.
_WORDS = {"errors", "events", "specs", "results", "precision", "training", "reading", "building", "probing", "walking"}
_ENGINE = _WORDS | {"layers", "networks", "data", "theory", "methods", "runs"}
_WEB = _WORDS | {"theory", "lessons", "figures", "data", "estimates", "jobs", "links", "calibration", "ui"}
MAY_IMPORT: dict[str, set[str]] = {
    "": _WORDS | {"networks", "runs", "estimates"},  # the public API, torch-backed names for type checkers only
    "errors": set(),
    "events": set(),
    "specs": {"errors", "events"},
    "results": {"errors", "events", "specs"},
    "precision": {"errors", "events", "specs", "results"},
    "training": {"errors", "events", "specs", "results"},
    "reading": {"errors", "events", "specs", "results"},
    "probing": {"errors", "events", "specs", "results"},
    "walking": {"errors", "events", "specs", "results"},
    "building": {"errors", "events", "specs", "results"},
    "links": {"errors", "specs"},
    "calibration": {"errors", "results"},
    "layers": {"errors", "events", "specs"},
    "data": _WORDS,
    "theory": _WORDS,
    "networks": _WORDS | {"layers", "data"},
    "methods": _WORDS | {"layers", "networks", "data", "theory"},
    "runs": _ENGINE,
    "estimates": _ENGINE | {"lessons"},
    "jobs": _ENGINE | {"estimates", "calibration"},
    "doctor": _ENGINE | {"estimates", "jobs", "calibration"},
    "cli": _ENGINE | {"estimates", "jobs", "doctor", "figures", "calibration", "lessons"},
    "__main__": {"cli"},
    "lessons": _WORDS,
    "figures": _WORDS | {"lessons", "theory", "estimates", "calibration"},
    "ui": _WEB,
    "pages": _WEB,
    "app": _WEB,
}
LIBRARY_ROOMS = {
    "torch": {"layers", "networks", "methods", "runs", "data/datasets.py", "jobs/compute.py", "doctor.py"},
    "streamlit": {"app.py", "pages", "ui"},
    "plotly": {"figures"},
    "altair": {"figures"},
}
# Files of other rooms that the web side uses.
WEB_FILES = {
    "moonviz/data/stored.py",
    "moonviz/data/own.py",
    "moonviz/estimates/devices.py",
    "moonviz/estimates/extrapolate.py",
    "moonviz/estimates/fit.py",
    "moonviz/estimates/curves.py",
    "moonviz/estimates/lines.py",
    "moonviz/estimates/points.py",
    "moonviz/estimates/replay.py",
    "moonviz/estimates/samples.py",
    "moonviz/estimates/steps.py",
    "moonviz/estimates/varying.py",
}
WEB_FILES |= {
    f"moonviz/jobs/{file}.py" for file in ("admission", "book", "engine", "lane", "messages", "process", "wire")
}
# Where any error may be caught, because a person or another process must hear of it.
BOUNDARIES = {"moonviz/jobs/worker.py"}
BANNED_CALLS = {"eval", "exec", "compile", "__import__", "torch.load", "marshal.loads"}
BANNED_MODULES = {"pickle", "cloudpickle", "dill", "shelve", "marshal", "joblib"}


def sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [*found, *([ROOT / "app.py"] if "pages" in folders and (ROOT / "app.py").exists() else [])]


SOURCES = sources("moonviz", "pages")
EVERYTHING = sources("moonviz", "pages", "tests", "benchmarks")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] != "moonviz":
        return parts[0]
    return "" if parts[1] == "__init__" else parts[1]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(node: ast.AST) -> Iterator[str]:
    """Modules imported anywhere below, blocks for type checkers left out; `from a import b` gives `a.b`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"relative import in line {child.lineno}"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        yield from imports(child)


def rooms_imported(path: Path) -> set[str]:
    parts = (module.split(".") for module in imports(tree(path)) if module.startswith("moonviz."))
    known = set(MAY_IMPORT)
    return {found[1] if found[1] in known else "" for found in parts}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_point_one_way(path):
    here = room(path)
    assert here in MAY_IMPORT, f"`{here}` is a new room: say in MAY_IMPORT what it may import"
    forbidden = rooms_imported(path) - MAY_IMPORT[here] - {here}
    # Code above the API may use the API's own names; below it, that would be a cycle.
    forbidden -= {""} if here in {"jobs", "doctor", "cli", "ui", "pages", "app"} else set()
    assert not forbidden, f"{name(path)} imports {sorted(forbidden)}"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_libraries_stay_in_their_rooms(path):
    used = {module.split(".")[0] for module in imports(tree(path))}
    here = name(path).removeprefix("moonviz/")
    for library, rooms in LIBRARY_ROOMS.items():
        assert library not in used or {here, here.split("/")[0]} & rooms, f"{name(path)} imports {library}"


# Commands import torch's rooms only when they need them.
@pytest.mark.parametrize("path", [path for path in SOURCES if room(path) != "cli"], ids=name)
def test_no_import_hides_in_a_function(path):
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    hidden = {module for function in functions for module in imports(function) if module.startswith("moonviz")}
    assert not hidden, f"{name(path)} imports {sorted(hidden)} inside a function"


def test_the_web_side_leaves_torch_out():
    """Every module of the web side, and whatever the pages import, in one process."""
    web_rooms = (_WORDS | _WEB) - {"data", "estimates", "jobs"}
    modules = {module for path in sources("pages") for module in imports(tree(path)) if module.startswith("moonviz")}
    modules |= {dotted(path) for path in sources("moonviz") if room(path) in web_rooms or name(path) in WEB_FILES}
    code = f"""
import sys
from importlib import import_module
for name in {sorted(modules)}:
    try:
        import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        getattr(import_module(module), attribute)
    assert "torch" not in sys.modules, f"{{name}} imports torch"
"""
    run = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(run, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", EVERYTHING, ids=name)
def test_nothing_grows_too_long(path):
    limit = {"pages": 90, "app": 40}.get(room(path) if path in SOURCES else "", 250)
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= limit, f"{name(path)} has {length} lines, {limit} are allowed"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = _code_lines(node)
            assert lines <= 40, f"{name(path)}: `{node.name}` has {lines} lines, 40 are allowed"


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines without the docstring: saying more must not cost code."""
    first = function.body[0]
    text = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return function.end_lineno - function.lineno + 1 - text


def test_no_concrete_method_is_overridden():
    nodes = (node for path in sources("moonviz") for node in ast.walk(tree(path)))
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    faults = [
        f"{cls.name}.{method} overrides {base}.{method}"
        for cls in classes.values()
        for base in _ancestors(cls, classes)
        for method in _methods(cls).keys() & {m for m, abstract in _methods(classes[base]).items() if not abstract}
    ]
    assert not faults, faults


def _ancestors(cls: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> set[str]:
    bases = {ast.unparse(base).split(".")[-1].split("[")[0] for base in cls.bases} & classes.keys()
    return bases.union(*(_ancestors(classes[base], classes) for base in bases - {cls.name}))


def _methods(cls: ast.ClassDef) -> dict[str, bool]:
    """Its methods, constructors and operators apart, and whether each is abstract."""
    return {
        node.name: any("abstractmethod" in ast.unparse(decorator) for decorator in node.decorator_list)
        for node in cls.body
        if isinstance(node, ast.FunctionDef) and not re.fullmatch(r"__\w+__", node.name)
    }


@pytest.mark.parametrize("path", EVERYTHING, ids=name)
def test_nothing_runs_foreign_code(path):
    calls = {ast.unparse(node.func) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)}
    assert not calls & BANNED_CALLS
    modules = {module.split(".")[0] for module in imports(tree(path))}
    assert not modules & BANNED_MODULES


@pytest.mark.parametrize("path", [path for path in EVERYTHING if name(path) not in BOUNDARIES], ids=name)
def test_errors_are_caught_by_name(path):
    handlers = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler)]
    caught = [ast.unparse(node.type) if node.type else "everything" for node in handlers]
    wide = [words for words in caught if re.search(r"\b(everything|Exception|BaseException)\b", words)]
    assert not wide, f"{name(path)} catches {wide}"
