"""What differs from layer to layer: the error of the gradient, and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10

import plotly.graph_objects as go

from moonviz.figures.chart import Chart
from moonviz.figures.style import TOKENS, Scheme, error_text, look, pick, power_text, seconds_text, template, tint
from moonviz.figures.words import short
from moonviz.results import TOLERANCE, Report, Result

HEIGHT = 300
FEW = 3
"""More lines than this are not all named one by one."""
TOGETHER = 0.5
"""Lines closer than this many powers of ten lie on each other."""
ALIKE = 1.25
"""Largest errors closer than this factor are called alike."""


def worst_by_layer(result: Result) -> dict[int, float]:
    """The largest relative error of any parameter of each layer; layers without a measured one are left out."""
    worst: dict[int, float] = {}
    for one in result.gradient.per_parameter if result.gradient else ():
        if one.relative_error is not None:
            worst[one.layer] = max(worst.get(one.layer, 0.0), one.relative_error)
    return dict(sorted(worst.items()))


def layer_errors(report: Report, scheme: Scheme) -> Chart | None:
    """Error of each layer's gradient on a log axis, backprop's own beside it; null where nothing was compared."""
    dtype = str(report.network.spec.get("dtype", "float32"))
    lines = {one.label: worst_by_layer(one) for one in report.results}
    lines = {label: line for label, line in lines.items() if line}
    positive = [error for line in lines.values() for error in line.values() if error > 0]
    if not positive:
        return None
    tolerance = TOLERANCE[dtype]
    low = floor(log10(min(positive)) - 0.2)
    high = ceil(log10(max(*positive, tolerance)) + 0.3)
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT, "hovermode": "x unified"})
    _zones(figure, tolerance, low, high, scheme)
    methods = {one.label: one.method for one in report.results}
    # Thick lines first: where two lie on each other, the thin one must stay to be seen.
    for label, line in sorted(lines.items(), key=lambda pair: -look(methods[pair[0]]).width):
        drawn = look(methods[label])
        figure.add_trace(
            go.Scatter(
                x=list(line),
                y=[max(error, 10.0**low) for error in line.values()],
                name=label,
                mode="lines" if len(line) > 1 else "markers",
                line={"color": pick(drawn.colour, scheme), "width": drawn.width, "dash": drawn.dash},
                customdata=[error_text(error) for error in line.values()],
                hovertemplate="%{customdata}",
            )
        )
    _direct_labels(figure, lines, low, high, scheme)
    figure.update_xaxes(title_text="layer")
    step = max(1, ceil((high - low) / 5))
    powers = list(range(low, high + 1, step))
    figure.update_yaxes(
        title_text="relative error", type="log", range=[low, high], tickvals=[10.0**power for power in powers],
        ticktext=[power_text(power) for power in powers],
    )  # fmt: skip
    caption = _error_caption(lines, methods)
    layers = sorted({layer for line in lines.values() for layer in line})
    table = {"layer": layers} | {label: [line.get(layer) for layer in layers] for label, line in lines.items()}
    return Chart("Gradient error, layer by layer", caption, figure, f"Relative error by layer. {caption}", table)


def _zones(figure: go.Figure, tolerance: float, low: int, high: int, scheme: Scheme) -> None:
    muted = {"size": 13, "color": pick(TOKENS["muted"], scheme)}
    good = tint(pick(TOKENS["good"], scheme), 0.1)
    figure.add_hrect(10.0**low, tolerance, fillcolor=good, line_width=0, layer="below")
    figure.add_annotation(
        x=0,
        xref="paper",
        y=log10(tolerance),
        text=f"within tolerance, {error_text(tolerance)}",
        xanchor="left",
        yanchor="top",
        xshift=8,
        font=muted,
    )
    if high > 0:
        warn = tint(pick(TOKENS["warn"], scheme), 0.1)
        figure.add_hrect(1.0, 10.0**high, fillcolor=warn, line_width=0, layer="below")
        figure.add_annotation(
            x=0, xref="paper", y=0, text="the gradient is noise", xanchor="left", yanchor="bottom", xshift=8, font=muted
        )


def _direct_labels(
    figure: go.Figure, lines: Mapping[str, Mapping[int, float]], low: int, high: int, scheme: Scheme
) -> None:
    """Names at the lines: the highest above its line, the lowest below, those between spread along the axis."""
    last = max(layer for line in lines.values() for layer in line)

    def height(label: str) -> float:
        line = lines[label]
        near = [error for layer, error in line.items() if layer >= 0.6 * last] or list(line.values())
        return sum(log10(max(error, 10.0**low)) for error in near) / len(near)

    order = sorted(lines, key=height, reverse=True)
    names = {label: label for label in order}
    if len(order) > FEW:
        names = _crowded(order, height)
        order = [label for label in order if label in names]
    for at, label in enumerate(order):
        below = at == len(order) - 1 and at > 0
        layer = min(lines[label], key=lambda n: abs(n - last * (0.9 if at in (0, len(order) - 1) else 0.9 - 0.2 * at)))
        around = [error for n, error in lines[label].items() if abs(n - layer) <= max(1, 0.04 * last)]
        edge = log10(max(10.0**low, min(around) if below else max(around)))
        figure.add_annotation(
            x=layer, y=min(edge, high), text=f"<b>{names[label]}</b>",
            xanchor="right" if layer > 0.7 * last else "center", yanchor="top" if below else "bottom",
            bgcolor=tint(pick(TOKENS["page"], scheme), 0.6), borderpad=1,
        )  # fmt: skip


def _crowded(order: Sequence[str], height: Callable[[str], float]) -> dict[str, str]:
    """Names of many lines by the first of each group: lines that lie on each other share one label."""
    groups: list[list[str]] = []
    for label in order:
        if groups and height(groups[-1][-1]) - height(label) < TOGETHER:
            groups[-1].append(label)
        else:
            groups.append([label])
    return {
        group[0]: ", ".join(group) if len(group) < FEW else f"{group[0]} and {len(group) - 1} more" for group in groups
    }


def _error_caption(lines: Mapping[str, Mapping[int, float]], methods: Mapping[str, str]) -> str:
    said, tops = [], {}
    for label, line in lines.items():
        at = max(line, key=lambda layer: line[layer])
        tops[methods[label]] = line[at]
        most = f"at most {error_text(line[at])} (layer {at})" if line[at] else "without any error"
        said.append(f"{short(label)} {most}")
    own, walked = tops.get("backprop"), tops.get("moonwalk-mixed")
    alike = own and walked and ALIKE > walked / own > 1 / ALIKE
    last = "Both round alike: this is the number format, not the method." if alike else "Each layer’s worst parameter."
    if len(said) > FEW:
        high, low = max(tops, key=tops.__getitem__), min(tops, key=tops.__getitem__)
        said = [f"Most: {high}, {error_text(tops[high])}", f"least: {low}, {error_text(tops[low])}"]
    return "; ".join(said) + f". {last}"


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
