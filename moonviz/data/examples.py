"""All examples of a source, scaled only when they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Inputs = NDArray[Any]
Targets = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Inputs `[n, *]` and targets `[n, *]` as they were read.

    Attributes:
        inputs: Numbers of any type, or bytes as int64.
        targets: Classes.
        moments: Mean and standard deviation over all inputs; None for bytes, which are not scaled.
    """

    inputs: Inputs
    targets: Targets
    moments: tuple[float, float] | None

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Any) -> tuple[Inputs, Targets]:
        """Some of them: inputs as float64 with mean 0 and deviation 1 over the whole source, or bytes as int64."""
        inputs = self.inputs[rows]
        if self.moments is not None:
            mean, deviation = self.moments
            inputs = (inputs - mean) / deviation
        return inputs, self.targets[rows]


def numbers(inputs: Inputs, targets: Targets) -> Examples:
    """Examples made of real numbers."""
    return Examples(inputs, targets, (float(inputs.mean()), float(inputs.std())))
