"""What each method should cost, in closed form, to lay over what is measured. No torch here.

Units: C is one layer's forward work, A the bytes of one layer's activation, r the bytes of one layer's residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from moonviz.theory import (
    backprop,
    checkpointing,
    forward,
    moonwalk_mixed,
    moonwalk_pure,
    projforward,
    revbackprop,
)
from moonviz.theory.sizes import Sizes

FORMULAS: dict[str, ModuleType] = {
    "backprop": backprop,
    "checkpointing": checkpointing,
    "revbackprop": revbackprop,
    "forward": forward,
    "projforward": projforward,
    "moonwalk-pure": moonwalk_pure,
    "moonwalk-mixed": moonwalk_mixed,
}
"""By method, in teaching order: each has `work(sizes)` and `activation_bytes(sizes)`."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Predicted cost of one training step: work in units of C, activation memory in bytes."""

    work: float
    activation_bytes: float


def cost(method: str, sizes: Sizes) -> Cost:
    """The closed-form cost of a method on a network of these sizes.

    Raises:
        KeyError: If there is no formula for the method.
    """
    formula = FORMULAS[method]
    return Cost(formula.work(sizes), formula.activation_bytes(sizes))


__all__ = ["FORMULAS", "Cost", "Sizes", "cost"]
