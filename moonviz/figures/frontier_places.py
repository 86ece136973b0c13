"""Methods as places on a plane of memory and time: which of them nobody beats on both, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from moonviz.figures.agreement_marks import listed
from moonviz.figures.style import bytes_text, error_text, factor_text, flops_text, in_mib, seconds_text
from moonviz.figures.words import STATUS_WORDS, agreement_words, short
from moonviz.results import Report, Result

Cost = Literal["time", "work"]

NOTICEABLE = 1.005
"""Ratios below are called the same."""

FAR = 12.0
"""Where one method takes this many times what another does, equal steps would hide the small ones."""


@dataclass(frozen=True, slots=True)
class Place:
    """One method on the plane.

    Attributes:
        result: It.
        x: Time or work, in units of backprop's where there is a backprop.
        spread: Least and most of x over the timed runs.
        counts: Whether its gradient is the gradient, so that being cheap is worth something.
        verdict: On its gradient.
        detail: What is to be said beside it.
    """

    result: Result
    x: float
    spread: tuple[float, float] | None
    counts: bool
    verdict: str
    detail: str

    @property
    def words(self) -> str:
        """Verdict and detail."""
        return f"{self.verdict}, {self.detail}" if self.detail else self.verdict

    @property
    def peak(self) -> int:
        """Peak bytes."""
        return self.result.peak_bytes or 0


def cost_of(report: Report) -> Cost:
    """The x-axis: time where all that finished were timed, else counted work."""
    done = [one for one in report.results if one.status == "ok" and one.peak_bytes]
    return "time" if done and all(one.seconds and one.seconds.median > 0 for one in done) else "work"


def places(report: Report) -> list[Place]:
    """Every method that finished with a peak and a time (or work), in the order of the race."""
    dtype = str(report.network.spec.get("dtype", "float32"))
    cost = cost_of(report)
    unit = next((_raw(one, cost) for one in report.results if one.method == "backprop" and one.status == "ok"), 0.0)
    found = []
    for one in report.results:
        raw = _raw(one, cost)
        if one.status != "ok" or not one.peak_bytes or not raw:
            continue
        spread = None
        if cost == "time" and one.seconds:
            spread = (one.seconds.min / (unit or 1.0), one.seconds.max / (unit or 1.0))
        verdict, detail = agreement_words(one, dtype)
        counts = verdict in ("same", "reference")
        found.append(Place(one, raw / (unit or 1.0), spread, counts, verdict, detail))
    return found


def _raw(result: Result, cost: Cost) -> float:
    if cost == "time":
        return result.seconds.median if result.seconds else 0.0
    return float(result.flops or 0)


def beats(one: Place, other: Place) -> bool:
    """Whether `one` is at least as good on both axes and better on one."""
    return one.x <= other.x and one.peak <= other.peak and (one.x < other.x or one.peak < other.peak)


def frontier_of(found: Sequence[Place]) -> list[Place]:
    """Those whose gradient counts and whom nobody of that kind beats, from the quickest on."""
    same = [one for one in found if one.counts]
    best = [one for one in same if not any(beats(other, one) for other in same)]
    return sorted(best, key=lambda one: one.x)


def far_apart(report: Report) -> bool:
    """Whether a log scale shows more."""
    xs = [one.x for one in places(report)]
    return bool(xs) and max(xs) / min(xs) > FAR


def caption(report: Report, found: Sequence[Place], best: Sequence[Place]) -> str:
    """Who is on the frontier, who beats the others and by how much, and who is not ranked."""
    said = []
    if best:
        names = listed([short(best[0].result.label), *(one.result.label for one in best[1:])])
        said.append(
            f"{names}: no other is both quicker and smaller." if len(best) > 1 else f"{names} beats all others."
        )
    for one in found:
        winners = [other for other in best if beats(other, one)]
        if one.counts and winners:
            winner = winners[-1]
            said.append(f"{short(one.result.label)} is beaten by {winner.result.label}{_margin(winner, one)}.")
    beside = [one for one in found if not one.counts]
    if beside:
        said.append(f"Hollow, and not ranked: {listed([f'{one.result.label} ({one.words})' for one in beside])}.")
    away = [f"{one.label} ({STATUS_WORDS[one.status]})" for one in report.results if one.status != "ok"]
    if away:
        said.append(f"Not drawn: {listed(away)}.")
    return " ".join(said)


def _margin(winner: Place, one: Place) -> str:
    """By how much; says where the timing's own spread is as large as the lead."""
    close = bool(winner.spread and one.spread and winner.spread[1] >= one.spread[0])
    peak, time = one.peak / winner.peak, one.x / winner.x
    parts = [f"{factor_text(ratio)}× the {what}" if ratio >= NOTICEABLE else f"the same {what}"
             for ratio, what in ((peak, "memory"), (time, "time"))]  # fmt: skip
    lead = f": it takes {' and '.join(parts)}"
    return lead + (", though their timed runs overlap" if close else "")


def numbers(one: Place, cost: Cost, beside: bool) -> str:
    """A place in words; `beside`: x is in units of backprop's."""
    x = f"{factor_text(one.x)} times backprop’s {cost}" if beside else (
        seconds_text(one.x) if cost == "time" else flops_text(one.x)
    )  # fmt: skip
    return f"{bytes_text(one.peak)}, {x}"


def table(found: Sequence[Place], best: Sequence[Place], cost: Cost, beside: bool) -> dict[str, list[object]]:
    """The plane as columns, agreement included."""
    errors = [one.result.gradient.relative_error_to_backprop if one.result.gradient else None for one in found]
    return {
        "method": [one.result.label for one in found],
        "peak (MiB)": [round(in_mib(one.peak), 4) for one in found],
        f"{cost} ({'backprop = 1' if beside else 'seconds' if cost == 'time' else 'FLOP'})": [
            float(f"{one.x:.4g}") for one in found
        ],
        "work (FLOP)": [one.result.flops for one in found],
        "gradient": [one.words for one in found],
        "error to backprop": ["not measured" if error is None else error_text(error) for error in errors],
        "on the frontier": ["yes" if one in best else "no" for one in found],
    }
