"""What is kept of a run, and the table that comes of it."""

from __future__ import annotations

import json
import sqlite3

import pytest

from moonviz import calibration
from moonviz.calibration import Entry, Spread, entries_of, file, record, state_folder, table
from moonviz.results import Environment, NetworkCard, Report, Result, Seconds

HERE = {"python": "3", "torch": "2", "moonviz": "0", "system": "s", "cores": 2, "threads": 1, "memory_bytes": 8}


def report(*results: Result, device: str = "cpu", machine: str = "A processor") -> Report:
    environment = Environment(**HERE, device=device, machine=machine)
    return Report(environment=environment, network=NetworkCard(spec={"name": "private"}), results=results)


def result(method: str = "backprop", **found) -> Result:
    return Result(method=method, label=method, **found)


def entry(method: str = "backprop", device: str = "cpu", **found) -> Entry:
    return Entry(device, "A processor", method, **found)


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("MOONVIZ_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(calibration, "_said", set())
    return tmp_path / "state"


def test_an_entry_holds_the_prediction_beside_the_measurement():
    took = Seconds(median=0.5, min=0.4, max=0.6, repeats=3)
    found = report(result(peak_bytes=100, predicted_peak_bytes=99, flops=1_000, seconds=took))
    assert entries_of(found, flops_per_second=10_000.0) == (
        Entry("cpu", "A processor", "backprop", 99, 100, predicted_seconds=0.1, measured_seconds=0.5),
    )
    assert entries_of(found)[0].predicted_seconds is None


def test_where_there_is_an_allocator_its_peak_is_held_against_rounded_storages():
    found = result(
        peak_bytes=100, predicted_peak_bytes=100, predicted_allocator_bytes=1_024, allocator_peak_bytes=1_536
    )
    (one,) = entries_of(report(found, device="cuda", machine="A card"))
    assert (one.device, one.machine) == ("cuda", "A card")
    assert (one.predicted_bytes, one.measured_bytes) == (1_024, 1_536)


def test_only_what_was_measured_makes_an_entry():
    dry, refused = result(predicted=True, peak_bytes=5), result(status="refused")
    assert entries_of(report(dry, refused)) == ()


def test_the_table_has_min_median_and_max_by_device_machine_and_method():
    record(entry(predicted_bytes=size, measured_bytes=100) for size in (90, 100, 120))
    record([entry(predicted_seconds=1.0, measured_seconds=4.0)])
    record([entry("moonwalk-mixed", predicted_bytes=7, measured_bytes=7)])
    record([entry("backprop", "cuda", predicted_bytes=1, measured_bytes=2)])
    found = table()
    assert found.note is None
    assert found.runs == 6
    assert [(row.device, row.method) for row in found.rows] == [
        ("cpu", "backprop"), ("cpu", "moonwalk-mixed"), ("cuda", "backprop"),
    ]  # fmt: skip
    assert found.rows[0].bytes == Spread(0.9, 1.0, 1.2, 3)
    assert found.rows[0].seconds == Spread(0.25, 0.25, 0.25, 1)
    assert found.rows[1].seconds is None


def test_without_a_file_the_table_is_empty_and_nothing_is_made(own_state):
    assert table() == calibration.Table(path=str(own_state / file.NAME))
    assert not own_state.exists()


def test_only_numbers_and_the_names_of_device_and_method_are_kept(own_state):
    record(entries_of(report(result(peak_bytes=1, predicted_peak_bytes=1))))
    content = (own_state / file.NAME).read_bytes()
    assert b"backprop" in content
    assert b"private" not in content
    assert json.dumps(HERE["system"]).encode() not in content


def test_a_long_name_is_cut():
    (one,) = entries_of(report(result("m" * 500, peak_bytes=1), machine="p" * 500))
    assert (len(one.machine), len(one.method)) == (100, 100)


def test_the_newest_rows_are_kept_and_the_file_stays_small(own_state, monkeypatch):
    monkeypatch.setattr(file, "MOST_ROWS", 50)
    longest = "m" * 100
    for start in range(0, 400, 40):
        record(entry(longest, predicted_bytes=start + n, measured_bytes=1) for n in range(1, 41))
    kept = file.read(own_state)
    assert [one.predicted_bytes for one in kept] == list(range(351, 401))
    assert (own_state / file.NAME).stat().st_size < 50 * 1_000 + 10 * 4_096


def test_as_many_rows_as_may_be_fit_the_size_that_may_be(own_state):
    widest = Entry("cuda", "p" * 100, "m" * 100, 2**62, 2**62, 1 / 3, 1 / 3)
    record([widest] * (file.MOST_ROWS + 100))
    assert len(file.read(own_state)) == file.MOST_ROWS
    assert (own_state / file.NAME).stat().st_size < file.MOST_BYTES


def test_what_is_no_number_above_zero_gives_no_ratio(own_state):
    record([entry(predicted_bytes=1, measured_bytes=0), entry(predicted_bytes=3, measured_bytes=4)])
    with sqlite3.connect(own_state / file.NAME) as base:
        base.execute("UPDATE runs SET predicted_seconds = 'x', measured_seconds = 'y'")
    base.close()
    (row,) = table().rows
    assert row.bytes == Spread(0.75, 0.75, 0.75, 1)
    assert row.seconds is None


def test_nothing_is_written_for_no_entries(own_state):
    record([])
    assert not own_state.exists()


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({"MOONVIZ_STATE": "/here"}, "linux", "/here"),
        ({"XDG_CACHE_HOME": "/cache"}, "linux", "/cache/moonviz"),
        ({"XDG_CACHE_HOME": "not/absolute"}, "linux", "/home/me/.cache/moonviz"),
        ({"MOONVIZ_STATE": " "}, "linux", "/home/me/.cache/moonviz"),
        ({"MOONVIZ_STATE": "~/state"}, "linux", "/home/me/state"),
        ({"XDG_CACHE_HOME": "/cache"}, "darwin", "/home/me/Library/Caches/moonviz"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/moonviz"),
        ({}, "win32", "/home/me/AppData/Local/moonviz"),
    ],
)
def test_the_folder_is_the_named_one_or_in_the_users_cache(environment, platform, folder, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert state_folder(environment, platform).as_posix() == folder
