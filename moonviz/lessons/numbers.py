"""The numbers that lessons show, computed by the engine beforehand and kept in `numbers.json`. No torch here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from moonviz.lessons.quantities import Quantity
from moonviz.lessons.reading import Lesson

FILE = Path(__file__).parent / "numbers.json"


@dataclass(frozen=True, slots=True)
class Number:
    """A quantity's value.

    Attributes:
        value: One number, or the entries of a vector.
        source: Who answered, as `Kind.source` says.
        where: On which network, or on which machine it was measured.
    """

    value: float | tuple[float, ...]
    source: str
    where: str

    @property
    def measured(self) -> bool:
        """Whether it was measured; else it was predicted or worked out."""
        return self.source in ("stored race", "stored precision", "run")


@cache
def known() -> dict[str, Number]:
    """All numbers by `Base.key`; none before they are computed for the first time."""
    return read(FILE.read_text("utf-8")) if FILE.exists() else {}


def read(text: str) -> dict[str, Number]:
    """From the file's text."""
    return {key: _number(one) for key, one in json.loads(text).items()}


def _number(one: dict[str, object]) -> Number:
    value = one["value"]
    return Number(tuple(value) if isinstance(value, list) else value, str(one["source"]), str(one["where"]))


def write(found: dict[str, Number]) -> str:
    """The file's text: sorted, one number a line, so that a change is easy to see."""
    lines = (f"{json.dumps(key, ensure_ascii=False)}: {_json(found[key])}" for key in sorted(found))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(number: Number) -> str:
    return json.dumps(asdict(number), ensure_ascii=False, allow_nan=False)


def number_of(lesson: Lesson, quantity: Quantity) -> Number | None:
    """A quantity's number in a lesson; null where it was not computed yet."""
    return known().get(lesson.base.key(quantity))
