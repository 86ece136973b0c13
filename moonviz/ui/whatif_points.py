"""Dry runs that the What-if page goes by, kept for all tabs; and which of them are wanted next. No Streamlit here."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from moonviz.estimates.extrapolate import at
from moonviz.estimates.fit import Fit
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.varying import depth_of, with_depth
from moonviz.figures.whatif_answer import Answer, distance, scaled
from moonviz.specs import NetworkSpec
from moonviz.ui.whatif_state import OPENING, Whatif, opening

STORED = Path(__file__).parents[1] / "data" / "stored_peaks"
_POINTS: TypeAdapter[tuple[PeakPoint, ...]] = TypeAdapter(tuple[PeakPoint, ...])

MOST_FAMILIES = 48
MOST_CONFIRMED = 160
"""Dry runs kept of one method and family beside those it is learned from."""
CONFIRMED_DEPTH = 512
"""Deeper answers stay extrapolated: a dry run takes some milliseconds a block."""
SAMPLED_DEPTH = 8
"""A depth that is dry-run anyway where a method is learned from short ones."""
CHECKED_DEPTH = 256
"""Where an extrapolation is checked whose answer lies deeper than that."""
GUESSED_DEPTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


@dataclass
class Family:
    """Networks that differ in depth, batch and seed alone.

    Attributes:
        preset: Its preset; empty for a network made by hand.
        settings: The preset's settings.
        dtype: The numbers' format.
        points: Dry runs by method's label.
        sampled: Labels that are learned from.
        failed: Why a label could not be dry-run.
    """

    preset: str
    settings: dict[str, Any]
    dtype: str
    points: dict[str, tuple[PeakPoint, ...]] = field(default_factory=dict)
    sampled: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    checked: dict[str, tuple[int, list[float]]] = field(default_factory=dict)

    def add(self, found: Iterable[PeakPoint]) -> None:
        """Keep dry runs; what is known already stays."""
        for point in found:
            mine = self.points.get(point.label, ())
            if any(_place(point) == _place(other) for other in mine):
                continue
            learned = [other for other in mine if other.books or other.status != "ok"]
            rest = [other for other in mine if not other.books and other.status == "ok"][-MOST_CONFIRMED:]
            self.points[point.label] = (*learned, *rest, point)

    def stock(self, found: Iterable[PeakPoint]) -> None:
        """Take stored dry runs, whole sets of them."""
        found = tuple(found)
        self.add(found)
        self.sampled |= {point.label for point in found}

    def check(self, label: str) -> list[float]:
        """How far extrapolations lie from the dry runs that came later, as shares of these."""
        mine = self.points.get(label, ())
        if label not in self.checked or self.checked[label][0] != len(mine):
            learned = [point for point in mine if point.books]
            later = [point for point in mine if not point.books and point.exact and point.depth != SAMPLED_DEPTH]
            self.checked[label] = len(mine), [_off(learned, point) for point in later if learned]
        return self.checked[label][1]


def _place(point: PeakPoint) -> tuple[Any, ...]:
    return point.depth, point.batch, point.segment, point.anchor_every, point.asked


def _off(learned: Sequence[PeakPoint], point: PeakPoint) -> float:
    guess = at(learned, point.depth, point.batch).peak_bytes or 0
    return abs(guess / point.peak_bytes - 1) if point.peak_bytes else 0.0


class Shelf:
    """Families that were asked about lately, for all tabs of a server."""

    def __init__(self) -> None:
        self._families: OrderedDict[str, Family] = OrderedDict()

    def family(self, page: Whatif) -> Family:
        """The family of a page's network."""
        key = family_key(page)
        if key not in self._families:
            made = page.own is not None
            settings = {} if made else dict(page.settings)
            family = self._families[key] = Family("" if made else page.preset, settings, page.get("dtype"))
            if key == _opening_key(page.preset):
                family.stock(stored_peaks(page.preset))
            while len(self._families) > MOST_FAMILIES:
                self._families.popitem(last=False)
        self._families.move_to_end(key)
        return self._families[key]

    def points_of(self, page: Whatif, labels: Sequence[str]) -> tuple[dict[str, tuple[PeakPoint, ...]], set[str]]:
        """Points for each label, and the labels whose points are scaled from other settings of the same preset."""
        own = self.family(page)
        found, guesses = {}, set()
        for label in labels:
            found[label] = own.points.get(label, ()) if label in own.sampled else ()
            if not found[label] and (guess := self._guess(own, label, page.get("batch"))):
                found[label] = guess
                guesses.add(label)
        return found, guesses

    def _guess(self, own: Family, label: str, batch: int) -> tuple[PeakPoint, ...]:
        if not own.preset:
            return ()
        near = [one for one in self._families.values() if one.preset == own.preset and label in one.sampled]
        near.sort(key=lambda one: distance(one.settings, own.settings))
        if not near:
            return ()
        points = near[0].points[label]
        if any(point.status != "ok" for point in points):
            return points
        batches = dict.fromkeys((batch, 2 * batch, 131_072, 262_144))
        known = [at(points, depth, size) for depth in GUESSED_DEPTHS for size in batches]
        return scaled(known, near[0].settings, own.settings, (near[0].dtype, own.dtype))


@lru_cache(maxsize=16)
def stored_peaks(name: str) -> tuple[PeakPoint, ...]:
    """Dry runs that ship with the package for what a preset's untouched page shows; empty where there are none."""
    path = STORED / f"{name}.json"
    return _POINTS.validate_json(path.read_bytes()) if path.exists() else ()


@lru_cache(maxsize=16)
def _opening_key(name: str) -> str:
    return family_key(Whatif(preset=name, settings=opening(name))) if name in OPENING else ""


def family_key(page: Whatif) -> str:
    """Equal for networks that differ in depth, batch and seed alone."""
    if page.own is None:
        kept = {name: value for name, value in page.settings.items() if name not in ("depth", "batch", "seed")}
        return json.dumps([page.preset, kept], sort_keys=True)
    return _bare(page.own).canonical()


def _bare(network: NetworkSpec) -> NetworkSpec:
    small = network.changed(batch=1, seed=0)
    return small if depth_of(small) is None else with_depth(small, 2)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Dry runs of one method.

    Attributes:
        label: Of the method.
        depths: Blocks.
        batches: Examples.
        samples: Whether to take the short dry runs that deep ones are put together from.
    """

    label: str
    depths: tuple[int, ...]
    batches: tuple[int, ...]
    samples: bool = False

    def words(self) -> str:
        """What is being done, in a few words."""
        if self.samples:
            return f"{self.label}, a few short ones to go by"
        depths = " and ".join(f"{depth:,}" for depth in self.depths)
        batches = " and ".join(f"{batch:,}" for batch in self.batches)
        plural = "s" * (self.depths != (1,))
        return f"{self.label} at {depths} block{plural}, batch {batches}"


def wanted(family: Family, answers: Sequence[Answer], depth: int, batch: int) -> list[Wanted]:
    """The dry runs that would make the page's answers sure, the most urgent first; empty when all is known."""
    asked = [one for one in answers if one.label not in family.failed]
    asked.sort(key=lambda one: one.method not in ("backprop", "moonwalk-mixed") or ":" in one.label)
    listed = [
        Wanted(one.label, (SAMPLED_DEPTH,), (batch,), samples=True) for one in asked if one.label not in family.sampled
    ]
    known = [one for one in asked if one.label in family.sampled and not one.refusal and one.here]
    for one in known:
        if one.deepest is not None and not one.deepest.exact:
            listed += _deep(family, one.label, one.deepest, batch)
    for one in known:
        if depth <= CONFIRMED_DEPTH:
            if not one.here.exact:  # type: ignore[union-attr]
                listed.append(Wanted(one.label, (depth,), (batch,)))
            if one.largest is not None and not one.largest.exact:
                sizes = {max(1, one.largest.batch), one.largest.batch + 1}
                listed.append(Wanted(one.label, (depth,), tuple(sorted(sizes))))
    return listed


def _deep(family: Family, label: str, fit: Fit, batch: int) -> list[Wanted]:
    if fit.depth <= CONFIRMED_DEPTH:
        return [Wanted(label, tuple(sorted({max(1, fit.depth), fit.depth + 1})), (batch,))]
    here = [point for point in family.points.get(label, ()) if point.batch == batch and point.depth == CHECKED_DEPTH]
    return [] if here else [Wanted(label, (CHECKED_DEPTH,), (batch,))]
