"""moonviz: see and test how Moonwalk computes the exact gradient without storing activations.

What needs torch is imported when it is first asked for, so `import moonviz` stays fast and torch-free.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from moonviz.errors import InvalidSpec, SingularLayer, TooLarge, UnsupportedPair
from moonviz.results import Report, Result
from moonviz.specs import METHODS, PRESETS, NetworkSpec, RunSpec, preset
from moonviz.training import TrainReport

if TYPE_CHECKING:
    from moonviz.estimates.checking import check
    from moonviz.estimates.dry import estimate
    from moonviz.estimates.modules import check_module, estimate_module
    from moonviz.networks import build
    from moonviz.runs import backward, gradients, run, walk
    from moonviz.runs.train import train

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 (grouped by purpose, which the alphabet would undo)
    # Say what to run.
    "preset",
    "PRESETS",
    "METHODS",
    "NetworkSpec",
    "RunSpec",
    # Say what each layer of a network of your own can do, or why it does not fit and what would mend it.
    "check",
    # Use a method on it.
    "build",
    "gradients",
    "backward",
    # Measure a method, watch it step by step, or predict what it takes.
    "run",
    "walk",
    "estimate",
    "Result",
    "Report",
    # The same for PyTorch modules of your own: what each can do, and what each method would take.
    "check_module",
    "estimate_module",
    # Train by two methods on the same batches.
    "train",
    "TrainReport",
    # What can go wrong.
    "InvalidSpec",
    "UnsupportedPair",
    "SingularLayer",
    "TooLarge",
]

_TORCH_BACKED = {
    "check": "moonviz.estimates.checking",
    "build": "moonviz.networks",
    "gradients": "moonviz.runs",
    "backward": "moonviz.runs",
    "run": "moonviz.runs",
    "walk": "moonviz.runs",
    "estimate": "moonviz.estimates.dry",
    "check_module": "moonviz.estimates.modules",
    "estimate_module": "moonviz.estimates.modules",
    "train": "moonviz.runs.train",
}


def __getattr__(name: str) -> Any:
    if name not in _TORCH_BACKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_TORCH_BACKED[name]), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
