"""Examples from a CSV file: one a row, its class in the column `label` or in the last. No torch here."""

from __future__ import annotations

import csv
import io

import numpy as np
from numpy.typing import NDArray

from moonviz.errors import InvalidSpec

MAX_TABLE_BYTES = 2_500_000
MAX_ROWS = 100_000
MAX_COLUMNS = 4_097
_LABELS = ("label", "class", "target", "y")
_BETWEEN = (",", ";", "\t")


def read_table(data: bytes) -> tuple[NDArray, NDArray, tuple[str, ...]]:
    """(x `[N, numbers]`, y `[N]`, what was decided) of a CSV file.

    Raises:
        InvalidSpec: Naming the line and the column that cannot be read, and what is allowed.
    """
    if len(data) > MAX_TABLE_BYTES:
        raise InvalidSpec(f"the table is {len(data):,} bytes long; at most {MAX_TABLE_BYTES:,}. A `.npz` may be larger")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"the table is not UTF-8 text (byte {error.start:,}). Save it as UTF-8") from None
    rows = _rows(text)
    names = _names(rows)
    if names:
        rows.pop(0)
    if not rows:
        raise InvalidSpec("the table has no rows with numbers")
    at = next((n for n, name in enumerate(names) if name.strip().lower() in _LABELS), len(rows[0][1]) - 1)
    column = f"column {at + 1}" + (f" (`{names[at].strip()[:30]}`)" if names else "")
    inputs = np.array([_numbers(line, row, at, names) for line, row in rows], dtype=np.float64)
    return inputs, _labels([row[at].strip() for _, row in rows]), (f"The classes are read from {column}.",)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(line, fields) of every row that is not empty, all of the same length."""
    first = text[:10_000].lstrip("\n\r").split("\n", 1)[0]
    between = max(_BETWEEN, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if not row or row == [""]:
                continue
            wanted = len(rows[0][1]) if rows else len(row)
            if len(row) != wanted:
                raise InvalidSpec(f"line {reader.line_num:,} has {len(row):,} columns, but the first has {wanted:,}")
            if not 2 <= len(row) <= MAX_COLUMNS:
                raise InvalidSpec(f"the table has {len(row):,} columns; it takes 2 to {MAX_COLUMNS:,}")
            if len(rows) > MAX_ROWS:
                raise InvalidSpec(f"the table has more than {MAX_ROWS:,} rows")
            rows.append((reader.line_num, row))
    except csv.Error as error:
        raise InvalidSpec(f"line {reader.line_num:,} cannot be read ({error})") from None
    if not rows:
        raise InvalidSpec("the table is empty")
    return rows


def _names(rows: list[tuple[int, list[str]]]) -> list[str]:
    """The first row, if it holds names instead of numbers."""
    first = rows[0][1]
    return first if not any(_is_number(field) for field in first) else []


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _numbers(line: int, row: list[str], at: int, names: list[str]) -> list[float]:
    try:
        return [float(field) for n, field in enumerate(row) if n != at]
    except ValueError:
        n = next(n for n, field in enumerate(row) if n != at and not _is_number(field))
        where = f"`{names[n].strip()[:30]}`" if names else f"column {n + 1}"
        raise InvalidSpec(f"line {line:,}, {where}: {row[n][:30]!r} is no number") from None


def _labels(fields: list[str]) -> NDArray:
    """Whole numbers if all are, else names."""
    try:
        numbers = np.array([float(field) for field in fields], dtype=np.float64)
    except ValueError:
        numbers = None
    if numbers is not None:
        return numbers
    if any(len(field) > 40 or not field for field in fields):
        raise InvalidSpec("a class has no name, or one of more than 40 letters")
    return np.array(fields)
