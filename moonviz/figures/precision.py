"""Where exact stops: error against depth, method by method, and what the points of a report say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from re import sub
from typing import Any

import plotly.graph_objects as go

from moonviz.figures.chart import Chart
from moonviz.figures.style import Scheme, error_text, look, pick, template
from moonviz.figures.words import short
from moonviz.figures.zones import shade, ticks
from moonviz.precision import PrecisionPoint, PrecisionReport
from moonviz.results import TOLERANCE

HEIGHT = 300
TOGETHER = 0.8
"""Line ends closer than this many powers of ten share one label."""
BEYOND = 1e30
"""Where a gradient that is not finite is drawn."""


def method_of(label: str) -> str:
    """The method of a label, its options left out."""
    return label.split(":", maxsplit=1)[0]


def error_of(point: PrecisionPoint) -> float:
    """The error against the true gradient; infinite where the gradient is not finite."""
    return float("inf") if point.relative_error is None else point.relative_error


def text(error: float) -> str:
    """An error in words."""
    return error_text(error) if error < BEYOND else "not finite"


def measured(report: PrecisionReport, dtype: str) -> dict[str, dict[int, float]]:
    """Error by depth of each label that finished somewhere, in one dtype."""
    lines: dict[str, dict[int, float]] = {}
    for point in report.points:
        if point.dtype == dtype and point.status == "ok":
            lines.setdefault(point.label, {})[point.depth] = error_of(point)
    return lines


def dtypes(report: PrecisionReport) -> list[str]:
    """Number formats, in the order they were asked for."""
    return list(dict.fromkeys(point.dtype for point in report.points))


def unit(spec: Mapping[str, Any]) -> str:
    """What one block of a network is, in the plural."""
    kinds = [layer["kind"] for block in spec.get("body", ()) for layer in block["layers"]]
    if kinds == ["coupling"]:
        return "couplings"
    return f"{kinds[0]} layers" if len(kinds) == 2 and kinds[0] in ("dense", "conv") else "blocks"


def network_words(report: PrecisionReport) -> str:
    """A network in a few words: its blocks and its slope."""
    layers = [layer for block in report.spec["network"].get("body", ()) for layer in block["layers"]]
    slopes = [layer["slope"] for layer in layers if layer["kind"] == "leaky_relu"]
    kind = unit(report.spec["network"])
    return f"{kind} and LeakyReLU {slopes[0]:g}" if slopes else kind


def reach(reports: Sequence[PrecisionReport]) -> tuple[int, int]:
    """Powers of ten that hold all errors of some reports, so that their figures share one scale."""
    finite = [error for report in reports for point in report.points if 0 < (error := error_of(point)) < BEYOND]
    lost = any(point.status == "ok" and error_of(point) >= BEYOND for report in reports for point in report.points)
    low = floor(log10(min(finite)) - 0.9) if finite else -8
    high = ceil(log10(max(finite)) + 0.3) if finite else 1
    return low, max(high, 2) + 4 * lost


def error_by_depth(
    report: PrecisionReport, dtype: str, scheme: Scheme, span: tuple[int, int], title: str = ""
) -> Chart | None:
    """One panel: a line per method; null where no method finished.

    Args:
        report: The points.
        dtype: Which of them.
        scheme: Light or dark.
        span: Powers of ten at the ends of the error axis.
        title: In place of the dtype's name.
    """
    lines = measured(report, dtype)
    if not lines:
        return None
    low, high = span
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT, "hovermode": "x unified"})
    shade(figure, low, TOLERANCE[dtype], high, scheme)
    for label, line in sorted(lines.items(), key=lambda pair: -look(method_of(pair[0])).width):
        figure.add_trace(_line(label, line, low, high, scheme))
    depths = sorted({depth for line in lines.values() for depth in line})
    for names, at, side in _ends(lines, low, high):
        shift = {"above": (8, 7), "below": (8, -7), "left": (-11, 0)}[side]
        figure.add_annotation(
            x=log10(depths[-1]), y=at, text=f"<b>{names}</b>", xanchor="right", xshift=shift[0], yshift=shift[1],
            yanchor={"above": "bottom", "below": "top", "left": "middle"}[side],
        )  # fmt: skip
    room = 0.08 * max(1.0, log10(depths[-1] / depths[0]) / 0.6)
    figure.update_xaxes(
        title_text=unit(report.spec["network"]), type="log", range=[log10(depths[0]) - room, log10(depths[-1]) + room],
        tickvals=depths, ticktext=[f"{depth:,}" for depth in depths],
    )  # fmt: skip
    figure.update_yaxes(title_text="relative error", type="log", range=[low, high], **ticks(low, high))
    caption = _caption(lines, TOLERANCE[dtype], unit(report.spec["network"]))
    table = {"depth": depths} | {label: [line.get(depth) for depth in depths] for label, line in lines.items()}
    name = title or dtype
    return Chart(name, caption, figure, f"Relative error by depth, {name}, {dtype}. {_numbers(lines)}.", table)


def _line(label: str, line: Mapping[int, float], low: int, high: int, scheme: Scheme) -> go.Scatter:
    drawn = look(method_of(label))
    colour = pick(drawn.colour, scheme)
    return go.Scatter(
        x=list(line),
        y=[_inside(error, low, high) for error in line.values()],
        name=label,
        mode="lines+markers",
        line={"color": colour, "width": drawn.width, "dash": drawn.dash},
        marker={"symbol": drawn.symbol, "size": 11 if drawn.symbol.startswith("star") else 9, "color": colour},
        customdata=[text(error) for error in line.values()],
        hovertemplate="%{customdata}",
        cliponaxis=False,
    )


def _inside(error: float, low: float, high: float) -> float:
    return min(max(error, 10.0**low), 10.0**high)


def _ends(lines: Mapping[str, Mapping[int, float]], low: int, high: int) -> list[tuple[str, float, str]]:
    """Labels at the lines' ends as (text, power of ten, side): neighbours share one."""
    ends = sorted((log10(_inside(line[max(line)], low, high)), label) for label, line in lines.items())
    groups: list[list[tuple[float, str]]] = []
    for end in ends:
        if groups and end[0] - groups[-1][-1][0] < TOGETHER:
            groups[-1].append(end)
        else:
            groups.append([end])
    if len(groups) == 1 and len(ends) > 2:
        return [(f"all {NUMBERS.get(len(ends), len(ends))}", groups[0][-1][0], "above")]
    found = []
    for group in groups:
        names = ", ".join(inside(label) for _, label in group)
        # Near the top there is no room above the point, but the line comes from below: its left is free.
        crowded = group[-1][0] > high - 0.15 * (high - low)
        # A line on its way up to the next label would cross one that stands above the lowest point.
        low_free = group is groups[0] and len(groups) > 1 and group[0][0] > low + 0.1 * (high - low)
        found.append((names, group[-1][0], "left" if crowded else "below" if low_free else "above"))
    return found


IN_WORDS = {
    "phase_one=inverse": "undoing layers",
    "phase_one=checkpointed": "running again",
    "anchor_every=": "anchors every ",
    "segment=": "segments of ",
}


def inside(label: str) -> str:
    """A method's label within a sentence or a figure: Moonwalk's main form loses its suffix."""
    name, _, options = short(label).partition(":")
    words = [
        sub(f"^{option}", says, part)
        for part in options.split(",")
        for option, says in IN_WORDS.items()
        if option in part
    ]
    return ", ".join([name[:1].lower() + name[1:], *words])


NUMBERS = {3: "three", 4: "four", 5: "five", 6: "six", 7: "seven"}


def _numbers(lines: Mapping[str, Mapping[int, float]]) -> str:
    return "; ".join(
        f"{short(label)}: " + ", ".join(f"{text(error)} at {depth}" for depth, error in line.items())
        for label, line in lines.items()
    )


def _caption(lines: Mapping[str, Mapping[int, float]], tolerance: float, what: str) -> str:
    """How far the methods but backprop get, the worst of them first."""
    others = {label: line for label, line in lines.items() if label != "backprop"} or dict(lines)
    depths = sorted({depth for line in others.values() for depth in line})
    worst = {depth: max(line.get(depth, 0.0) for line in others.values()) for depth in depths}
    fine = [depth for depth in depths if worst[depth] <= tolerance]
    noise = [depth for depth in depths if worst[depth] >= 1]
    if len(fine) == len(depths):
        return f"Only rounding, up to {depths[-1]:,} {what}."
    if noise:
        start = f"Only rounding to {max(fine):,}" if fine else "Drifts from the start"
        return f"{start}, noise from {noise[0]:,} on."
    late = min(depth for depth in depths if depth not in fine)
    who = [short(label) for label, line in others.items() if line.get(late, 0.0) > tolerance]
    if len(who) < len(others):
        return f"{' and '.join(who)} drift{'s' * (len(who) == 1)} at {late:,}; the others only round."
    return f"Only rounding to {max(fine):,}, then they drift." if fine else "They drift from the start."
