"""Real data that ships with scikit-learn: no download, no path from outside."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from moonviz.specs.sources import SOURCES, DataSource

Images = NDArray[np.float64]
Labels = NDArray[np.int64]


@lru_cache(maxsize=4)
def load(source: DataSource) -> tuple[Images, Labels]:
    """All examples of a source.

    Returns:
        Images `[n, C, H, W]` with mean 0 and standard deviation 1 over the whole source, and labels `[n]`.
    """
    images, labels = _LOADERS[source]()
    assert images.shape == (SOURCES[source].examples, *SOURCES[source].shape)
    return (images - images.mean()) / images.std(), labels


def draw(source: DataSource, batch: int, seed: int) -> tuple[Images, Labels]:
    """A batch of distinct examples (with repetition only if the batch is larger than the source)."""
    images, labels = load(source)
    chosen = np.random.default_rng(seed).choice(len(labels), batch, replace=batch > len(labels))
    return images[chosen], labels[chosen]


def _digits() -> tuple[Images, Labels]:
    from sklearn.datasets import load_digits  # costs a second, and dry runs need no data

    digits = load_digits()
    return digits.images[:, None].astype(np.float64), digits.target.astype(np.int64)


def _photos() -> tuple[Images, Labels]:
    """Every whole 32×32 patch of each photograph, on a grid."""
    from sklearn.datasets import load_sample_images  # as above

    patches, labels = [], []
    for label, photo in enumerate(load_sample_images().images):
        rows, columns = photo.shape[0] // 32, photo.shape[1] // 32
        grid = photo[: rows * 32, : columns * 32].reshape(rows, 32, columns, 32, 3)
        patches.append(grid.transpose(0, 2, 4, 1, 3).reshape(-1, 3, 32, 32))
        labels.append(np.full(rows * columns, label))
    return np.concatenate(patches).astype(np.float64), np.concatenate(labels).astype(np.int64)


_LOADERS: dict[DataSource, Callable[[], tuple[Images, Labels]]] = {"digits": _digits, "photos": _photos}
