"""Memory over a method's steps, by category. All methods share both axes unless one is looked at on its own scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import plotly.graph_objects as go

from moonviz.events import Kind, StepRecord
from moonviz.figures.chart import Chart
from moonviz.figures.held import sweeps
from moonviz.figures.style import (
    FONT,
    KINDS_DRAWN,
    TOKENS,
    Scheme,
    anchor,
    bytes_text,
    in_mib,
    look,
    pick,
    significant,
    template,
    tint,
)
from moonviz.figures.sweeps import why_apart
from moonviz.figures.words import PHASE_DURING, PHASE_WORDS
from moonviz.results import Report, Result

HEIGHT = 300
LETTER = 0.023
"""What one letter takes of the axis on a phone: a sweep too short for its name goes without."""
STRONG: frozenset[Kind] = frozenset({"activation", "gradient"})
"""Kinds filled without texture; the others are told apart by pattern first."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The x-axis: seconds where every step was timed, else the step's number."""

    title: str
    scale: float
    timed: bool

    def ends(self, steps: Sequence[StepRecord]) -> list[float]:
        """Where each step ends, with 0 before the first."""
        if not self.timed:
            return [float(n) for n in range(len(steps) + 1)]
        return [0.0, *accumulate((step.seconds or 0.0) * self.scale for step in steps)]


def clock(results: Sequence[Result]) -> Clock:
    """The clock that all of these results can be drawn by."""
    steps = [step for one in results for step in one.steps]
    if not steps or any(step.seconds is None for step in steps):
        return Clock("step", 1.0, timed=False)
    longest = max(sum(step.seconds or 0.0 for step in one.steps) for one in results)
    return Clock("seconds of work", 1.0, True) if longest >= 1 else Clock("milliseconds of work", 1e3, True)


def _stack(steps: Sequence[StepRecord]) -> dict[Kind, list[float]]:
    """Bytes of each kind before the first step and after each; `temporary` is what lived only inside the step."""
    kinds = {kind for step in steps for kind in step.by_category} | {"temporary"}
    layers: dict[Kind, list[float]] = {
        kind: [0.0, *(float(step.by_category.get(kind, 0)) for step in steps)] for kind in KINDS_DRAWN if kind in kinds
    }
    layers["temporary"] = [
        0.0, *(float(max(0, step.peak_bytes - sum(b for k, b in step.by_category.items() if k != "temporary")))
               for step in steps)
    ]  # fmt: skip
    return layers


def kinds_in(results: Sequence[Result]) -> list[Kind]:
    """Every kind these results hold at some step, in stacking order, and `temporary`."""
    seen = {kind for one in results for step in one.steps for kind in step.by_category} | {"temporary"}
    return [kind for kind in KINDS_DRAWN if kind in seen]


def memory(report: Report, label: str, scheme: Scheme, shared: bool = True) -> Chart:
    """One method's memory by category over its steps.

    Args:
        report: The whole race, for the shared axes and backprop's outline.
        label: Which result.
        scheme: Light or dark.
        shared: Use the axes that fit every method; otherwise this method's own.
    """
    drawn = [one for one in report.results if one.steps and one.status == "ok"]
    mine = next(one for one in drawn if one.label == label)
    time = clock(drawn)
    fitted = drawn if shared else [mine]
    top = max(step.peak_bytes for one in fitted for step in one.steps)
    right = max(time.ends(one.steps)[-1] for one in fitted)
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT})
    ends = time.ends(mine.steps)
    for kind, values in _stack(mine.steps).items():
        figure.add_trace(_area(kind, mine.method, ends, values, scheme))
    figure.add_trace(_outline(mine, ends, scheme))
    ghost = next((one for one in drawn if one.method == "backprop"), None)
    if shared and ghost and ghost is not mine:
        figure.add_trace(_ghost(ghost, time, scheme))
    _mark_sweeps(figure, mine, ends, right, scheme)
    _mark_peak(figure, mine, ends, right, scheme)
    figure.update_xaxes(title_text=time.title, range=[0, right])
    figure.update_yaxes(title_text="MiB", range=[0, in_mib(top) * 1.22], rangemode="tozero")
    why = why_apart([mine]) if time.timed else ""
    return Chart(label, f"{_caption(mine)}{why}", figure, f"{_alt(mine)}{why}", _table(mine, ends, time))


def _area(kind: Kind, method: str, ends: list[float], values: list[float], scheme: Scheme) -> go.Scatter:
    drawn = KINDS_DRAWN[kind]
    colour = pick(look(method).colour if kind == "tangent" else drawn.colour, scheme)
    fill = {"fillcolor": tint(colour, 0.85 if kind in STRONG else 0.45)}
    if drawn.pattern:
        fill = {
            "fillpattern": {
                "shape": drawn.pattern,
                "fgcolor": colour,
                "bgcolor": tint(colour, 0.18),
                "size": 5,
                "solidity": 0.45,
            }
        }
    return go.Scatter(
        x=ends,
        y=[in_mib(value) for value in values],
        name=drawn.name,
        stackgroup="held",
        line={"width": 0},
        customdata=[bytes_text(value) for value in values],
        hovertemplate="%{customdata}",
        **fill,
    )


def _outline(mine: Result, ends: list[float], scheme: Scheme) -> go.Scatter:
    drawn = look(mine.method)
    where = ["start", *(f"{PHASE_WORDS[step.phase]}, layer {step.layer}" for step in mine.steps)]
    heights = [0, *(step.peak_bytes for step in mine.steps)]
    return go.Scatter(
        x=ends,
        y=[in_mib(height) for height in heights],
        name="in all",
        mode="lines",
        line={"color": pick(drawn.colour, scheme), "width": drawn.width, "dash": drawn.dash},
        customdata=[f"{bytes_text(height)} ({place})" for height, place in zip(heights, where, strict=True)],
        hovertemplate="<b>%{customdata}</b>",
    )


def _ghost(ghost: Result, time: Clock, scheme: Scheme) -> go.Scatter:
    return go.Scatter(
        x=time.ends(ghost.steps),
        y=[0, *(in_mib(step.peak_bytes) for step in ghost.steps)],
        name=f"outline of {ghost.label}",
        mode="lines",
        line={"color": tint(pick(look(ghost.method).colour, scheme), 0.55), "width": 1.2, "dash": "dot"},
        hoverinfo="skip",
    )


def _mark_sweeps(figure: go.Figure, mine: Result, ends: list[float], right: float, scheme: Scheme) -> None:
    """A hairline where a new sweep starts and its name above; none where sweeps alternate too often to be read."""
    cut = sweeps(mine.steps)
    if len(cut) > 4:
        return
    at = 0
    for phase, steps in cut:
        if at:
            figure.add_vline(ends[at], line={"color": pick(TOKENS["line"], scheme), "width": 1})
        words = PHASE_WORDS[phase]
        if (ends[at + len(steps)] - ends[at]) / right > LETTER * len(words):
            figure.add_annotation(
                x=ends[at], y=1, yref="paper", xanchor="left", yanchor="bottom", text=words,
                font={"size": 13, "color": pick(TOKENS["muted"], scheme)}, xshift=0 if not at else 3,
            )  # fmt: skip
        at += len(steps)


def _mark_peak(figure: go.Figure, mine: Result, ends: list[float], right: float, scheme: Scheme) -> None:
    at = max(range(len(mine.steps)), key=lambda n: mine.steps[n].peak_bytes)
    x, count = ends[at + 1], mine.steps[at].peak_bytes
    drawn = look(mine.method)
    figure.add_trace(
        go.Scatter(
            x=[x], y=[in_mib(count)], mode="markers", name="peak", hoverinfo="skip", cliponaxis=False,
            marker={"symbol": drawn.symbol, "size": 11, "color": pick(drawn.colour, scheme)},
        )
    )  # fmt: skip
    figure.add_annotation(
        x=x, y=in_mib(count), yshift=16, xanchor=anchor(x / right), text=f"<b>peak {bytes_text(count)}</b>",
        font={"family": FONT, "size": 14}, bgcolor=tint(pick(TOKENS["page"], scheme), 0.75), borderpad=0,
    )  # fmt: skip


def _caption(mine: Result) -> str:
    top = max(mine.steps, key=lambda step: step.peak_bytes)
    parts = sorted(top.by_category.items(), key=lambda pair: -pair[1])
    share = f": {100 * parts[0][1] / top.peak_bytes:.0f} % {KINDS_DRAWN[parts[0][0]].name}" if parts else ""
    return f"Peak {PHASE_DURING[top.phase]}, at layer {top.layer}{share}."


def _alt(mine: Result) -> str:
    most = max(step.peak_bytes for step in mine.steps)
    start = f"Memory of {mine.label} by category over {len(mine.steps):,} steps, at most {bytes_text(most)}."
    return f"{start} {_caption(mine)}"


def _table(mine: Result, ends: list[float], time: Clock) -> dict[str, list[object]]:
    table: dict[str, list[object]] = {
        "step": [step.index for step in mine.steps],
        "sweep": [PHASE_WORDS[step.phase] for step in mine.steps],
        "layer": [step.layer for step in mine.steps],
    }
    if time.timed:
        table[f"end ({time.title.split()[0]})"] = [float(significant(end, 4).replace(",", "")) for end in ends[1:]]
    for kind, values in _stack(mine.steps).items():
        table[f"{KINDS_DRAWN[kind].name} (MiB)"] = [round(in_mib(value), 4) for value in values[1:]]
    return table | {"in all (MiB)": [round(in_mib(step.peak_bytes), 4) for step in mine.steps]}
