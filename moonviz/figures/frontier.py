"""Memory against time: which methods nobody beats on both, and who beats the others. Exact methods only count."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Literal

import plotly.graph_objects as go

from moonviz.figures.chart import Chart
from moonviz.figures.frontier_places import Place, caption, cost_of, frontier_of, numbers, places, table
from moonviz.figures.margins import glyph
from moonviz.figures.style import (
    TOKENS,
    Scheme,
    bytes_text,
    flops_text,
    in_mib,
    look,
    pick,
    seconds_text,
    template,
    tint,
)
from moonviz.results import Report

Scale = Literal["linear", "log"]

HEIGHT = 400

Box = tuple[float, float, float, float]
"""Left, foot, right and top in shares of the plot."""
MARK, LETTER, ROW = 0.016, 0.014, 0.058
"""Half a mark's width, a letter's width and a line's height in shares of a plot of middling width."""
SIDES = {
    "right above": ("left", "bottom", 1, 0.6),
    "right": ("left", "middle", 1, 0),
    "above": ("center", "bottom", 0, 1),
    "left": ("right", "middle", -1, 0),
    "below": ("center", "top", 0, -1),
    "right below": ("left", "top", 1, -0.6),
    "left above": ("right", "bottom", -1, 0.6),
    "left below": ("right", "top", -1, -0.6),
}
"""Where a name may stand, the best first: its anchors and the way it is shifted."""


FURTHEST = 1.25
"""How far a timing's spread may widen the axis, in units of the slowest median."""


def frontier(report: Report, scheme: Scheme, scale: Scale = "linear") -> Chart | None:
    """Peak memory against time, backprop = 1; null where nothing finished with both."""
    found = places(report)
    if not found:
        return None
    best = frontier_of(found)
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT, "hovermode": "closest"})
    xs, ys = _spans(found, scale)
    _steps(figure, best, xs, ys, scheme)
    for one in found:
        _mark(figure, one, one in best, scheme)
    _labels(figure, found, xs, ys, scale, scheme)
    cost = cost_of(report)
    beside = any(one.method == "backprop" and one.status == "ok" for one in report.results)
    names = {"time": "time of one step", "work": "work of one step, counted"}
    units = {"time": "seconds", "work": "FLOP"}
    x_title = f"{names[cost]} ({'backprop = 1' if beside else units[cost]})"
    figure.update_xaxes(title_text=x_title, showgrid=False, **_axis(xs, scale))
    figure.update_yaxes(title_text="MiB at the peak", **_axis(ys, scale))
    says = caption(report, found, best)
    each = "; ".join(f"{one.result.label} {numbers(one, cost, beside)}" for one in found)
    alt = f"Peak memory against {names[cost]}. {each}. {says}"
    return Chart("Memory against time", says, figure, alt, table(found, best, cost, beside))


def _spans(found: Sequence[Place], scale: Scale) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ends of both axes, in their units."""
    # One pass that the machine interrupted for long may run out of the picture, but not press the marks together.
    most = FURTHEST * max(one.x for one in found)
    xs = [min(value, most) for one in found for value in (one.x, *(one.spread or ()))]
    ys = [in_mib(one.peak) for one in found]
    if scale == "linear":
        room = 0.14 * (max(xs) - min(xs)) or 0.2 * max(xs)
        return (max(0.0, min(xs) - room), max(xs) + 1.6 * room), (-0.05 * max(ys), max(ys) * 1.16)
    spans = []
    for values in (xs, ys):
        room = max(0.12, 0.1 * log10(max(values) / min(values)))
        spans.append((10 ** (log10(min(values)) - room), 10 ** (log10(max(values)) + 1.6 * room)))
    return spans[0], spans[1]


def _axis(span: tuple[float, float], scale: Scale) -> dict[str, object]:
    if scale == "linear":
        return {"range": list(span)}
    low, high = log10(span[0]), log10(span[1])
    at = [m * 10.0**p for p in range(floor(low), ceil(high) + 1) for m in (1, 2, 5)]
    at = [value for value in at if span[0] <= value <= span[1]]
    if len(at) > 7:
        at = [value for value in at if round(log10(value), 9).is_integer()]
    return {"type": "log", "range": [low, high], "tickvals": at, "ticktext": [f"{value:,.6g}" for value in at]}


def _steps(
    figure: go.Figure, best: Sequence[Place], xs: tuple[float, float], ys: tuple[float, float], scheme: Scheme
) -> None:
    """The frontier as stairs, and the ground above them, where somebody is as quick and as small."""
    if not best:
        return
    x, y = [best[0].x], [ys[1]]
    for one, after in zip(best, [*best[1:], None], strict=True):
        x += [one.x, after.x if after else xs[1]]
        y += [in_mib(one.peak)] * 2
    ink = pick(TOKENS["ink"], scheme)
    figure.add_trace(
        go.Scatter(
            x=[*x, xs[1]], y=[*y, ys[1]], mode="lines", fill="toself", fillcolor=tint(ink, 0.045),
            line={"width": 0}, hoverinfo="skip", name="beaten on both",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=x, y=y, mode="lines", hoverinfo="skip", name="frontier",
            line={"color": pick(TOKENS["muted"], scheme), "width": 1.5},
        )
    )  # fmt: skip


def _mark(figure: go.Figure, one: Place, best: bool, scheme: Scheme) -> None:
    drawn = look(one.result.method)
    colour = pick(drawn.colour, scheme)
    open_ = drawn.symbol.endswith("-open")
    symbol = drawn.symbol if one.counts or open_ else f"{drawn.symbol}-open"
    size = 17 if drawn.symbol.startswith("star") else 13
    bars = {"visible": False}
    if one.spread:
        bars = {
            "type": "data", "symmetric": False, "array": [one.spread[1] - one.x], "arrayminus": [one.x - one.spread[0]],
            "color": tint(colour, 0.6), "thickness": 1.2, "width": 3,
        }  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[one.x], y=[in_mib(one.peak)], mode="markers", name=one.result.label, error_x=bars, cliponaxis=False,
            marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 2 if not one.counts else 0}},
            customdata=[_hover(one, best)], hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip


def _hover(one: Place, best: bool) -> str:
    result = one.result
    seconds = f", {seconds_text(result.seconds.median)}" if result.seconds else ""
    work = f", {flops_text(result.flops)}" if result.flops else ""
    end = "<br>on the frontier" if best else ""
    return f"<b>{result.label}</b> {bytes_text(one.peak)}{seconds}{work}<br>gradient: {one.words}{end}"


def _labels(
    figure: go.Figure,
    found: Sequence[Place],
    xs: tuple[float, float],
    ys: tuple[float, float],
    scale: Scale,
    scheme: Scheme,
) -> None:
    """Names beside the marks, each where it covers neither a mark nor another name."""
    at = {one.result.label: (_share(one.x, xs, scale), _share(in_mib(one.peak), ys, scale)) for one in found}
    taken = [(x - MARK, y - 2 * MARK, x + MARK, y + 2 * MARK) for x, y in at.values()]
    for one in sorted(found, key=lambda one: (-one.peak, one.x)):
        label = one.result.label
        lines = [part for name in label.split(":") for part in name.split(",")]
        lines += [] if one.counts else [one.verdict if one.verdict == "a noisy estimate" else one.words]
        wide, tall = LETTER * (2 + max(map(len, lines))), ROW * len(lines)
        sides = [(side, _box(*at[label], wide, tall, side)) for side in SIDES]
        side, box = min(sides, key=lambda pair: _cost(pair[1], taken))
        taken.append(box)
        xanchor, yanchor, dx, dy = SIDES[side]
        text = [f"{glyph(one.result.method, scheme)} <b>{lines[0]}</b>", *lines[1:]]
        figure.add_annotation(
            x=log10(one.x) if scale == "log" else one.x,
            y=log10(in_mib(one.peak)) if scale == "log" else in_mib(one.peak),
            xanchor=xanchor, yanchor=yanchor, xshift=11 * dx, yshift=11 * dy, borderpad=0, text="<br>".join(text),
            align="right" if xanchor == "right" else "left", bgcolor=tint(pick(TOKENS["page"], scheme), 0.7),
        )  # fmt: skip


def _share(value: float, span: tuple[float, float], scale: Scale) -> float:
    """How far along an axis a value stands, 0 to 1."""
    if scale == "log":
        return (log10(value) - log10(span[0])) / (log10(span[1]) - log10(span[0]))
    return (value - span[0]) / (span[1] - span[0])


def _box(x: float, y: float, wide: float, tall: float, side: str) -> Box:
    """The field that a name takes on one side of its mark, in shares of the plot."""
    xanchor, yanchor, dx, dy = SIDES[side]
    left = {"left": x + MARK * dx, "center": x - wide / 2, "right": x - wide + MARK * dx}[xanchor]
    foot = {"bottom": y + 2 * MARK * dy, "middle": y - tall / 2, "top": y - tall + 2 * MARK * dy}[yanchor]
    return (left, foot, left + wide, foot + tall)


def _cost(box: Box, taken: Sequence[Box]) -> float:
    """How much of a name would be covered, or outside of the plot."""
    left, foot, right, top = box
    covered = sum(max(0.0, min(right, c) - max(left, a)) * max(0.0, min(top, d) - max(foot, b)) for a, b, c, d in taken)
    outside = max(0.0, -left) + max(0.0, right - 1) + max(0.0, -foot) + max(0.0, top - 1)
    return covered + outside
