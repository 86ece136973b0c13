"""Finished races, precision reports and walks that ship with the package. No torch here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from moonviz.errors import InvalidSpec
from moonviz.precision import PrecisionReport
from moonviz.results import Report
from moonviz.walking import EXAMPLES, WalkPage, WalkSpec

_SUFFIX = ".json"


def _folder() -> Path:
    return Path(__file__).parent / "stored"


def stored_names() -> tuple[str, ...]:
    """Names of all stored reports, in alphabetical order."""
    return tuple(sorted(one.stem for one in _folder().glob(f"*{_SUFFIX}")))


@lru_cache(maxsize=64)
def stored(name: str, labels: tuple[str, ...] | None = None) -> Report:
    """A stored report; read once.

    Args:
        name: One of `stored_names()`.
        labels: Methods with their options, as `Result.label` says: only these, in this order. None: all.

    Raises:
        InvalidSpec: If there is none of that name.
    """
    if name not in stored_names():
        known = ", ".join(f"`{one}`" for one in stored_names()) or "none"
        raise InvalidSpec(f"there is no stored result `{name}`; the stored results are {known}")
    if labels is not None:
        whole = stored(name)
        chosen = {one.label: one for one in whole.results}
        return whole.model_copy(update={"results": tuple(chosen[label] for label in labels)})
    return Report.from_json((_folder() / f"{name}{_SUFFIX}").read_bytes())


def stored_precision_names() -> tuple[str, ...]:
    """Names of all stored precision reports, in alphabetical order."""
    return tuple(sorted(one.stem for one in _precision_folder().glob(f"*{_SUFFIX}")))


@lru_cache(maxsize=16)
def stored_precision(name: str) -> PrecisionReport:
    """A stored precision report; read once.

    Raises:
        InvalidSpec: If there is none of that name.
    """
    if name not in stored_precision_names():
        known = ", ".join(f"`{one}`" for one in stored_precision_names()) or "none"
        raise InvalidSpec(f"there is no stored precision report `{name}`; the stored ones are {known}")
    return PrecisionReport.from_json((_precision_folder() / f"{name}{_SUFFIX}").read_bytes())


def _precision_folder() -> Path:
    return Path(__file__).parent / "stored_precision"


def stored_walk_names() -> tuple[tuple[str, str], ...]:
    """The stored walks: (example, method)."""
    return tuple((name, method) for name in EXAMPLES for method in ("backprop", "moonwalk-mixed"))


@lru_cache(maxsize=16)
def stored_walk(spec: str) -> WalkPage | None:
    """The stored walk of exactly this spec, in canonical JSON; null if there is none.

    Raises:
        InvalidSpec: If it is no walk.
    """
    asked = WalkSpec.model_validate_json(spec)
    for name, method in stored_walk_names():
        if asked == EXAMPLES[name].spec.by(method):
            return WalkPage.model_validate_json(walk_file(name, method).read_bytes())
    return None


def walk_file(name: str, method: str) -> Path:
    """Where an example's walk by a method is stored."""
    return Path(__file__).parent / "stored_walks" / f"{name}-{method}{_SUFFIX}"
