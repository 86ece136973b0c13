"""Reports from outside: read within bounds, and refused where what they say does not fit together. No torch here.

What the engine writes always passes. A file may come from anywhere, and every figure must be able to trust a report.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from moonviz.errors import InvalidSpec
from moonviz.reading.faults import check_report
from moonviz.results import Report
from moonviz.specs.base import explain

MAX_FILE_BYTES = 16_000_000
"""Largest file that is opened. A race of six methods over 512 layers is about a quarter of it."""
MAX_NODES = 3_000_000
MAX_KEYS = 64
MAX_LETTERS = 4_000


def read_report(data: bytes) -> Report:
    """Read a report from a file.

    Args:
        data: The file's bytes.

    Raises:
        InvalidSpec: If the file is too large, is no report, or contradicts itself; names the place and what is allowed.
    """
    if len(data) > MAX_FILE_BYTES:
        raise InvalidSpec(
            f"the file is {len(data):,} bytes long; at most {MAX_FILE_BYTES:,} are opened. Take out methods, or steps"
        )
    try:
        plain = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidSpec(
            f"the file is not strict JSON ({error}). Choose a file that this page or the CLI wrote"
        ) from None
    _bounded(plain)
    try:
        report = Report.model_validate(plain)
    except ValidationError as error:
        lacks = [f"`{fault['loc'][0]}`" for fault in error.errors() if fault["type"] == "missing" and _on_top(fault)]
        if lacks:
            raise InvalidSpec(f"this JSON is not a moonviz result: it lacks {', '.join(lacks)}") from None
        raise InvalidSpec(f"the file is JSON, but not a moonviz result: {explain(error)}") from None
    check_report(report)
    return report


def _on_top(fault: Any) -> bool:
    """Whether a fault is about the file's outermost object."""
    return len(fault["loc"]) == 1


def _bounded(plain: Any) -> None:
    """Refuse what would take long to check: too many values, objects with too many keys, very long texts."""
    stack, count = [plain], 0
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            if len(node) > MAX_LETTERS:
                raise InvalidSpec(f"the file holds a text of {len(node):,} letters; at most {MAX_LETTERS:,} are read")
            continue
        if not isinstance(node, dict | list):
            continue
        count += len(node)
        if count > MAX_NODES:
            raise InvalidSpec(f"the file holds more than {MAX_NODES:,} values; save fewer methods")
        if isinstance(node, dict):
            if len(node) > MAX_KEYS:
                raise InvalidSpec(f"the file holds an object with {len(node):,} keys; at most {MAX_KEYS} are read")
            stack.extend(node)
            stack.extend(node.values())
        else:
            stack.extend(node)


__all__ = ["MAX_FILE_BYTES", "check_report", "read_report"]
