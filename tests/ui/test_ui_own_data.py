"""Own data of a tab: taken in, seen by a network, and gone with the tab."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest

from moonviz.errors import InvalidSpec
from moonviz.networks import build
from moonviz.specs import SOURCES
from moonviz.specs.sources import is_own
from moonviz.ui.own_data import MOST_OF_A_TAB, called, take
from moonviz.ui.state import Tab


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def file(*shape: int, count: int = 30, classes: int = 3) -> bytes:
    written = io.BytesIO()
    x = np.random.default_rng(0).normal(size=(count, *shape))
    np.savez(written, x=x, y=np.arange(count) % classes)
    return written.getvalue()


def test_a_blank_network_sees_the_data() -> None:
    tab = Tab()
    network, notes = take(tab, file(2, 6), "mine.npz", new=True)
    assert tab.brought == [network.data]
    assert is_own(network.data)
    assert network.head[-1].width == 3
    assert build(network, "meta").length >= 1
    assert build(network).batch()[0].shape[1:] == (2, 6)
    assert "your own 30 examples of 2×6 numbers in 3 classes" in notes[0]
    assert called(network.data) == "your 30 × 2×6"


def test_the_network_on_the_bench_sees_the_data() -> None:
    tab = Tab()
    network, _ = take(tab, file(1, 8, 8), "mine.npz", new=False)
    assert network == tab.draft.present.changed(data=network.data)


def test_the_data_leave_with_the_tab(folder: Path) -> None:
    tab, other = Tab(), Tab()
    take(tab, file(4), "a.npz", new=True)
    take(other, file(4), "a.npz", new=True)
    assert len(list(folder.rglob("*.npz"))) == 2
    tab.leave()
    assert tab.brought == []
    assert [one.stem for one in folder.rglob("*.npz")] == [other.brought[0].split(":")[1]]


def test_another_file_takes_the_place_of_the_oldest(folder: Path) -> None:
    tab = Tab()
    made = [take(tab, file(4), "a.npz", new=True)[0].data for _ in range(MOST_OF_A_TAB + 1)]
    assert tab.brought == made[1:]
    assert len(list(folder.rglob("*.npz"))) == MOST_OF_A_TAB


def test_what_cannot_be_read_changes_nothing(folder: Path) -> None:
    tab = Tab()
    with pytest.raises(InvalidSpec, match="no intact"):
        take(tab, b"PK", "a.npz", new=True)
    assert tab.brought == []
    assert not list(folder.rglob("*.npz"))


@pytest.mark.parametrize("source", SOURCES)
def test_other_sources_keep_their_names(source: str) -> None:
    assert called(source) == source
