"""How far a noisy estimate is from the gradient, in a figure of its own, beside what was to be expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10, sqrt

import plotly.graph_objects as go

from moonviz.figures.agreement_marks import By, Mark, is_exact, marks, typical
from moonviz.figures.chart import Chart
from moonviz.figures.margins import margin_labels
from moonviz.figures.style import TOKENS, Scheme, error_text, look, pick, significant, template
from moonviz.figures.words import BYTES, short
from moonviz.figures.zones import NOISE, colours, ticks
from moonviz.results import Report, Result
from moonviz.theory.projforward import expected_cosine

HEIGHT = 300


def is_guess(result: Result) -> bool:
    """Whether a result is a noisy estimate that was compared with the truth."""
    return not is_exact(result) and bool(result.gradient and result.gradient.per_parameter)


def expectations(result: Result, dtype: str) -> tuple[float, float] | None:
    """What K random directions promise for P weights: (relative error √((P−1)/K), cosine √(K/(K+P−1))).

    Null for a method that is not known, and where the weights were not counted.
    """
    weights = (result.parameter_bytes or 0) // BYTES[dtype]
    if result.method != "projforward" or not weights:
        return None
    directions = int(result.options.get("directions", 1))
    return sqrt((weights - 1) / directions), expected_cosine(directions, weights)


def guesses(report: Report, scheme: Scheme, by: By = "layer") -> Chart | None:
    """Relative errors of noisy estimates with the expected one: hollow, dashed, alone; null where there are none."""
    dtype = str(report.network.spec.get("dtype", "float32"))
    found = [one for one in report.results if is_guess(one)]
    lines = {one.label: marks(one, by, "relative error", "truth") for one in found}
    lines = {label: line for label, line in lines.items() if any(one.value > 0 for one in line)}
    if not lines:
        return None
    methods = {one.label: one.method for one in found}
    promised = {one.label: both for one in found if (both := expectations(one, dtype))}
    known = [one.value for line in lines.values() for one in line if one.value > 0]
    known += [error for error, _ in promised.values()]
    low, high = min(-1, floor(log10(min(known)) - 0.2)), max(1, ceil(log10(max(known)) + 0.2))
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT})
    _zone(figure, high, scheme)
    for label, line in lines.items():
        figure.add_trace(_trace(label, methods[label], line, by, low, scheme))
    ends = {label: typical(line, low) for label, line in lines.items()}
    margin_labels(figure, ends, methods, (low, high), HEIGHT, scheme)
    for label, (error, _) in promised.items():
        if label in lines:
            _expected(figure, error, methods[label], scheme)
    figure.update_xaxes(title_text="layer")
    figure.update_yaxes(title_text="relative error", type="log", range=[low, high], **ticks(low, high))
    figure.update_layout(hovermode="closest" if by == "parameter" else "x unified")
    said = " ".join(_says(one, promised.get(one.label)) for one in found if one.label in lines)
    title = "Noisy estimates, apart"
    return Chart(title, said, figure, f"Relative error of noisy estimates. {said}", _table(lines))


def _zone(figure: go.Figure, high: int, scheme: Scheme) -> None:
    """Red from an error of 1 on."""
    figure.add_hrect(1.0, 10.0**high, fillcolor=colours(scheme)[1], line_width=0, layer="below")
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", xshift=6, y=0, yanchor="bottom", text=NOISE,
        font={"size": 13, "color": pick(TOKENS["muted"], scheme)},
    )  # fmt: skip


def _trace(label: str, method: str, line: Sequence[Mark], by: By, low: int, scheme: Scheme) -> go.Scatter:
    drawn = look(method)
    colour = pick(drawn.colour, scheme)
    symbol = drawn.symbol if drawn.symbol.endswith("-open") else f"{drawn.symbol}-open"
    return go.Scatter(
        x=[one.layer for one in line],
        y=[max(one.value, 10.0**low) for one in line],
        name=label,
        mode="markers" if by == "parameter" else "lines+markers",
        line={"color": colour, "width": drawn.width, "dash": "dash"},
        marker={"symbol": symbol, "size": 8, "color": colour, "line": {"width": 1.5}},
        customdata=[f"{error_text(one.value)}, {one.name}" for one in line],
        hovertemplate="%{customdata}",
        cliponaxis=False,
    )


def _expected(figure: go.Figure, error: float, method: str, scheme: Scheme) -> None:
    colour = pick(look(method).colour, scheme)
    figure.add_hline(error, line={"color": colour, "width": 1.2, "dash": "dot"})
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=log10(error), yanchor="top", xshift=6,
        text=f"expected of the whole gradient: {significant(error, 2)}",
        font={"size": 13, "color": pick(TOKENS["muted"], scheme)},
    )  # fmt: skip


def _says(result: Result, promised: tuple[float, float] | None) -> str:
    """Directions, then what was expected and what was found."""
    found = result.gradient
    directions = int(result.options.get("directions", 1)) if result.method == "projforward" else 0
    drawn = f" from {directions:,} random direction{'s' * (directions != 1)}" if directions else ""
    parts = [f"{short(result.method if directions else result.label)} guesses{drawn}"]
    for at, (name, value) in enumerate(
        (("relative error", found and found.relative_error), ("cosine", found and found.cosine))
    ):
        if value is not None:
            expected = f", expected {significant(promised[at], 2)}" if promised else ""
            parts.append(f"{name} {significant(value, 2)}{expected}")
    return "; ".join(parts) + "."


def _table(lines: Mapping[str, Sequence[Mark]]) -> dict[str, list[object]]:
    rows = [(one.layer, one.name, label, one.value) for label, line in lines.items() for one in line]
    names = ("layer", "weight", "method", "relative error")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}
