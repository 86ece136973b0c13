"""What differs from layer to layer: the time."""

from __future__ import annotations

import plotly.graph_objects as go

from moonviz.figures.chart import Chart
from moonviz.figures.style import TOKENS, Scheme, look, pick, seconds_text, template, tint
from moonviz.figures.words import short
from moonviz.results import Report

HEIGHT = 300


def layer_times(report: Report, scheme: Scheme) -> Chart | None:
    """Seconds spent at each layer, all sweeps together; null where steps were not timed."""
    lines: dict[str, dict[int, float]] = {}
    for one in report.results:
        if one.status != "ok" or not one.steps or any(step.seconds is None for step in one.steps):
            continue
        times: dict[int, float] = {}
        for step in one.steps:
            times[step.layer] = times.get(step.layer, 0.0) + (step.seconds or 0.0)
        lines[one.label] = dict(sorted(times.items()))
    if not lines:
        return None
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT, "hovermode": "x unified"})
    methods = {one.label: one.method for one in report.results}
    for label, line in lines.items():
        drawn = look(methods[label])
        figure.add_trace(
            go.Scatter(
                x=list(line), y=[1e3 * seconds for seconds in line.values()], name=label, mode="lines",
                line={"color": pick(drawn.colour, scheme), "width": drawn.width, "dash": drawn.dash},
                customdata=[seconds_text(seconds) for seconds in line.values()], hovertemplate="%{customdata}",
            )
        )  # fmt: skip
        layer = max(line) // 2
        figure.add_annotation(
            x=layer, y=1e3 * max(v for n, v in line.items() if abs(n - layer) <= max(line) // 8 + 1),
            text=f"<b>{label}</b>", yanchor="bottom", bgcolor=tint(pick(TOKENS["page"], scheme), 0.6), borderpad=1,
        )  # fmt: skip
    figure.update_xaxes(title_text="layer")
    figure.update_yaxes(title_text="milliseconds", rangemode="tozero")
    slow = {label: max(line, key=lambda layer: line[layer]) for label, line in lines.items()}
    said = "; ".join(
        f"{short(label)} longest at layer {at}, {seconds_text(lines[label][at])}" for label, at in slow.items()
    )
    layers = sorted({layer for line in lines.values() for layer in line})
    table = {"layer": layers} | {
        f"{label} (ms)": [round(1e3 * line[n], 4) if n in line else None for n in layers]
        for label, line in lines.items()
    }
    return Chart("Time by layer", f"{said}. All sweeps together.", figure, f"Time by layer. {said}.", table)
