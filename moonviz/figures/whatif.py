"""Memory against depth, and against batch: where each method meets the limit of a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log2, log10
from typing import Any

import plotly.graph_objects as go

from moonviz.estimates.devices import Need, needs
from moonviz.estimates.extrapolate import SURE_DEPTH, at
from moonviz.estimates.fit import MOST_BATCH, MOST_DEPTH
from moonviz.figures.chart import Chart
from moonviz.figures.lazy import LazyFigure
from moonviz.figures.margins import glyph
from moonviz.figures.style import TOKENS, Scheme, look, memory_text, pick, tint
from moonviz.figures.whatif_answer import Answer, Ask
from moonviz.figures.whatif_words import Along, alt, caption, count_of, fit_along, table, title


@dataclass
class Parts:
    """What a figure is made of, as plain data: built whole at the end, since these answer to a slider."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def figure(self, layout: dict[str, Any], scheme: Scheme) -> go.Figure:
        """The figure."""
        whole = layout | {"shapes": self.shapes, "annotations": self.notes}
        return LazyFigure([{"type": "scatter"} | line for line in self.lines], whole, scheme)


HEIGHT = {"depth": 400, "batch": 330}
GRID = tuple(dict.fromkeys(round(10 ** (n / 4)) for n in range(25)))
"""Places at which a curve is read: it bends little on logarithmic axes. They are the same from move to move, so that
what is read there can be kept."""
BAND = 0.16
NEAR = 0.1
"""Answers closer than this share of the axis have their labels on different lines."""
ROOM = 2.2
"""How far the axis goes beyond the furthest answer."""


def memory_by(along: Along, answers: Sequence[Answer], ask: Ask, scheme: Scheme) -> Chart | None:
    """A line for each method, the device's limit, and a mark where they meet; null where nothing is known.

    Args:
        along: What grows: the depth at the batch asked for, or the batch at that depth.
        answers: By method.
        ask: What is asked.
        scheme: Light or dark.
    """
    drawn = [one for one in answers if one.here is not None and fit_along(one, along) is not None]
    if not drawn:
        return None
    places = _places(drawn, along, ask)
    curves = {one.label: [_need(one, along, ask, place) for place in places] for one in drawn}
    limit = ask.device.memory_bytes
    low, high = _span(curves, limit)
    parts = Parts()
    _limit(parts, limit, high, scheme)
    for one in sorted(drawn, key=lambda one: look(one.method).width):
        _curve(parts, one, places, curves[one.label], high, scheme)
    for one in drawn:
        _dry_runs(parts, one, along, ask, (places[0], places[-1]), scheme)
    _marks(parts, drawn, along, (places[0], places[-1]), low, scheme)
    layout = _axes(along, places, low, high) | {"height": HEIGHT[along], "margin": {"l": 8, "r": 18, "t": 30, "b": 8}}
    return Chart(
        title(along, ask), caption(drawn, along, ask), parts.figure(layout, scheme), alt(drawn, along, ask),
        table(drawn, places, curves, along),
    )  # fmt: skip


def _places(drawn: Sequence[Answer], along: Along, ask: Ask) -> list[int]:
    """Whole numbers spread over a logarithmic axis that holds every answer and what was asked for."""
    counts = [count_of(fit) for one in drawn if (fit := fit_along(one, along))]
    furthest = max(counts)
    asked = ask.depth if along == "depth" else ask.batch
    most = MOST_DEPTH if along == "depth" else MOST_BATCH
    last = min(most, max(16, ceil(ROOM * furthest), 2 * asked))
    # Shorter walks are not surely put together to the byte, so they are drawn only where an answer lies among them.
    first = SURE_DEPTH if along == "depth" and min(*counts, ask.depth) >= SURE_DEPTH else GRID[0]
    beyond = [place for place in GRID if place >= last]
    return [first, *(place for place in GRID if first < place < last), *beyond[:1]]


def _need(one: Answer, along: Along, ask: Ask, place: int) -> Need:
    point = at(one.points, place, ask.batch) if along == "depth" else at(one.points, ask.depth, place)
    return needs(point, ask.device, ask.optimizer)


def _span(curves: dict[str, list[Need]], limit: int) -> tuple[float, float]:
    """Powers of two at the ends of the memory axis."""
    least = min(need.tensor_bytes for curve in curves.values() for need in curve)
    most = max(need.total_bytes for curve in curves.values() for need in curve)
    top = min(log2(max(most, limit)) + 0.4, log2(limit) + 4.5)
    return min(log2(max(1, least)) - 0.6, log2(limit) - 2), max(top, log2(limit) + 1.5)


def _limit(parts: Parts, limit: int, high: float, scheme: Scheme) -> None:
    warn = pick(TOKENS["warn"], scheme)
    wide = {"x0": 0, "x1": 1, "xref": "x domain", "yref": "y", "layer": "below"}
    parts.shapes.append(
        wide | {"type": "rect", "y0": limit, "y1": 2.0**high, "fillcolor": tint(warn, 0.08), "line": {"width": 0}}
    )
    parts.shapes.append(
        wide | {"type": "line", "y0": limit, "y1": limit, "line": {"color": warn, "width": 2, "dash": "dot"}}
    )
    parts.notes.append(
        {"x": 0, "xref": "paper", "xanchor": "left", "xshift": 6, "y": log10(limit), "yanchor": "bottom",
         "font": {"color": warn}, "text": f"<b>{memory_text(limit)} end here</b>"}
    )  # fmt: skip


def _curve(
    parts: Parts, one: Answer, places: Sequence[int], curve: Sequence[Need], high: float, scheme: Scheme
) -> None:
    """Tensor bytes as a line, with a band up to what the device adds to them."""
    drawn = look(one.method)
    colour = pick(drawn.colour, scheme)
    inside = [n for n, need in enumerate(curve) if need.tensor_bytes < 2 ** (high + 0.5)]
    at_x = [places[n] for n in inside]
    line = {"color": colour, "width": drawn.width, "dash": drawn.dash}
    parts.lines.append(
        {
            "x": at_x, "y": [curve[n].tensor_bytes for n in inside], "name": one.label, "mode": "lines", "line": line,
            "customdata": [_said(curve[n]) for n in inside], "hovertemplate": "%{customdata}",
        }
    )  # fmt: skip
    if any(need.total_bytes > need.tensor_bytes for need in curve):
        parts.lines.append(
            {
                "x": at_x, "y": [curve[n].total_bytes for n in inside], "mode": "lines", "line": {"width": 0},
                "fill": "tonexty",
                "fillcolor": tint(colour, BAND), "hoverinfo": "skip", "name": f"{one.label}, with the device’s own",
            }
        )  # fmt: skip


def _said(need: Need) -> str:
    more = need.total_bytes - need.tensor_bytes
    return memory_text(need.tensor_bytes) + (f" + {memory_text(more)} of the device’s own" if more else "")


def _dry_runs(parts: Parts, one: Answer, along: Along, ask: Ask, ends: tuple[int, int], scheme: Scheme) -> None:
    """A ring where a dry run stands behind the line."""
    # Some dry runs have closer segments than are asked for, only to learn from.
    same = [point for point in one.points if point.exact and point.asked and point.status == "ok" and not one.guessed]
    if along == "depth":
        chosen = {point.depth: point for point in same if point.batch == ask.batch}
    else:
        chosen = {point.batch: point for point in same if point.depth == ask.depth}
    chosen = {place: point for place, point in sorted(chosen.items()) if ends[0] <= place <= ends[1]}
    if not chosen:
        return
    needed = [needs(point, ask.device, ask.optimizer) for point in chosen.values()]
    parts.lines.append(
        {
            "x": list(chosen), "y": [need.tensor_bytes for need in needed], "mode": "markers",
            "name": f"{one.label}, dry runs",
            "marker": {"symbol": "circle", "size": 7, "color": pick(TOKENS["page"], scheme),
                    "line": {"width": 2, "color": pick(look(one.method).colour, scheme)}},
            "hoverinfo": "skip",
        }
    )  # fmt: skip


def _marks(
    parts: Parts, drawn: Sequence[Answer], along: Along, ends: tuple[int, int], low: float, scheme: Scheme
) -> None:
    """Each method's silhouette where it meets the limit, a line down to the axis, and its number."""
    width = max(1e-9, log10(ends[1] / ends[0]))
    lines: list[float] = []
    for one in sorted(drawn, key=lambda one: count_of(fit_along(one, along))):  # type: ignore[arg-type]
        fit = fit_along(one, along)
        if fit is None or not fit.bytes:
            continue
        count, shape = count_of(fit), look(one.method)
        colour, known = pick(shape.colour, scheme), fit.exact and not one.guessed
        parts.lines.append(
            {
                "x": [count, count], "y": [2.0**low, fit.bytes], "mode": "lines+markers",
                "name": f"{one.label}, what fits", "cliponaxis": False,
                "line": {"color": tint(colour, 0.6), "width": 1.4, "dash": "dot"}, "hoverinfo": "skip",
                "marker": {"symbol": shape.symbol, "size": [0, 15 if shape.symbol.startswith("star") else 12],
                        "color": colour, "opacity": 1},
            }
        )  # fmt: skip
        share = log10(count / ends[0]) / width
        level = 0
        while len(lines) > level and share - lines[level] < NEAR:
            level += 1
        lines[level : level + 1] = [share]
        parts.notes.append({
            "x": log10(count), "y": log10(fit.bytes), "yshift": 11 + 19 * level, "yanchor": "bottom",
            "xanchor": "right" if share > 0.93 else "center",
            "text": f"{glyph(one.method, scheme)} <b>{'' if known else '≈ '}{count:,}</b>",
            "bgcolor": tint(pick(TOKENS["page"], scheme), 0.7),
        })  # fmt: skip


def _axes(along: Along, places: Sequence[int], low: float, high: float) -> dict[str, Any]:
    ends = log10(places[0]), log10(places[-1])
    powers = [10.0**power for power in range(ceil(ends[0]), floor(ends[1]) + 1)]
    what = "blocks" if along == "depth" else "examples"
    x = {
        "title": {"text": "blocks" if along == "depth" else "examples in the batch"}, "type": "log",
        "range": [ends[0], ends[1] + 0.02 * (ends[1] - ends[0])], "tickvals": powers,
        "ticktext": [f"{power:,.0f}" for power in powers], "hoverformat": ",d",
        "unifiedhovertitle": {"text": f"%{{x:,d}} {what}"},
    }  # fmt: skip
    ticks = [2.0**power for power in range(ceil(low), floor(high) + 1, max(1, ceil((high - low) / 6)))]
    y = {
        "type": "log", "range": [low * log10(2), high * log10(2)], "tickvals": ticks,
        "ticktext": [memory_text(tick) for tick in ticks],
    }  # fmt: skip
    return {"xaxis": x, "yaxis": y}
