"""The file of predictions and measurements: one small SQLite table, bounded. No torch here.

It keeps SQLite's default rollback journal. A write-ahead log would need memory that all processes share, which a home
on a network does not offer, and a handful of rows per run gains nothing from it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, fields
from pathlib import Path

from moonviz.calibration.entries import Entry

NAME = "calibration.sqlite3"
DAMAGED = "calibration.damaged.sqlite3"
"""What a file that cannot be read is put aside as; the next one takes its place."""
SCHEMA = 1
MOST_ROWS = 5_000
"""The newest are kept."""
MOST_BYTES = 4 * 2**20
"""The file never grows beyond this."""
WAIT_SECONDS, LOOK_SECONDS = 1.0, 0.2
"""How long a writer, and a reader, waits for whoever else writes."""
_PAGE = 4_096
_MARK = 0x4D564341
"""`application_id`: the file is this program's."""
_COLUMNS = ", ".join(field.name for field in fields(Entry))
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Unusable(Exception):
    """The file cannot be used now; the message says why, in a few words."""


def append(folder: Path, entries: Iterable[Entry]) -> None:
    """Add entries, and drop the oldest beyond `MOST_ROWS`. A broken file is put aside and a new one begun.

    Raises:
        Unusable: If nothing was written.
    """
    rows = [astuple(entry) for entry in entries]
    with _in_words():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _append(folder / NAME, rows)
        except sqlite3.DatabaseError as error:
            if not _is(error, _BROKEN):
                raise
            os.replace(folder / NAME, folder / DAMAGED)
            _append(folder / NAME, rows)


def read(folder: Path) -> list[Entry]:
    """All entries, the oldest first; none where there is no file. Changes nothing.

    Raises:
        Unusable: If the file cannot be read.
    """
    path = folder / NAME
    with _in_words():
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=LOOK_SECONDS)) as base:
            if not _ready(base):
                return []
            return [Entry(*row) for row in base.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY id")]


def _append(path: Path, rows: list[tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)) as base:
        base.execute(f"PRAGMA max_page_count = {MOST_BYTES // _PAGE}")
        base.execute("BEGIN IMMEDIATE")  # from here on nobody else writes; leaving without a commit undoes all
        if not _ready(base):
            base.execute(f"PRAGMA application_id = {_MARK}")
            base.execute(f"PRAGMA user_version = {SCHEMA}")
            base.execute(f"CREATE TABLE runs (id INTEGER PRIMARY KEY, {_COLUMNS})")
        base.executemany(f"INSERT INTO runs ({_COLUMNS}) VALUES ({', '.join('?' * len(fields(Entry)))})", rows)
        base.execute("DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?", (MOST_ROWS,))
        base.execute("COMMIT")


def _ready(base: sqlite3.Connection) -> bool:
    """Whether the table is there; false for a file that is still empty.

    Raises:
        Unusable: If the file is a newer version's, or no file of ours.
    """
    ((mark,),), ((version,),) = base.execute("PRAGMA application_id"), base.execute("PRAGMA user_version")
    if mark != _MARK:
        if mark or version or base.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise Unusable("it is not a file of moonviz's")
        return False
    if version > SCHEMA:
        raise Unusable(f"a newer moonviz wrote it, with schema {version}; this one knows {SCHEMA}")
    return True


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if _is(error, _HELD):
            raise Unusable("another program holds it") from None
        raise Unusable(str(error)) from None
    except OSError as error:
        raise Unusable(error.strerror or str(error)) from None


def _is(error: sqlite3.Error, codes: tuple[int, ...]) -> bool:
    """Whether SQLite gave one of these codes, in whatever variant; errors of Python's own have none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in codes
