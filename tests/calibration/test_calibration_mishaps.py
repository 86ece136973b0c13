"""A file that cannot be written or read: the run goes on, and one clear line says why."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from moonviz import calibration
from moonviz.calibration import Entry, file, record, table

ONE = Entry("cpu", "A processor", "backprop", 100, 100)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MOONVIZ_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(calibration, "_said", set())
    monkeypatch.setattr(file, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(file, "LOOK_SECONDS", 0.05)
    return tmp_path / "state"


def lines(caplog) -> list[str]:
    return [one.getMessage() for one in caplog.records]


def assert_one_line(caplog, *words: str) -> None:
    (line,) = lines(caplog)
    assert line.startswith("Predictions are not kept beside measurements: ")
    assert "\n" not in line
    assert all(word in line for word in words), line


def in_vain(caplog, *words: str) -> None:
    """Recording says why not, once, and gives no error."""
    record([ONE])
    record([ONE])
    assert_one_line(caplog, *words)


def test_a_locked_file(state, caplog):
    record([ONE])
    with closing(sqlite3.connect(state / file.NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        in_vain(caplog, str(state), "another program holds it")
        assert "another program holds it" in table().note
    record([ONE])
    assert table().runs == 2


@pytest.mark.parametrize("content", [b"no database at all" * 400, b"SQLite format 3\0" + bytes(8_000)])
def test_a_corrupt_file_is_put_aside_and_a_new_one_begun(state, caplog, content):
    state.mkdir()
    (state / file.NAME).write_bytes(content)
    assert "cannot be read" in table().note
    record([ONE])
    assert lines(caplog) == []
    assert table().runs == 1
    assert (state / file.DAMAGED).read_bytes() == content


def test_a_file_that_is_torn_in_the_middle(state):
    record([ONE] * 2_000)
    whole = (state / file.NAME).read_bytes()
    (state / file.NAME).write_bytes(whole[:4_096] + b"\xff" * (len(whole) - 4_096))
    assert table().note is not None
    record([ONE])
    assert table().runs == 1


@pytest.mark.parametrize("content", [b"", b"x"])
def test_a_file_shorter_than_a_header_is_a_new_one(state, content):
    state.mkdir()
    (state / file.NAME).write_bytes(content)
    assert table().rows == ()
    record([ONE])
    assert table().runs == 1


def test_the_file_of_a_newer_version_is_left_alone(state, caplog):
    record([ONE])
    with closing(sqlite3.connect(state / file.NAME)) as newer:
        newer.execute("PRAGMA user_version = 2")
    before = (state / file.NAME).read_bytes()
    in_vain(caplog, "a newer moonviz wrote it", "schema 2")
    assert "a newer moonviz wrote it" in table().note
    assert (state / file.NAME).read_bytes() == before


@pytest.mark.parametrize("change", ["CREATE TABLE runs (mine)", "PRAGMA application_id = 5", "PRAGMA user_version = 1"])
def test_another_programs_file_is_left_alone(state, caplog, change):
    state.mkdir()
    with closing(sqlite3.connect(state / file.NAME)) as other, other:
        other.execute(change)
    in_vain(caplog, "not a file of moonviz's")
    assert "not a file of moonviz's" in table().note


def test_a_folder_that_cannot_be_made(state, caplog, tmp_path):
    state.write_text("a file where the folder should be")
    in_vain(caplog, str(state), "exists")
    assert table().note is None  # there is nothing to read, which is all right


@pytest.mark.parametrize("message", ["attempt to write a readonly database", "disk I/O error"])
def test_whatever_sqlite_says_of_the_disk_is_passed_on(state, caplog, monkeypatch, message):
    def connect(*_, **__):
        raise sqlite3.OperationalError(message)

    monkeypatch.setattr(sqlite3, "connect", connect)
    in_vain(caplog, message)


def test_a_read_only_folder(state, caplog, monkeypatch):
    """SQLite's own read-only mode stands in for the folder's: root may write anywhere."""
    record([ONE])
    true = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: true(f"file:{path}?mode=ro", uri=True, **how))
    in_vain(caplog, "readonly database")
    monkeypatch.setattr(sqlite3, "connect", true)
    assert table().runs == 1


def test_a_folder_that_may_not_be_entered(state, caplog, monkeypatch):
    def mkdir(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    in_vain(caplog, "Permission denied")


def test_a_full_disk(state):
    """The process may write no more than two pages to any file."""
    code = """
import resource
from moonviz.calibration import Entry, record, table
resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, 8_192))
record([Entry("cpu", "A processor", "backprop", 1, 1)] * 3_000)
print(table().runs)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "0\n"
    assert done.stderr.startswith("Predictions are not kept beside measurements: ")
    assert done.stderr.count("\n") == 1
    record([ONE])
    assert table().runs == 1


def test_a_home_that_is_nowhere(monkeypatch, caplog):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(calibration, "_said", set())
    monkeypatch.delenv("MOONVIZ_STATE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", home)
    in_vain(caplog, "no home folder", "MOONVIZ_STATE")
    assert "no home folder" in table().note


def test_a_disk_that_gives_no_answer(state, caplog, monkeypatch):
    monkeypatch.setattr(calibration, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(file, "append", lambda *_: time.sleep(0.5))
    monkeypatch.setattr(file, "read", lambda *_: time.sleep(0.5))
    in_vain(caplog, "no answer")
    assert "no answer" in table().note


def test_processes_that_write_at_once_lose_nothing(state):
    code = """
from moonviz.calibration import Entry, record
for n in range(20):
    record([Entry("cpu", "A processor", "backprop", 1, 1)])
"""
    run = [sys.executable, "-c", code]
    writers = [subprocess.Popen(run, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for writer in writers:
        assert writer.communicate()[1] == ""
    assert table().runs == 60


def test_an_interrupted_write_leaves_what_was_there(state):
    """A writer dies between its first change and the end of its transaction."""
    record([ONE])
    code = """
import os, sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("PRAGMA cache_size = 1")
base.execute("BEGIN IMMEDIATE")
base.executemany("INSERT INTO runs (method) VALUES (?)", [("x" * 2_000,)] * 200)
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code, state / file.NAME], check=False).returncode == 9
    record([ONE])
    assert table().runs == 2
