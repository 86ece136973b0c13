"""The methods: one file each, and the one list of them in teaching order."""

from __future__ import annotations

from types import ModuleType

from moonviz.errors import UnsupportedPair
from moonviz.layers import NEEDS
from moonviz.methods import backprop, moonwalk_mixed
from moonviz.methods.gradients import Gradients, held
from moonviz.networks import Network
from moonviz.specs.methods import METHODS, MethodOptions

SCHEDULES: dict[str, ModuleType] = {module.Options.method: module for module in (backprop, moonwalk_mixed)}


def require(options: MethodOptions, network: Network) -> None:
    """Refuse a network that a method cannot train, before any work.

    Raises:
        UnsupportedPair: Naming the first layer that lacks the capability, and the remedy.
    """
    needed = METHODS[options.method].needs
    for layer in network.body:
        if not isinstance(layer, NEEDS[needed]):
            raise UnsupportedPair(
                options.method,
                layer.title,
                needed,
                f"{layer.reason} Use `backprop`, or swap the layer for a coupling layer or a square dense one.",
            )


__all__ = ["SCHEDULES", "Gradients", "held", "require"]
