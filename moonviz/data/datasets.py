"""Real data: what ships with scikit-learn or with this package, and what someone brought along. No download."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from moonviz.data.cifar10 import FOLDER, cifar10
from moonviz.data.examples import Examples, Inputs, Targets, numbers
from moonviz.data.own import load_own
from moonviz.data.text import windows
from moonviz.specs.sources import SOURCES, DataSource, is_own


def load(source: str) -> Examples:
    """All examples of a source.

    Raises:
        InvalidSpec: If the folder of real images that the machine's owner named does not hold them, or one's own data
            are here no more.
    """
    if is_own(source):
        return load_own(source)
    return _load(source, os.environ.get(FOLDER, "") if source == "cifar10" else "")


def draw(source: str, batch: int, seed: int) -> tuple[Inputs, Targets]:
    """A batch of distinct examples (with repetition only if the batch is larger than the source)."""
    examples = load(source)
    chosen = np.random.default_rng(seed).choice(len(examples), batch, replace=batch > len(examples))
    return examples.take(chosen)


@lru_cache(maxsize=8)
def _load(source: str, folder: str) -> Examples:
    examples = _LOADERS[source]()
    assert examples.inputs.shape[1:] == SOURCES[source].shape
    assert folder or len(examples) == SOURCES[source].examples
    return examples


def _digits() -> Examples:
    from sklearn.datasets import load_digits  # costs a second, and dry runs need no data

    digits = load_digits()
    return numbers(digits.images[:, None].astype(np.float64), digits.target.astype(np.int64))


def _digits_sequence() -> Examples:
    digits = load("digits")
    return Examples(digits.inputs.reshape(-1, 1, 64), digits.targets, digits.moments)


def _photos() -> Examples:
    """Every whole 32×32 patch of each photograph, on a grid."""
    from sklearn.datasets import load_sample_images  # as above

    patches, labels = [], []
    for label, photo in enumerate(load_sample_images().images):
        rows, columns = photo.shape[0] // 32, photo.shape[1] // 32
        grid = photo[: rows * 32, : columns * 32].reshape(rows, 32, columns, 32, 3)
        patches.append(grid.transpose(0, 2, 4, 1, 3).reshape(-1, 3, 32, 32))
        labels.append(np.full(rows * columns, label))
    return numbers(np.concatenate(patches).astype(np.float64), np.concatenate(labels).astype(np.int64))


def _text() -> Examples:
    return windows(*SOURCES["text"].shape)


_LOADERS: dict[DataSource, Callable[[], Examples]] = {
    "digits": _digits,
    "photos": _photos,
    "digits-sequence": _digits_sequence,
    "cifar10": cifar10,
    "text": _text,
}
