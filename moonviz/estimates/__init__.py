"""What-if: what a method would take, by a dry run of the method itself, and what follows from a few dry runs.

What needs torch (`check`, `estimate` and their like) is imported when it is first asked for, so that pages can use
`devices`, `points`, `extrapolate` and `fit` without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moonviz.estimates.checking import check
    from moonviz.estimates.dry import estimate, estimate_methods
    from moonviz.estimates.modules import check_module, estimate_module

__all__ = ["check", "check_module", "estimate", "estimate_methods", "estimate_module"]

_TORCH_BACKED = {
    "check": "moonviz.estimates.checking",
    "check_module": "moonviz.estimates.modules",
    "estimate": "moonviz.estimates.dry",
    "estimate_methods": "moonviz.estimates.dry",
    "estimate_module": "moonviz.estimates.modules",
}


def __getattr__(name: str) -> Any:
    if name not in _TORCH_BACKED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_TORCH_BACKED[name]), name)
    globals()[name] = value  # the next look-up does not come here
    return value
