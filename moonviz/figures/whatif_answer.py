"""What the What-if page answers for one method: how deep, how large a batch, what it takes. No plotly here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

from moonviz.estimates.devices import Device, Need, Optimizer, needs
from moonviz.estimates.extrapolate import at
from moonviz.estimates.fit import MOST_BATCH, MOST_DEPTH, Fit, deepest, largest_batch
from moonviz.estimates.points import PeakPoint
from moonviz.specs import METHODS

BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
WIDE = ("channels", "width", "hidden")
"""Settings of presets that make every layer wider."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked.

    Attributes:
        device: Where, with its memory.
        optimizer: What keeps numbers of its own beside the weights.
        depth: Blocks looked at.
        batch: Examples looked at.
        deep: Whether the network's depth can be set at all.
        dtype: The numbers' format.
        what: The network in a few words.
    """

    device: Device
    optimizer: Optimizer
    depth: int
    batch: int
    deep: bool = True
    dtype: str = "float32"
    what: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One method's answer.

    Attributes:
        label: The method with its options.
        method: Its name.
        points: What it goes by.
        guessed: Whether those are of other settings, scaled.
        here: What the step takes at the depth and batch asked for; null where that cannot be said.
        need: The same with weights, optimizer and the device's own.
        deepest: The most blocks at that batch; null for a network whose depth is not free.
        largest: The largest batch at that depth.
        time: FLOPs beside backprop's; null where either is not known.
        refusal: Why the method cannot train this network; empty where it can.
    """

    label: str
    method: str
    points: tuple[PeakPoint, ...] = ()
    guessed: bool = False
    here: PeakPoint | None = None
    need: Need | None = None
    deepest: Fit | None = None
    largest: Fit | None = None
    time: float | None = None
    refusal: str = ""

    @property
    def exact(self) -> bool:
        """Whether the method gives the gradient, not a noisy guess of it."""
        return METHODS[self.method].exact

    @property
    def main(self) -> Fit | None:
        """The answer that the headline tells: the depth where it is free, else the batch."""
        return self.deepest or self.largest

    @property
    def reach(self) -> int:
        """The main answer's number; −1 where there is none."""
        fit = self.main
        return -1 if fit is None else fit.depth if fit.varied == "depth" else fit.batch

    @property
    def confirmed(self) -> bool:
        """Whether dry runs stand behind the main answer."""
        return self.main is not None and self.main.exact and not self.guessed


def answers(ask: Ask, known: Mapping[str, Sequence[PeakPoint]], guesses: Iterable[str] = ()) -> list[Answer]:
    """An answer for each method, in the order given.

    Args:
        ask: What is asked.
        known: By label, points of the network's family; none where nothing is known yet.
        guesses: Labels whose points were scaled from those of other settings.
    """
    guessed = set(guesses)
    listed = [_answer(ask, label, tuple(points), label in guessed) for label, points in known.items()]
    backprop = next((one.here for one in listed if one.label == "backprop" and one.here), None)
    return [_timed(one, backprop) for one in listed]


def _answer(ask: Ask, label: str, points: tuple[PeakPoint, ...], guessed: bool) -> Answer:
    method = label.partition(":")[0]
    if not points:
        return Answer(label, method)
    if all(point.status == "refused" for point in points):
        error = points[0].error
        return Answer(label, method, points, refusal=error.message if error else "It cannot train this network.")
    limit = ask.device.memory_bytes
    here = at(points, ask.depth, ask.batch)
    deep = deepest(points, limit, ask.device, ask.optimizer, ask.batch, MOST_DEPTH) if ask.deep else None
    # Anchored walks stand beside their precision, where only the depth is told.
    large = None
    if ":" not in label or not ask.deep:
        large = largest_batch(points, limit, ask.device, ask.optimizer, ask.depth, MOST_BATCH)
    return Answer(label, method, points, guessed, here, needs(here, ask.device, ask.optimizer), deep, large)


def _timed(one: Answer, backprop: PeakPoint | None) -> Answer:
    if one.here is None or backprop is None or not backprop.flops:
        return one
    return replace(one, time=one.here.flops / backprop.flops)


def scaled(
    points: Sequence[PeakPoint], of: Mapping[str, object], to: Mapping[str, object], dtypes: tuple[str, str]
) -> tuple[PeakPoint, ...]:
    """Points of some settings as they may be at others: a first guess, until dry runs have answered.

    Activations grow as the width, weights as its square; all but bits grow as the bytes of one number.

    Args:
        points: Of the settings `of`.
        of: A preset's settings.
        to: Other settings of the same preset.
        dtypes: Number formats of both.
    """
    width = 1.0
    for name in WIDE:
        if name in of and name in to:
            width = float(to[name]) / float(of[name])  # type: ignore[arg-type]
            break
    number = BYTES[dtypes[1]] / BYTES[dtypes[0]]
    return tuple(_scaled(point, width, number) for point in points)


def _scaled(point: PeakPoint, width: float, number: float) -> PeakPoint:
    if point.status != "ok":
        return point
    grows = {"gradient": width**2 * number, "residual": width}
    parts = {kind: round(size * grows.get(kind, width * number)) for kind, size in point.by_category.items()}
    weights = width**2 * number
    return point.model_copy(
        update={
            "by_category": parts,
            "peak_bytes": sum(parts.values()),
            "gradient_bytes": round(point.gradient_bytes * weights),
            "parameter_bytes": round(point.parameter_bytes * weights),
            "input_bytes": round(point.input_bytes * number),
            "flops": round(point.flops * width**2),
            "exact": False,
            "how": "line",
            "books": (),
        }
    )


def distance(of: Mapping[str, object], to: Mapping[str, object]) -> float:
    """How unlike two choices of settings are, as far as bytes go; depth and batch make no difference."""
    far = 0.0
    for name, value in to.items():
        if name in ("depth", "batch", "seed") or of.get(name) == value:
            continue
        if name in WIDE and isinstance(value, int) and isinstance(of.get(name), int):
            far += abs(log2(value / of[name]))  # type: ignore[operator]
        else:
            far += 1.0
    return far
