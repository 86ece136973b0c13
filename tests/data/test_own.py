"""One's own data: kept in a private file, named by all that a network must know of them, and deleted."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import numpy as np
import pytest

from moonviz.data import own
from moonviz.data.datasets import draw, load
from moonviz.data.split import held_out, split
from moonviz.errors import InvalidSpec
from moonviz.reading.arrays import OwnData
from moonviz.runs import run
from moonviz.runs.train import train
from moonviz.specs import Block, NetworkSpec, layers
from moonviz.specs.sources import SOURCES, own_card, own_source
from moonviz.specs.train import HELD_OUT, training_examples


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own._read.cache_clear()
    return tmp_path


def data(shape: tuple[int, ...] = (2, 4, 4), classes: int = 3, examples: int = 60) -> OwnData:
    random = np.random.default_rng(0)
    y = np.arange(examples) % classes
    x = random.normal(size=(examples, *shape)) + 3 * y.reshape(-1, *[1] * len(shape))
    return OwnData(x.astype(np.float32), y.astype(np.int64), classes)


def network(source: str, **fields: object) -> NetworkSpec:
    card = SOURCES[source]
    return NetworkSpec(
        **{
            "name": "mine", "data": source, "batch": 10, "stem": (layers.Flatten(), layers.Dense(width=12)),
            "body": (Block(layers=(layers.Dense(width=12), layers.LeakyReLU()), repeat=2),),
            "head": (layers.Dense(width=card.classes),),
        } | fields
    )  # fmt: skip


@pytest.mark.parametrize("shape", [(5,), (2, 7), (2, 4, 4)])
def test_the_name_says_all_that_a_network_needs(shape: tuple[int, ...]) -> None:
    source = own.keep(data(shape))
    card = SOURCES[source]
    assert (card.shape, card.classes, card.examples) == (shape, 3, 60)
    assert "your own 60 examples" in card.about
    spec = network(source)
    assert NetworkSpec.model_validate_json(spec.model_dump_json()) == spec
    assert source not in list(SOURCES)


def test_examples_come_back_scaled() -> None:
    given = data()
    source = own.keep(given)
    examples = load(source)
    x, y = examples.take(slice(None))
    assert np.array_equal(y, given.y)
    assert x.dtype == np.float64
    assert abs(x.mean()) < 1e-9
    assert abs(x.std() - 1) < 1e-9
    assert np.allclose(x * given.x.astype(np.float64).std() + given.x.astype(np.float64).mean(), given.x, atol=1e-6)
    assert draw(source, 7, 0)[0].shape == (7, 2, 4, 4)


def test_every_fifth_example_is_held_out() -> None:
    source = own.keep(data())
    assert source in HELD_OUT
    assert (HELD_OUT[source], training_examples(source)) == (12, 48)
    rows, aside = split(source)
    assert sorted([*rows, *aside]) == list(range(60))
    assert len(held_out(source)[1]) == 12


@pytest.mark.parametrize("source", ["photos", "text", "cifar10"])
def test_sources_without_a_split_have_none_still(source: str) -> None:
    assert source not in HELD_OUT


def test_a_network_on_own_data_races_and_trains() -> None:
    spec = network(own.keep(data()))
    result = run(spec, method="moonwalk-mixed", repeats=1)
    assert result.status == "ok"
    assert result.gradient.relative_error_to_backprop < 1e-5
    report = train(spec, steps=60, learning_rate=0.05)
    assert report.spec["network"]["data"] == spec.data
    assert all(one.accuracy > 0.8 for one in report.runs)


def test_the_file_is_private_and_deleted(folder: Path) -> None:
    source = own.keep(data())
    (file,) = folder.rglob("*.npz")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    load(source)
    own.forget(source)
    own.forget(source)
    assert not list(folder.rglob("*.npz"))
    with pytest.raises(InvalidSpec, match="not here any more"):
        load(source)


def test_another_process_that_deletes_it_is_noticed(folder: Path) -> None:
    source = own.keep(data())
    load(source)
    next(folder.rglob("*.npz")).unlink()
    with pytest.raises(InvalidSpec, match="not here any more"):
        load(source)


def test_a_file_that_is_not_what_its_name_says_is_refused() -> None:
    key = own.keep(data()).split(":")[1]
    with pytest.raises(InvalidSpec, match="not what its name"):
        load(own_source(key, (2, 4, 5), 3, 60))


def test_no_more_is_kept_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MOST_FILES", 2)
    sources = [own.keep(data()) for _ in range(2)]
    with pytest.raises(InvalidSpec, match="too much data"):
        own.keep(data())
    own.forget(sources[0])
    own.keep(data())
    monkeypatch.setattr(own, "MOST_BYTES", 10)
    with pytest.raises(InvalidSpec, match="too much data"):
        own.keep(data())


def test_what_was_left_behind_is_deleted(folder: Path) -> None:
    own.keep(data())
    (old,) = folder.rglob("*.npz")
    os.utime(old, (0, 0))
    own.keep(data())
    assert not old.exists()


def test_a_folder_that_others_can_look_into_is_not_used(folder: Path) -> None:
    own.keep(data())
    next(folder.iterdir()).chmod(0o755)
    with pytest.raises(InvalidSpec, match="cannot be kept on this machine"):
        own.keep(data())


@pytest.mark.parametrize(
    "source",
    [
        "own:",
        "own:x",
        "own:../../etc/passwd:8:10:100",
        own_source("0" * 31, (8,), 10, 100),
        own_source("0" * 32, (), 10, 100),
        own_source("0" * 32, (0,), 10, 100),
        own_source("0" * 32, (99_999,), 10, 100),
        own_source("0" * 32, (2, 2, 2, 2), 10, 100),
        own_source("0" * 32, (8,), 1, 100),
        own_source("0" * 32, (8,), 1_001, 2_000),
        own_source("0" * 32, (8,), 2, 9),
        own_source("0" * 32, (60_000,), 2, 900_000),
        own_source("0" * 32, (8,), 2, 100) + "\n",
    ],
)
def test_no_other_name_is_own_data(source: str) -> None:
    with pytest.raises(KeyError):
        own_card(source)
    with pytest.raises(InvalidSpec, match="`data`: there is no such data source; take one of `digits`"):
        NetworkSpec.read({"data": source, "body": [{"layers": [{"kind": "relu"}]}]})
