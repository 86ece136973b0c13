"""How far each gradient agrees, by layer or by weight. Exact methods only: noise has figures of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

import plotly.graph_objects as go

from moonviz.figures.agreement_marks import (
    AXIS,
    Against,
    By,
    Mark,
    Measure,
    is_exact,
    listed,
    marks,
    not_finite,
    typical,
)
from moonviz.figures.chart import Chart
from moonviz.figures.margins import margin_labels
from moonviz.figures.style import Scheme, error_text, look, pick, template, tint
from moonviz.figures.words import short
from moonviz.figures.zones import shade, ticks
from moonviz.results import TOLERANCE, Report

HEIGHT = 360
RING = 5
"""Size of the innermost marks by weight; the others are rings around them."""
FEW = 12
"""Longer lines show only some of their marks."""


def agreement(
    report: Report,
    scheme: Scheme,
    by: By = "layer",
    measure: Measure = "relative error",
    against: Against = "truth",
) -> Chart | None:
    """Exact methods on one log axis with its zones; null where nothing was compared.

    Args:
        report: The race.
        scheme: Light or dark.
        by: One mark for each layer (its worst weight), or for each weight.
        measure: Only the relative error is known against backprop.
        against: Backprop in the run's own dtype, or the gradient in float64.
    """
    dtype = str(report.network.spec.get("dtype", "float32"))
    lines = {one.label: marks(one, by, measure, against) for one in report.results if is_exact(one)}
    if measure == "relative error" and against == "backprop":
        lines.pop("backprop", None)  # compared with itself
    lines = {label: line for label, line in lines.items() if line}
    if not lines:
        return None
    methods = {one.label: one.method for one in report.results}
    within = _tolerance(measure, TOLERANCE[dtype])
    low, high, zero = _reach(lines, within)
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT})
    if within:
        shade(figure, low, within, high, scheme, crowded=zero)
    for at, label in enumerate(sorted(lines, key=lambda label: -look(methods[label]).width)):
        sizes = _sizes(lines[label], by, at, len(lines))
        again = [methods[other] for other in lines].index(methods[label]) != list(lines).index(label)
        figure.add_trace(_trace(label, methods[label], lines[label], by, low, sizes, again, scheme))
    ends = {label: typical(line, low) for label, line in lines.items()}
    margin_labels(figure, ends, methods, (low, high), HEIGHT, scheme)
    # Marks at the foot would stand on the numbers of the axis.
    figure.update_xaxes(title_text="layer", range=[-0.8, _last(lines) + 0.8], ticklabelstandoff=10 if zero else 0)
    figure.update_yaxes(title_text=AXIS[measure], type="log", range=[low, high], **_ticks(low, high, zero))
    figure.update_layout(hovermode="closest" if by == "parameter" else "x unified")
    caption = _caption(lines, within, by, measure, against, dtype) + _lost(report)
    title = f"{AXIS[measure].capitalize()}, {'layer by layer' if by == 'layer' else 'weight by weight'}"
    return Chart(title, caption, figure, f"{title}. {_numbers(lines)}. {caption}", _table(lines, by, measure))


def _tolerance(measure: Measure, tolerance: float) -> float | None:
    """What rounding may do: an error of ε turns the gradient by about ε, so 1 − cosine is ε²/2."""
    return {"relative error": tolerance, "angle": tolerance**2 / 2, "largest difference": None}[measure]


def _reach(lines: Mapping[str, Sequence[Mark]], within: float | None) -> tuple[int, int, bool]:
    """Powers of ten at the ends of the axis, and whether its foot stands for zero."""
    values = [one.value for line in lines.values() for one in line]
    positive = [value for value in values if value > 0]
    known = [*positive, *([within] if within else [])] or [1e-16]
    low, high = floor(log10(min(known)) - 0.2), ceil(log10(max(known)) + 0.3)
    zero = len(positive) < len(values)
    return low - zero, max(high, low + 2), zero


def _ticks(low: int, high: int, zero: bool) -> dict[str, list[object]]:
    """Powers of ten; the foot reads 0 where it stands for equal bits."""
    if not zero:
        return ticks(low, high)
    drawn = ticks(low + 1, high)
    return {"tickvals": [10.0**low, *drawn["tickvals"]], "ticktext": ["0", *drawn["ticktext"]]}


def _last(lines: Mapping[str, Sequence[Mark]]) -> int:
    return max(one.layer for line in lines.values() for one in line)


def _sizes(line: Sequence[Mark], by: By, at: int, count: int) -> list[int]:
    """Sizes of a line's marks, so that no mark hides others.

    On a long line about twelve are seen, elsewhere on each. By weight, each method's rings lie around the marks of
    those drawn before.
    """
    if by == "parameter":
        return [RING + 4 * at] * len(line)
    if len(line) <= FEW:
        return [8] * len(line)
    every = len(line) / 12
    seen = {int((n + at / count) * every) for n in range(12)}
    return [9 if at in seen else 0 for at in range(len(line))]


def _trace(
    label: str, method: str, line: Sequence[Mark], by: By, low: int, sizes: Sequence[int], again: bool, scheme: Scheme
) -> go.Scatter:
    """One line; a further variant of a method is paler and thinner than its first."""
    drawn = look(method)
    colour = tint(pick(drawn.colour, scheme), 0.6 if again else 1)
    star = drawn.symbol.startswith("star")
    ring = by == "parameter" and sizes[0] > RING
    symbol = f"{drawn.symbol}-open" if ring and not drawn.symbol.endswith("-open") else drawn.symbol
    tail = "<extra></extra>" if by == "parameter" else ""
    start = f"<b>{label}</b> " if by == "parameter" else ""
    return go.Scatter(
        x=_columns(line) if by == "parameter" else [one.layer for one in line],
        y=[max(one.value, 10.0**low) for one in line],
        name=label,
        mode="markers" if by == "parameter" or len(line) == 1 else "lines+markers",
        line={"color": colour, "width": 2 if again else drawn.width, "dash": drawn.dash},
        marker={
            "symbol": symbol,
            "size": [size and size + 3 * star for size in sizes],
            "color": colour,
            "line": {"width": 1.3 if ring else 0},
        },
        customdata=[f"{error_text(one.value)}, {one.name} {'×'.join(map(str, one.shape))}" for one in line],
        hovertemplate=f"{start}%{{customdata}}{tail}",
        cliponaxis=False,
    )


def _columns(line: Sequence[Mark]) -> list[float]:
    """Where within its layer's column each weight stands, so that the weights of a layer do not hide each other."""
    count = Counter(one.layer for one in line)
    seen: Counter[int] = Counter()
    places = []
    for one in line:
        places.append(one.layer + 0.6 * ((seen[one.layer] + 0.5) / count[one.layer] - 0.5))
        seen[one.layer] += 1
    return places


def _top(line: Sequence[Mark]) -> Mark:
    return max(line, key=lambda one: one.value)


def _where(one: Mark, by: By) -> str:
    return f"layer {one.layer}" if by == "layer" else f"{one.name} of layer {one.layer}"


def _caption(
    lines: Mapping[str, Sequence[Mark]], within: float | None, by: By, measure: Measure, against: Against, dtype: str
) -> str:
    """Who is furthest off and where, and who stays within rounding."""
    worst = max(lines, key=lambda label: _top(lines[label]).value)
    top = _top(lines[worst])
    reference = f"backprop in {dtype}" if (measure, against) == ("relative error", "backprop") else "the true gradient"
    if not top.value:
        return f"Nothing differs from {reference}, in any bit."
    start = f"Furthest from {reference}: {worst}, {error_text(top.value)} at {_where(top, by)}"
    equal = " Marks at 0: equal in every bit." if any(not one.value for line in lines.values() for one in line) else ""
    if within is None:
        return f"{start}.{equal}"
    out = {label: sum(one.value > within for one in line) for label, line in lines.items()}
    if not any(out.values()):
        return f"{start}. All stay within what rounding in {dtype} allows, {error_text(within)}.{equal}"
    things = "layers" if by == "layer" else "weights"
    groups: dict[tuple[int, int], list[str]] = {}
    for label, n in out.items():
        if n:
            groups.setdefault((n, len(lines[label])), []).append(label)
    said = "; ".join(f"{listed(names)} at {n} of {of} {things}" for (n, of), names in groups.items())
    shared = " Backprop itself too: so much is the number format’s doing." if out.get("backprop") else ""
    return f"{start}. Beyond rounding: {said}.{shared}{equal}"


def _lost(report: Report) -> str:
    """Which exact methods' gradients overflowed: such weights have no mark."""
    lost = {one.label: n for one in report.results if is_exact(one) and (n := not_finite(one))}
    said = listed([f"{label} at {n} weight{'s' * (n != 1)}" for label, n in lost.items()]) if lost else ""
    return f" Not a number, so not drawn: {said}." if lost else ""


def _numbers(lines: Mapping[str, Sequence[Mark]]) -> str:
    return "; ".join(
        f"{short(label)}: {error_text(min(one.value for one in line))} to {error_text(_top(line).value)}"
        for label, line in lines.items()
    )


def _table(lines: Mapping[str, Sequence[Mark]], by: By, measure: Measure) -> dict[str, list[object]]:
    rows: dict[tuple[int, str], dict[str, float]] = {}
    shapes: dict[tuple[int, str], str] = {}
    for label, line in lines.items():
        for one in line:
            row = (one.layer, one.name if by == "parameter" else "")
            rows.setdefault(row, {})[label] = one.value
            shapes[row] = "×".join(map(str, one.shape))
    table: dict[str, list[object]] = {"layer": [layer for layer, _ in sorted(rows)]}
    if by == "parameter":
        table |= {"weight": [name for _, name in sorted(rows)], "shape": [shapes[row] for row in sorted(rows)]}
    return table | {f"{label} ({AXIS[measure]})": [rows[row].get(label) for row in sorted(rows)] for label in lines}
