"""Images of CIFAR-10's size: synthetic ones, and the reader of the binary version on tiny files of its kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from moonviz.data.cifar10 import FOLDER, RECORD_BYTES, read, synthetic
from moonviz.data.datasets import draw, load
from moonviz.errors import InvalidSpec


def records(count: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    made = random.integers(0, 256, (count, RECORD_BYTES), np.uint8)
    made[:, 0] = random.integers(0, 10, count)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    records(3, 1).tofile(tmp_path / "data_batch_1.bin")
    records(2, 2).tofile(tmp_path / "data_batch_2.bin")
    (tmp_path / "test_batch.bin").write_bytes(b"not read")
    return tmp_path


def test_records_are_a_label_and_three_planes(folder: Path) -> None:
    found = read(folder)
    want = np.concatenate([records(3, 1), records(2, 2)])
    assert len(found) == 5
    assert found.targets.tolist() == want[:, 0].tolist()
    assert found.inputs[4, 2, 3, 4] == want[4, 1 + 2 * 1024 + 3 * 32 + 4], "blue, fourth row, fifth column"
    images = want[:, 1:].astype(float)
    assert found.moments == (pytest.approx(images.mean()), pytest.approx(images.std()))


def test_the_variable_switches_to_the_real_images(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    assert len(load("cifar10")) == 2_000
    monkeypatch.setenv(FOLDER, str(folder))
    assert len(load("cifar10")) == 5
    images, labels = draw("cifar10", 4, 0)
    assert images.shape == (4, 3, 32, 32)
    assert images.dtype == np.float64
    assert labels.dtype == np.int64


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["data_batch_2.bin", "0 bytes", "3,073"]),
        (bytes(RECORD_BYTES + 1), ["data_batch_2.bin", "3,074 bytes", "3,073"]),
        (bytes([10]) + bytes(RECORD_BYTES - 1), ["data_batch_2.bin", "label 10", "0 to 9"]),
    ],
    ids=["empty", "cut off", "label"],
)
def test_a_file_of_another_kind_is_refused(folder: Path, content: bytes, words: list[str]) -> None:
    (folder / "data_batch_2.bin").write_bytes(content)
    with pytest.raises(InvalidSpec) as caught:
        read(folder)
    assert all(word in str(caught.value) for word in [FOLDER, *words]), str(caught.value)
    assert str(folder) not in str(caught.value), "a visitor of the page need not know where it is"


def test_a_file_larger_than_the_real_ones_is_refused_unread(folder: Path) -> None:
    with (folder / "data_batch_2.bin").open("wb") as file:
        file.truncate(10_001 * RECORD_BYTES)
    with pytest.raises(InvalidSpec, match="10,000 records"):
        read(folder)


def test_a_folder_without_images_is_refused(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    for wrong in (folder, folder / "nowhere"):
        with pytest.raises(InvalidSpec, match=r"data_batch_1\.bin.*none.*synthetic"):
            read(wrong)
    for number in range(6):
        records(1).tofile(folder / f"data_batch_{number}.bin")
    with pytest.raises(InvalidSpec, match="but 6 of that kind"):
        read(folder)


def test_synthetic_images_are_the_same_every_time_and_tell_their_class() -> None:
    some, same = synthetic(200), synthetic(200)
    assert np.array_equal(some.inputs, same.inputs)
    assert some.inputs.dtype == np.uint8
    assert np.bincount(some.targets).tolist() == [20] * 10
    # the phase is random, so it is the power spectrum that looks the same within a class
    power = np.abs(np.fft.fft2(some.inputs.astype(float).mean(1)))
    power[:, 0, 0] = 0
    means = np.stack([power[some.targets == label][:10].mean(0) for label in range(10)])
    rest = np.concatenate([power[some.targets == label][10:] for label in range(10)])
    nearest = ((rest[:, None] - means) ** 2).sum((2, 3)).argmin(1)
    assert (nearest == np.repeat(np.arange(10), 10)).mean() > 0.9
