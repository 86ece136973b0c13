"""Windows of a text that ships with the package, for predicting the next byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from moonviz.data.examples import Examples

TEXT = Path(__file__).parent / "texts" / "alice.txt"


def windows(length: int) -> Examples:
    """The text cut into windows of so many bytes; the target at each position is the byte that follows it."""
    symbols = np.frombuffer(TEXT.read_bytes(), np.uint8).astype(np.int64)
    count = (len(symbols) - 1) // length
    inputs, targets = (symbols[shift : shift + count * length].reshape(count, length) for shift in (0, 1))
    return Examples(inputs, targets, None)
