"""The methods: one file each, and the one list of them in teaching order."""

from __future__ import annotations

from types import ModuleType

from moonviz.errors import UnsupportedPair
from moonviz.layers import NEEDS, FragmentalLayer, Layer
from moonviz.methods import (
    backprop,
    checkpointing,
    forward,
    moonwalk_mixed,
    moonwalk_pure,
    projforward,
    revbackprop,
)
from moonviz.methods.gradients import Gradients, held
from moonviz.networks import Network
from moonviz.specs.methods import MethodOptions

SCHEDULES: dict[str, ModuleType] = {
    module.Options.method: module
    for module in (backprop, checkpointing, revbackprop, forward, projforward, moonwalk_pure, moonwalk_mixed)
}


def require(options: MethodOptions, network: Network) -> None:
    """Refuse a network that a method cannot train, before any work.

    Raises:
        UnsupportedPair: Naming the first layer that lacks the capability, and the remedy.
    """
    for layer in network.body:
        if not isinstance(layer, NEEDS[options.needed]):
            raise UnsupportedPair(
                options.label, layer.title, options.needed, f"{_why(layer, options)} {_remedy(options)}"
            )
    if getattr(options, "phase_one", None) == "checkpointed":
        _ = network.residual_segment  # found once, by a dry run of a block, before anything is counted
    for layer in network.head_layers:
        if options.method == "moonwalk-pure" and layer.couples_examples:
            raise UnsupportedPair(
                options.label,
                layer.title,
                "independent from example to example",
                "Each input direction would have to be pushed for one example at a time. Use `moonwalk-mixed`.",
            )


def _why(layer: Layer, options: MethodOptions) -> str:
    """What the layer lacks; its own reason tells what it has."""
    if options.needed == "invertible" and isinstance(layer, FragmentalLayer):
        return "The gradient can pass it in both directions, but its input cannot be rebuilt from its output."
    return layer.reason


def _remedy(options: MethodOptions) -> str:
    """What to do where a layer lacks what these options need."""
    if options.needed == "invertible":
        return "Use `moonwalk-mixed` with phase one `residuals`, or swap the layer for a coupling layer."
    if options.needed == "submersive":
        return "Use `moonwalk-mixed`, which keeps fragments, or swap the layer for a coupling layer."
    return "Use `backprop` or `checkpointing`, or swap the layer for a coupling layer or a square dense one."


__all__ = ["SCHEDULES", "Gradients", "held", "require"]
