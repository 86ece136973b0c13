"""Errors as lollipops: what anchors cost and cure, and what each number format allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import plotly.graph_objects as go

from moonviz.figures.chart import Chart
from moonviz.figures.precision import BEYOND, dtypes, error_of, inside, measured, method_of, network_words, text
from moonviz.figures.style import TOKENS, Scheme, bytes_text, error_text, in_mib, look, pick, template, tint
from moonviz.figures.zones import colours, ticks
from moonviz.precision import PrecisionPoint, PrecisionReport
from moonviz.results import TOLERANCE

ROW = 46
ROOM = (0.36, 0.6)
"""Share of the error axis that is left free for numbers, and for numbers with names."""
ANCHOR = "anchor_every="


@dataclass(frozen=True, slots=True)
class Stick:
    """One lollipop: its row, its error, what stands beside its head, and whether it ends in the shaded zone."""

    row: float
    method: str
    label: str
    error: float
    text: str
    inside: bool


def anchored(label: str) -> int | None:
    """How many blocks apart a label's anchors are; null without anchors."""
    options = label.partition(":")[2].split(",")
    return next((int(one.removeprefix(ANCHOR)) for one in options if one.startswith(ANCHOR)), None)


def ladder_points(report: PrecisionReport) -> list[PrecisionPoint]:
    """The points of the anchors' ladder: the deepest network, one dtype, from no anchors to the most; may be empty."""
    walks = [
        point
        for point in report.points
        if point.status == "ok" and point.label.partition(":")[2].count(",") == 0
        and (point.label == "moonwalk-mixed" or anchored(point.label))
    ]  # fmt: skip
    if not any(anchored(point.label) for point in walks):
        return []
    depth = max(point.depth for point in walks)
    dtype = "float32" if any(point.dtype == "float32" for point in walks) else walks[0].dtype
    chosen = [point for point in walks if point.depth == depth and point.dtype == dtype]
    return sorted(chosen, key=lambda point: -(anchored(point.label) or 10**9))


def ladder(report: PrecisionReport, scheme: Scheme) -> Chart | None:
    """What anchors cure and cost, backprop's bytes for comparison; null without anchors."""
    points = ladder_points(report)
    if not points:
        return None
    first = points[0]
    backprop = [
        one for one in report.points
        if one.label == "backprop" and (one.depth, one.dtype) == (first.depth, first.dtype)
    ]  # fmt: skip
    rows = [*points, *backprop]
    sticks = [
        Stick(n, method_of(one.label), one.label, error_of(one), _error(one), error_of(one) <= TOLERANCE[one.dtype])
        for n, one in enumerate(rows)
    ]
    most = max(one.activation_peak_bytes or 0 for one in rows)
    names = [f"<b>{_rung(one)}</b><br>keeps {bytes_text(one.activation_peak_bytes or 0, most)}" for one in rows]
    figure = _figure(sticks, names, [TOLERANCE[first.dtype]] * len(rows), scheme)
    _bytes(figure, rows, scheme)
    said = "; ".join(f"{_rung(one)}: {_error(one)}, {bytes_text(one.activation_peak_bytes or 0)}" for one in rows)
    where = f"{first.depth:,} {network_words(report)}, {first.dtype}"
    caption = f"Keep all of h, the gradient on its way, every few layers, and restart from there. {where}."
    table = {
        "anchors": [_rung(one) for one in rows],
        "relative error": [one.relative_error for one in rows],
        "activation peak (bytes)": [one.activation_peak_bytes for one in rows],
    }
    return Chart("Anchors cure it, for bytes", caption, figure, f"Error and memory by anchors. {said}.", table)


def _rung(point: PrecisionPoint) -> str:
    every = anchored(point.label)
    if every:
        return f"every {every:,} layers" if every > 1 else "every layer"
    return "no anchors" if point.label.startswith("moonwalk") else point.label


def _error(point: PrecisionPoint) -> str:
    return text(error_of(point))


def formats(report: PrecisionReport, scheme: Scheme) -> Chart | None:
    """Error by number format at the deepest network; null where only one was asked for."""
    kinds = dtypes(report)
    if len(kinds) < 2:
        return None
    depth = max(point.depth for point in report.points)
    sticks, rows = [], []
    for n, dtype in enumerate(kinds):
        errors = {label: line[depth] for label, line in measured(report, dtype).items() if depth in line}
        for at, (label, error) in enumerate(errors.items()):
            row = n + 0.74 * ((at + 0.5) / len(errors) - 0.5)
            said = text(error)
            sticks.append(
                Stick(row, method_of(label), label, error, f"{inside(label)} {said}", error <= TOLERANCE[dtype])
            )
            rows.append((dtype, label, error if error < BEYOND else None))
    if not sticks:
        return None
    tolerances = [TOLERANCE[dtype] for dtype in kinds]
    most = max(1, len(sticks) // len(kinds))
    figure = _figure(sticks, [f"<b>{dtype}</b>" for dtype in kinds], tolerances, scheme, ROW * max(1.2, 0.5 * most))
    said = "; ".join(
        f"{dtype} {label} {'not finite' if error is None else error_text(error)}" for dtype, label, error in rows
    )
    names = ("number format", "method", "relative error")
    table = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    caption = f"Shaded: what each format’s rounding allows. {depth:,} {network_words(report)}."
    if any(one.error == 0 for one in sticks):
        caption += " An error of 0 is the reference itself."
    return Chart("Error by number format", caption, figure, f"Error by number format. {said}.", table)


def _figure(
    sticks: Sequence[Stick], names: Sequence[str], tolerances: Sequence[float], scheme: Scheme, row: float = ROW
) -> go.Figure:
    finite = [one.error for one in sticks if 0 < one.error < BEYOND] or [1.0]
    low, high = floor(log10(min(finite)) - 1), ceil(log10(max(*finite, 1.0)) + 0.5)
    figure = go.Figure(layout={"template": template(scheme), "height": round(76 + row * len(names))})
    good, _ = colours(scheme)
    for n, tolerance in enumerate(tolerances):
        figure.add_shape(
            type="rect", x0=10.0**low, x1=tolerance, y0=n - 0.5, y1=n + 0.5, fillcolor=good, line_width=0, layer="below"
        )
    if any(one.error >= 1 for one in sticks):
        warn = pick(TOKENS["warn"], scheme)
        figure.add_vline(1.0, line={"color": warn, "width": 1.5, "dash": "dot"}, layer="below")
        figure.add_annotation(
            x=0, y=0, yref="paper", text="noise from here", xanchor="left", yanchor="bottom", xshift=5,
            font={"color": warn, "size": 13},
        )  # fmt: skip
    for one in sticks:
        _stick(figure, one, low, high, scheme)
    figure.update_layout(hovermode="closest", margin={"t": 4})
    # Room at the right for the words beside the last head.
    room = ROOM[any(one.text[0].isalpha() for one in sticks)] * (high - low)
    figure.update_xaxes(title_text="relative error", type="log", range=[low, high + room], **ticks(low, high))
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=list(names), range=[len(names) - 0.5, -0.5], showgrid=False,
        tickfont={"size": 13, "color": pick(TOKENS["ink"], scheme)},
    )  # fmt: skip
    return figure


def _stick(figure: go.Figure, one: Stick, low: int, high: int, scheme: Scheme) -> None:
    drawn = look(one.method)
    colour = pick(drawn.colour, scheme)
    head = min(max(one.error, 10.0**low), 10.0**high)
    figure.add_trace(
        go.Scatter(
            x=[10.0**low, head], y=[one.row, one.row], name=one.label, mode="lines+markers",
            line={"color": tint(colour, 0.4), "width": 2, "dash": drawn.dash},
            marker={"symbol": drawn.symbol, "size": [0, 13 if drawn.symbol.startswith("star") else 10],
                    "color": colour, "opacity": 1},
            hovertemplate=f"{one.text}<extra></extra>", cliponaxis=False,
        )
    )  # fmt: skip
    figure.add_annotation(
        x=log10(head),
        y=one.row,
        text=f"<b>{one.text}</b>",
        xanchor="left",
        xshift=11,
        yanchor="middle",
        bgcolor=None if one.inside else tint(pick(TOKENS["page"], scheme), 0.85),
    )


def _bytes(figure: go.Figure, rows: Sequence[PrecisionPoint], scheme: Scheme) -> None:
    """A second panel beside the errors: what is kept, as bars from the same rows."""
    figure.add_trace(
        go.Bar(
            x=[in_mib(one.activation_peak_bytes or 0) for one in rows], y=list(range(len(rows))), orientation="h",
            xaxis="x2", width=0.34, name="kept",
            marker={"color": [pick(look(method_of(one.label)).colour, scheme) for one in rows], "cornerradius": 2},
            customdata=[bytes_text(one.activation_peak_bytes or 0) for one in rows],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        xaxis={"domain": [0, 0.72]},
        xaxis2={"domain": [0.76, 1], "anchor": "y", "title": {"text": "MiB kept"}, "rangemode": "tozero", "nticks": 3},
    )
