"""One's own data while they are needed: a file on this machine that only the program's user can read. No torch here.

The program that takes a file in and the worker processes that use it share nothing but the source's name and a folder.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

import numpy as np

from moonviz.data.examples import Examples, numbers
from moonviz.errors import InvalidSpec
from moonviz.reading.arrays import OwnData
from moonviz.specs.sources import SOURCES, own_source

MOST_FILES = 64
MOST_BYTES = 512_000_000
"""The most that all open tabs keep here together."""
STALE_SECONDS = 24 * 3600.0
"""A file this old was left behind by a program that ended without clearing up."""
_BEGIN, _END = "moonviz-own-", ".npz"


def keep(data: OwnData) -> str:
    """Write examples to a file of their own.

    Returns:
        The source's name, for `NetworkSpec.data`; `forget` it when it is needed no more.

    Raises:
        InvalidSpec: If too much is kept here already, or nothing can be written.
    """
    key = uuid4().hex
    try:
        folder = _folder()
        _make_room(folder, data.x.nbytes + data.y.nbytes)
        handle = os.open(folder / f"{key}{_END}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, x=data.x, y=data.y)
    except OSError as error:
        raise InvalidSpec(f"your data cannot be kept on this machine: {error.strerror or error}") from None
    return own_source(key, data.x.shape[1:], data.classes, len(data.y))


def forget(source: str) -> None:
    """Delete the file of a source; nothing happens if it is gone already."""
    with suppress(OSError):
        _file(source).unlink(missing_ok=True)
    _read.cache_clear()


def load_own(source: str) -> Examples:
    """All examples of a source.

    Raises:
        InvalidSpec: If they are not here any more, or are not what the name says.
    """
    gone = f"{SOURCES[source].about} are not here any more: a tab's data are deleted with it. Bring them again."
    try:
        written = _file(source).stat().st_mtime_ns
    except OSError:
        _read.cache_clear()
        raise InvalidSpec(gone) from None
    return _read(source, written)


@lru_cache(maxsize=1)
def _read(source: str, written: int) -> Examples:
    with np.load(_file(source), allow_pickle=False) as kept:
        x, y = kept["x"], kept["y"]
    card = SOURCES[source]
    if x.shape != (card.examples, *card.shape) or y.shape != (card.examples,) or y.max() >= card.classes:
        raise InvalidSpec("the data of this network are not what its name for them says. Bring them again.")
    return numbers(x.astype(np.float64), y)


def _file(source: str) -> Path:
    return _folder() / f"{source.split(':')[1]}{_END}"


def _folder() -> Path:
    """The folder of this user, which nobody else can look into."""
    folder = Path(tempfile.gettempdir()) / f"{_BEGIN}{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    mine = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o077)
    if folder.is_symlink() or not mine:
        raise OSError(None, f"{folder} belongs to someone else, or others can look into it")
    return folder


def _make_room(folder: Path, size: int) -> None:
    """Delete what was left behind, and refuse what would be too much.

    Raises:
        InvalidSpec: If it would be.
    """
    files = [(file, file.stat()) for file in folder.glob(f"*{_END}")]
    for file, about in files:
        if time.time() - about.st_mtime > STALE_SECONDS:
            file.unlink(missing_ok=True)
    fresh = [about.st_size for file, about in files if time.time() - about.st_mtime <= STALE_SECONDS]
    if len(fresh) >= MOST_FILES or sum(fresh) + size > MOST_BYTES:
        raise InvalidSpec("too much data are kept on this machine already. Close other tabs, or try again later")
