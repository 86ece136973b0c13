"""Two trainings side by side: loss, accuracy on images never trained on, and how far the weights are apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, isfinite, log10

import plotly.graph_objects as go

from moonviz.figures.chart import Chart
from moonviz.figures.margins import margin_labels
from moonviz.figures.precision import inside
from moonviz.figures.style import TOKENS, Scheme, bytes_text, error_text, factor_text, in_mib, look, pick
from moonviz.figures.style import template as drawn_in
from moonviz.figures.train_words import accuracy_text
from moonviz.figures.words import short
from moonviz.figures.zones import ticks
from moonviz.training import Trained, TrainPoint

HEIGHT = 270
Values = Mapping[str, Mapping[int, float]]


def loss_curves(points: Sequence[TrainPoint], methods: Mapping[str, str], steps: int, scheme: Scheme) -> Chart:
    """The loss of each step's batch, on a log axis.

    Args:
        points: So far.
        methods: The method of each label, in the order of the points' numbers.
        steps: How many steps there are to be.
        scheme: Light or dark.
    """
    lines = _lines(points, methods, lambda point: point.losses)
    found = [value for line in lines.values() for value in line.values() if value > 0]
    low = floor(log10(min(found))) if found else -1
    high = ceil(log10(max(found)) + 0.05) if found else 1
    figure = _figure(steps, scheme)
    _draw(figure, lines, methods, scheme, lambda value: f"{value:.3g}")
    figure.update_yaxes(type="log", range=[low, high], title_text="loss", **ticks(low, high))
    ends = {label: log10(max(list(line.values())[-1], 10.0**low)) for label, line in lines.items() if line}
    if ends:
        margin_labels(figure, ends, methods, (low, high), HEIGHT, scheme)
    last = {label: list(line.values())[-1] for label, line in lines.items() if line}
    numbers = ", ".join(f"{short(label)} {value:.3g}" for label, value in last.items())
    return Chart(
        "Loss while training",
        f"After {_done(points)}: {numbers}." if last else "No step is done yet.",
        figure,
        f"Loss by step, on a log axis. After {_done(points)}: {numbers}." if last else "Loss by step: none yet.",
        _table(lines, "loss"),
    )


def accuracy_curves(points: Sequence[TrainPoint], methods: Mapping[str, str], steps: int, scheme: Scheme) -> Chart:
    """The share of held-out images that each network classifies rightly; arguments as in `loss_curves`."""
    looks = [point for point in points if point.accuracies]
    lines = _lines(looks, methods, lambda point: point.accuracies or ())
    figure = _figure(steps, scheme)
    _draw(figure, lines, methods, scheme, accuracy_text, scale=100.0)
    figure.update_yaxes(range=[0, 104], title_text="% right", tickvals=[0, 25, 50, 75, 100])
    last = {label: list(line.values())[-1] for label, line in lines.items() if line}
    if last:
        margin_labels(figure, {k: 100 * v for k, v in last.items()}, methods, (0, 104), HEIGHT, scheme)
    numbers = ", ".join(f"{short(label)} {accuracy_text(value)}" for label, value in last.items())
    return Chart(
        "Right on images never trained on",
        f"After {_done(looks)}: {numbers}." if last else "Nothing is looked at yet.",
        figure,
        f"Accuracy on held-out images by step. After {_done(looks)}: {numbers}."
        if last
        else "Accuracy on held-out images by step: none yet.",
        _table(lines, "share right"),
    )


def difference_curve(points: Sequence[TrainPoint], steps: int, scheme: Scheme) -> Chart:
    """The largest difference of any weight between the two networks, on a log axis."""
    known = {point.step: point.max_abs_difference for point in points if point.max_abs_difference is not None}
    above = {step: value for step, value in known.items() if value > 0}
    low = floor(log10(min(above.values())) - 0.2) if above else -8
    high = max(ceil(log10(max(above.values())) + 0.2) if above else 0, low + 2)
    ink = pick(TOKENS["ink"], scheme)
    figure = _figure(steps, scheme)
    figure.add_trace(
        go.Scatter(
            x=list(above), y=list(above.values()), name="largest difference", mode="lines",
            line={"color": ink, "width": 2}, customdata=[error_text(value) for value in above.values()],
            hovertemplate="%{customdata}",
        )
    )  # fmt: skip
    figure.update_yaxes(type="log", range=[low, high], title_text="largest difference", **ticks(low, high))
    if above:
        step, value = list(above.items())[-1]
        share = step / max(steps, 1)
        figure.add_annotation(
            x=step, y=log10(value), text=f"<b>{error_text(value)}</b>", yanchor="bottom", yshift=5,
            xanchor="right" if share > 0.5 else "left",
        )  # fmt: skip
        says = f"At most {error_text(value)} after {_done(points)}."
    else:
        says = f"Equal bit for bit, after {_done(points)}." if known else "No longer to be compared."
    table = {"step": list(known), "largest difference": list(known.values())}
    table["relative difference"] = [point.relative_difference for point in points if point.step in known]
    return Chart("How far their weights are apart", says, figure, f"Largest difference of any weight. {says}", table)


def memory_bars(runs: Sequence[Trained], scheme: Scheme) -> Chart:
    """What each method held at its peak besides weights and weight gradients."""
    figure = go.Figure(layout={"template": drawn_in(scheme), "height": HEIGHT, "hovermode": False, "bargap": 0.5})
    most = max(one.activation_peak_bytes for one in runs)
    for one in reversed(runs):
        drawn, says = look(one.method), bytes_text(one.activation_peak_bytes, most)
        colour = pick(drawn.colour, scheme)
        figure.add_trace(
            go.Bar(
                x=[in_mib(one.activation_peak_bytes)], y=[short(one.label)], orientation="h", name=one.label,
                marker={
                    "color": colour, "line": {"color": colour, "width": 1.5},
                    "pattern": {"shape": "/" if drawn.hollow else "", "fgcolor": colour},
                },
                text=[f"<b>{says}</b>"], textposition="outside", cliponaxis=False,
            )
        )  # fmt: skip
    figure.update_xaxes(title_text="MiB", range=[0, in_mib(most) * 1.22], rangemode="tozero")
    figure.update_yaxes(showgrid=False, ticksuffix="\N{NO-BREAK SPACE}")
    numbers = ", ".join(f"{short(one.label)} {bytes_text(one.activation_peak_bytes, most)}" for one in runs)
    less, more = sorted(runs, key=lambda one: one.activation_peak_bytes)
    caption = f"{numbers}."
    if less.activation_peak_bytes and most > less.activation_peak_bytes:
        times = factor_text(most / less.activation_peak_bytes)
        caption = f"{short(more.label)} holds {times} times as much as {inside(less.label)}."
    table = {
        "method": [one.label for one in runs],
        "activation peak in MiB": [in_mib(one.activation_peak_bytes) for one in runs],
        "peak with weight gradients in MiB": [in_mib(one.peak_bytes) for one in runs],
    }
    alt = f"Peak memory of one step without weight gradients: {numbers}."
    return Chart("What each held in memory", caption, figure, alt, table)


def _figure(steps: int, scheme: Scheme) -> go.Figure:
    figure = go.Figure(layout={"template": drawn_in(scheme), "height": HEIGHT})
    return figure.update_xaxes(title_text="step", range=[0, max(steps, 1) * 1.01])


def _lines(
    points: Sequence[TrainPoint], methods: Mapping[str, str], of: Callable[[TrainPoint], Sequence[float | None]]
) -> dict[str, dict[int, float]]:
    """Finite values by step of each label."""
    lines: dict[str, dict[int, float]] = {label: {} for label in methods}
    for point in points:
        for label, value in zip(methods, of(point), strict=False):
            if value is not None and isfinite(value):
                lines[label][point.step] = value
    return lines


def _draw(
    figure: go.Figure,
    lines: Values,
    methods: Mapping[str, str],
    scheme: Scheme,
    says: Callable[[float], str],
    scale: float = 1.0,
) -> None:
    """Both lines, the wider one below so that two that lie on each other are both seen."""
    twice = len(set(methods.values())) < len(methods)
    last = list(methods)[-1]
    for label in sorted(methods, key=lambda one: -look(methods[one]).width):
        drawn, line = look(methods[label]), lines[label]
        dash = "dot" if twice and label == last else drawn.dash
        figure.add_trace(
            go.Scatter(
                x=list(line), y=[scale * value for value in line.values()], name=label, mode="lines",
                line={"color": pick(drawn.colour, scheme), "width": drawn.width, "dash": dash},
                customdata=[says(value) for value in line.values()], hovertemplate="%{customdata}",
            )
        )  # fmt: skip


def _done(points: Sequence[TrainPoint]) -> str:
    count = points[-1].step if points else 0
    return f"{count:,} step{'s' * (count != 1)}"


def _table(lines: Values, what: str) -> dict[str, list[object]]:
    steps = sorted({step for line in lines.values() for step in line})
    columns: dict[str, list[object]] = {"step": list(steps)}
    return columns | {f"{label}, {what}": [line.get(step) for step in steps] for label, line in lines.items()}
