"""Plain data that almost fits a spec: what does not fit is repaired, value by value, and said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from moonviz.errors import InvalidSpec
from moonviz.specs.base import Spec, explain

Path = tuple[str | int, ...]
Kind = TypeVar("Kind", bound=Spec)

ROUNDS = 6
"""Most times that the data is checked again: one repair may show the next fault."""
MOST_FAULTS = 200
MOST_SHOWN = 10**15


def mend(kind: type[Kind], data: dict[str, Any], say: Callable[[Path], str], whose: str) -> tuple[Kind, list[str]]:
    """Read plain data as a spec, repairing what is out of range, unknown or of a wrong type.

    Numbers out of range take the nearest allowed one, other values the spec's default; what has no default is left
    out, with the element of a list that it stands in.

    Args:
        kind: The spec.
        data: As JSON gives it, nested no deeper than JSON readers allow. It is changed in place.
        say: Words for a place in the data.
        whose: Says in a notice who sets the range: "the most {whose}".

    Returns:
        The spec, and one notice for each repair.

    Raises:
        InvalidSpec: If it cannot be repaired.
    """
    notices: list[str] = []
    reader = TypeAdapter(kind)
    for _ in range(ROUNDS):
        try:
            return reader.validate_json(to_json(data)), notices
        except ValidationError as error:
            notices += _Repair(data, say, whose).all_of(error)
    raise InvalidSpec("too many values do not fit")


class _Repair:
    """One round of repairs."""

    def __init__(self, data: dict[str, Any], say: Callable[[Path], str], whose: str) -> None:
        self.data, self.say, self.whose = data, say, whose
        self.notices: list[str] = []
        self.leaving: dict[Path, str] = {}

    def all_of(self, error: ValidationError) -> list[str]:
        """Repair every fault, and say how.

        Raises:
            InvalidSpec: If one cannot be repaired.
        """
        if error.error_count() > MOST_FAULTS:
            raise InvalidSpec(f"more than {MOST_FAULTS} values do not fit")
        for fault in error.errors(include_url=False, include_input=False):
            path = self._path(fault["loc"])
            if not path or not self._one(fault["type"], path, fault.get("ctx", {})):
                raise InvalidSpec(explain(error))
        # From the back, so that the numbers of those still to leave stay right.
        for path, why in sorted(self.leaving.items(), key=lambda one: [str(p).zfill(6) for p in one[0]], reverse=True):
            self.notices.append(f"{self.say(path)} {why}")
            del _at(self.data, path[:-1])[path[-1]]
        return self.notices

    def _path(self, place: tuple[str | int, ...]) -> Path:
        """The place of a fault in the data; the names of variants, which pydantic puts in between, are skipped."""
        node: Any = self.data
        path: list[str | int] = []
        for part in place:
            if isinstance(node, dict) and part not in node and node.get("kind") == part:
                continue
            path.append(part)
            node = _step(node, part)
        return tuple(path)

    def _one(self, fault: str, path: Path, about: dict[str, Any]) -> bool:
        value = _at(self.data, path)
        if fault == "less_than_equal":
            return self._put(path, about["le"], f"the most {self.whose}")
        if fault == "greater_than_equal":
            return self._put(path, about["ge"], f"the least {self.whose}")
        if fault == "multiple_of":
            step = about["multiple_of"]
            return self._put(path, max(step, value - value % step), f"a multiple of {step}")
        if fault in ("too_long", "string_too_long"):
            most = about["max_length"]
            self.notices.append(f"{self.say(path)} is cut to {most:,} entries or letters, the most it can have")
            self._set(path, value[:most])
            return True
        if fault == "too_short" and value:
            return True  # it only counts those that fit; the others have faults of their own
        if fault in ("missing", "too_short"):
            return self._leave(path[:-1], f"has no `{path[-1]}` and is left out")
        if fault == "value_error":
            return False
        if fault == "extra_forbidden":
            return self._leave(path, "is not known and is left out")
        says = "" if isinstance(value, dict | list) else f"{shown(value)} "
        says += "is not known" if fault.startswith(("union", "unknown", "no_source")) else "is not allowed"
        return self._leave(path, f"{says} and {'is left out' if isinstance(path[-1], int) else 'takes its default'}")

    def _put(self, path: Path, value: Any, why: str) -> bool:
        given = _at(self.data, path)
        self.notices.append(f"{self.say(path)} {shown(given)} → {shown(value)}, {why}")
        self._set(path, value)
        return True

    def _set(self, path: Path, value: Any) -> None:
        _at(self.data, path[:-1])[path[-1]] = value

    def _leave(self, path: Path, why: str) -> bool:
        """Leave out an entry, or for want of it the element of a list that it belongs to."""
        while path and not isinstance(path[-1], int) and path[-1] not in _keys(_at(self.data, path[:-1])):
            path = path[:-1]
        if not path:
            return False
        if not any(path[: len(other)] == other for other in self.leaving):
            self.leaving[path] = why
        return True


def shown(value: Any) -> str:
    """A value in a notice: numbers with commas, texts in quotes, all of it short."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < MOST_SHOWN else "a huge number"
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)[:200]
    return f"“{text if len(text) <= 30 else text[:29] + '…'}”"


def _keys(node: Any) -> Any:
    return node if isinstance(node, dict) else ()


def _step(node: Any, part: str | int) -> Any:
    if isinstance(node, dict):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return None


def _at(node: Any, path: Path) -> Any:
    for part in path:
        node = _step(node, part)
    return node
