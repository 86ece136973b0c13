"""Which examples are trained on, and which are kept aside to test on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from moonviz.data.datasets import load
from moonviz.data.examples import Inputs, Targets
from moonviz.specs.train import HELD_OUT

_SPLIT_SEED = 20_240_214
"""The same split always, whatever the seeds of weights and batches."""
Rows = NDArray[np.int64]


@lru_cache(maxsize=8)
def split(source: str) -> tuple[Rows, Rows]:
    """(rows to train on, rows to test on): no row is in both, and each is in one."""
    shuffled = np.random.default_rng(_SPLIT_SEED).permutation(len(load(source)))
    held_out = HELD_OUT[source]
    return np.sort(shuffled[held_out:]), np.sort(shuffled[:held_out])


def training_rows(source: str, batch: int, seed: int, step: int) -> Rows:
    """Rows of a step's batch: each pass over the training rows is shuffled anew, and a short rest is left out."""
    rows, _ = split(source)
    turn, place = divmod(step, len(rows) // batch)
    return np.random.default_rng([seed, turn]).permutation(rows)[place * batch : (place + 1) * batch]


def training_batch(source: str, batch: int, seed: int, step: int) -> tuple[Inputs, Targets]:
    """A step's batch; inputs are scaled by the moments of the whole source, as in `draw`."""
    return load(source).take(training_rows(source, batch, seed, step))


def held_out(source: str) -> tuple[Inputs, Targets]:
    """All examples that are never trained on."""
    return load(source).take(split(source)[1])
