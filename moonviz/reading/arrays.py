"""One's own examples from a file: `.npz` or CSV, read within bounds; nothing in it is executed. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from moonviz.errors import InvalidSpec
from moonviz.reading.archive import read_archive
from moonviz.reading.table import read_table
from moonviz.specs.sources import FEWEST_OWN_EXAMPLES, MOST_OWN_CLASSES, MOST_OWN_NUMBERS, MOST_OWN_SHAPE

MAX_FILE_BYTES = 32_000_000
"""Largest `.npz` that is opened; `table.MAX_TABLE_BYTES` is that of a CSV."""


@dataclass(frozen=True, slots=True)
class OwnData:
    """Examples and their classes.

    Attributes:
        x: Float32, `[N, *]`; at most channels, height and width.
        y: Int64, `[N]`, from 0 to `classes` − 1.
        classes: How many.
        notes: What was decided on the way, one sentence each.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: int
    notes: tuple[str, ...] = ()


def read_arrays(data: bytes, name: str) -> OwnData:
    """Read examples from a file.

    A `.npz` holds `x` `[N, numbers]`, `[N, channels, length]` or `[N, channels, height, width]`, and `y` `[N]`. A CSV
    holds one example a row; its class stands in the column named `label`, else in the last.

    Args:
        data: The file's bytes.
        name: The file's name; its end tells which of the two it is.

    Raises:
        InvalidSpec: If the file is neither, is too large, or does not fit together; says what and what is allowed.
    """
    kind = PurePath(name[-255:]).suffix.lower()
    if kind not in (".npz", ".csv"):
        raise InvalidSpec("own data come as a `.npz` or a `.csv` file. Choose one of these")
    if len(data) > MAX_FILE_BYTES:
        raise InvalidSpec(f"the file is {len(data):,} bytes long; at most {MAX_FILE_BYTES:,} are opened")
    inputs, labels, notes = read_archive(data) if kind == ".npz" else read_table(data)
    _check_shapes(inputs, labels)
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(inputs, dtype=np.float32)
    if not np.isfinite(x).all():
        raise InvalidSpec("`x` holds numbers that are infinite, missing or too large for 32 bits. Take them out")
    if x.min() == x.max():
        raise InvalidSpec("all numbers of `x` are equal, so there is nothing to learn from them")
    y, classes, more = _classes(labels)
    if x.ndim == 3:
        notes += (
            f"Each example is read as {x.shape[1]:,} channels of length {x.shape[2]:,}. Images of one channel are "
            "given as [N, 1, height, width].",
        )
    return OwnData(x, y, classes, (*notes, *more))


def _check_shapes(inputs: NDArray, labels: NDArray) -> None:
    shape = inputs.shape[1:]
    words = "×".join(map(str, inputs.shape))
    if inputs.ndim not in (2, 3, 4):
        raise InvalidSpec(
            f"`x` is {words or 'a single number'}; it takes [N, numbers], [N, channels, length] or "
            "[N, channels, height, width]"
        )
    if not prod(shape) or prod(shape) > MOST_OWN_SHAPE or inputs.size > MOST_OWN_NUMBERS:
        raise InvalidSpec(
            f"`x` is {words}; an example takes 1 to {MOST_OWN_SHAPE:,} numbers, and all together at most "
            f"{MOST_OWN_NUMBERS:,}"
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (len(inputs),):
        raise InvalidSpec(
            f"`x` has {len(inputs):,} examples, but `y` is {'×'.join(map(str, labels.shape)) or 'a single number'}; "
            "it takes one class for each"
        )
    if len(inputs) < FEWEST_OWN_EXAMPLES:
        raise InvalidSpec(f"{len(inputs)} examples are too few; at least {FEWEST_OWN_EXAMPLES}")


def _classes(labels: NDArray) -> tuple[NDArray[np.int64], int, tuple[str, ...]]:
    """(classes from 0 up, how many, what was decided)."""
    labels = labels.reshape(-1)
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (labels == np.floor(labels)).all()):
        raise InvalidSpec("`y` holds numbers with a fraction, but classes are whole numbers or names")
    names, y = np.unique(labels, return_inverse=True)
    if not 2 <= len(names) <= MOST_OWN_CLASSES:
        raise InvalidSpec(f"`y` has {len(names):,} different classes; it takes 2 to {MOST_OWN_CLASSES:,}")
    plain = names.dtype.kind != "U" and bool((names == np.arange(len(names))).all())
    notes = () if plain else (f"The classes are numbered in this order: {_listed(names.tolist())}.",)
    return y.reshape(-1).astype(np.int64), len(names), notes


def _listed(names: Sequence[object]) -> str:
    shown = [str(int(name) if isinstance(name, float) else name)[:30] for name in names[:8]]
    return ", ".join(shown) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")
