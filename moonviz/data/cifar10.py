"""Images of CIFAR-10's size: synthetic ones, or the real ones where the machine's owner has put them.

Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009. In its *binary* version each record is a
label and 3·32·32 bytes: red, green and blue, row by row.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from moonviz.data.examples import Examples
from moonviz.errors import InvalidSpec

FOLDER = "MOONVIZ_CIFAR10"
"""The environment variable that names the folder of data_batch_*.bin: never a spec, never a browser."""
CLASSES = 10
SHAPE = (3, 32, 32)
RECORD_BYTES = 1 + 3 * 32 * 32
MOST_RECORDS = 10_000
MOST_FILES = 5


def cifar10() -> Examples:
    """The real images if `MOONVIZ_CIFAR10` is set, else synthetic ones.

    Raises:
        InvalidSpec: If the folder does not hold what it should.
    """
    folder = os.environ.get(FOLDER, "")
    return read(Path(folder)) if folder else synthetic()


def read(folder: Path) -> Examples:
    """All training images of the binary version in a folder.

    Raises:
        InvalidSpec: Naming the file that is not one of CIFAR-10's.
    """
    files = sorted(folder.glob("data_batch_*.bin"))
    if not 1 <= len(files) <= MOST_FILES:
        raise InvalidSpec(
            f"{FOLDER} must name a folder with data_batch_1.bin … data_batch_{MOST_FILES}.bin (CIFAR-10's binary "
            f"version), but {len(files) or 'none'} of that kind can be found there. Correct it, or leave it out for "
            "synthetic images."
        )
    records = np.concatenate([_records(file) for file in files])
    images = records[:, 1:].reshape(-1, *SHAPE)
    return _examples(images, records[:, 0].astype(np.int64))


def _records(file: Path) -> np.ndarray:
    size = file.stat().st_size
    if not size or size % RECORD_BYTES or size > MOST_RECORDS * RECORD_BYTES:
        raise InvalidSpec(
            f"{FOLDER}: {file.name} has {size:,} bytes, but a file of CIFAR-10's binary version holds 1 to "
            f"{MOST_RECORDS:,} records of {RECORD_BYTES:,} bytes. Download it again."
        )
    records = np.frombuffer(file.read_bytes(), np.uint8).reshape(-1, RECORD_BYTES)
    if records[:, 0].max() >= CLASSES:
        raise InvalidSpec(
            f"{FOLDER}: {file.name} has a label {records[:, 0].max()}, but CIFAR-10's are 0 to {CLASSES - 1}. Is it "
            "CIFAR-100 instead?"
        )
    return records


def synthetic(count: int = 2_000) -> Examples:
    """Waves whose direction and colour tell the class, with a random phase and noise."""
    random = np.random.default_rng(10)
    labels = np.arange(count) % CLASSES
    angles = np.pi * labels[:, None, None] / CLASSES
    rows, columns = np.mgrid[:32, :32]
    along = np.cos(angles) * columns + np.sin(angles) * rows
    waves = np.sin(along * (2 * np.pi / 8) + random.uniform(0, 2 * np.pi, (count, 1, 1)))
    tints = random.uniform(0.3, 1, (CLASSES, 3))[labels]
    images = 128 + 50 * tints[:, :, None, None] * waves[:, None] + random.normal(0, 25, (count, *SHAPE))
    return _examples(images.clip(0, 255).astype(np.uint8), labels.astype(np.int64))


def _examples(images: np.ndarray, labels: np.ndarray) -> Examples:
    # the moments of 154 million bytes from how often each byte occurs, a thousand images at a time
    parts = (images[at : at + 1_000] for at in range(0, len(images), 1_000))
    counts = sum(np.bincount(part.ravel(), minlength=256) for part in parts)
    levels = np.arange(256)
    mean = float(counts @ levels / counts.sum())
    return Examples(images, labels, (mean, float(counts @ (levels - mean) ** 2 / counts.sum()) ** 0.5))
