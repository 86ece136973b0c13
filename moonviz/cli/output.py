"""Where a command's words and its JSON go."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from moonviz.errors import InvalidSpec
from moonviz.results import SCHEMA

_PLAIN_WIDTH = 140
"""Columns where there is no terminal to fit into, so that a table in a log is not folded."""


class Output:
    """A command's words on a console, and its JSON where `--json` says.

    With `--json -` standard output carries the JSON and nothing else, so the words go to standard error.

    Args:
        target: `-`, a path, or `None` for no JSON.

    Raises:
        InvalidSpec: If the path cannot be written; told before any work is done.
    """

    def __init__(self, target: str | None) -> None:
        self._target = target
        if target not in (None, "-"):
            _check_writable(Path(target))
        self.words = _console(stderr=target == "-")
        self.progress = _console(stderr=True)

    def write(self, text: str) -> None:
        """Deliver JSON text, if any was asked for.

        Raises:
            OSError: If the file cannot be written after all.
        """
        if self._target == "-":
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        elif self._target is not None:
            Path(self._target).write_text(text + "\n", encoding="utf-8")

    def write_data(self, **data: Any) -> None:
        """Deliver plain data as JSON under the schema's number, if any was asked for."""
        self.write(json.dumps({"schema": SCHEMA, **data}, indent=2, allow_nan=False))


def _console(*, stderr: bool) -> Console:
    # Names come from a user's file: they are shown as they are, never read as markup.
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _PLAIN_WIDTH)
    return console


def _check_writable(path: Path) -> None:
    folder = path.parent
    if path.is_dir():
        fault = "it is a folder"
    elif not folder.is_dir():
        fault = f"there is no folder `{folder}`"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        fault = "permission denied"
    else:
        return
    raise InvalidSpec(f"`--json {path}` cannot be written: {fault}; give a path that can be, or `-`")
