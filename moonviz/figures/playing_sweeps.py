"""Where each sweep of a method starts, and the words of its chip."""

from __future__ import annotations

from collections.abc import Sequence

from moonviz.events import Phase, StepRecord
from moonviz.specs.methods import MethodOptions, MoonwalkMixedOptions

_WAY: dict[Phase, str] = {
    "forward": "forward",
    "reverse": "back",
    "recompute": "back",
    "invert": "back",
    "advance": "again",
    "tangent": "tangent",
}
CHIPS: dict[str, tuple[tuple[str, str], ...]] = {
    "backprop": (("forward", "Forward →"), ("back", "Backward ←")),
    "checkpointing": (("forward", "Forward →"), ("back", "Backward ← by segments")),
    "revbackprop": (("forward", "Forward →"), ("back", "Backward ← undoing")),
    "moonwalk-mixed": (("forward", "1 Forward →"), ("back", "2 Backward ←"), ("again", "3 Forward →")),
    "moonwalk-pure": (("tangent", "1 Directions →"), ("again", "2 Forward →")),
    "projforward": (("tangent", "Directions →"),),
    "forward": (("tangent", "One weight at a time →"),),
}
"""The sweeps of each method, as (the way it goes, words)."""
_BACK = {"inverse": "2 Backward ← undoing", "checkpointed": "2 Backward ← by segments"}


def sweep_starts(options: MethodOptions, steps: Sequence[StepRecord], last: int) -> list[list[int | str]]:
    """Where each sweep starts: the event's number and the chip's words.

    A sweep that is still to come, of a race that runs, stands where its schedule will put it.
    """
    chips = CHIPS.get(options.method, ())
    starts: list[list[int | str]] = []
    expected = 0
    for way, words in chips:
        if way == "back" and isinstance(options, MoonwalkMixedOptions):
            chip = _BACK.get(options.phase_one, words)
        else:
            chip = words
        begun = next((n for n, step in enumerate(steps) if _WAY[step.phase] == way), None) if starts else 0
        at = max(expected, len(steps)) if begun is None else begun
        starts.append([at, chip])
        expected = at + _length(options, way, last)
    return starts


def _length(options: MethodOptions, way: str, last: int) -> int:
    """How many events a sweep has, for those that another follows."""
    if way == "back":
        again = isinstance(options, MoonwalkMixedOptions) and options.phase_one == "checkpointed"
        return last + (last - 1 if again else 0)
    return last + 1
