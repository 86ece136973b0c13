"""One layer's gradient, entry by entry: what was found against what is true, and how far apart the two are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

import plotly.graph_objects as go

from moonviz.figures.agreement_marks import is_exact
from moonviz.figures.chart import Chart
from moonviz.figures.style import TOKENS, Scheme, error_text, look, pick, significant, template
from moonviz.figures.words import digits, short
from moonviz.figures.zones import ticks
from moonviz.results import LayerSample, Report

Entries = tuple[tuple[float, float], ...]
"""Pairs of (true entry, found minus true)."""

HEIGHT = 340
ROOM = 0.12
"""Powers of ten left of the first tick, or its number would stand on that of the other axis."""
EPS = {"float64": 2.0**-53, "float32": 2.0**-24, "bfloat16": 2.0**-8, "float16": 2.0**-11}
"""Largest relative error of rounding one number, by dtype."""


def sampled_layers(report: Report) -> list[int]:
    """Layers whose entries can be drawn; empty for results that were stored without them."""
    return [one.layer for one in report.truth_sample if any(_entries(report, one.layer).values())]


def _values(samples: Sequence[LayerSample], layer: int) -> tuple[float | None, ...]:
    return next((one.values for one in samples if one.layer == layer), ())


def _entries(report: Report, layer: int, exact: bool | None = None) -> dict[str, Entries]:
    """By label. The difference is taken as stored: adding it to the truth and taking that away would round it."""
    truth = _values(report.truth_sample, layer)
    found: dict[str, Entries] = {}
    for one in report.results:
        if one.gradient and one.gradient.sample and exact in (None, is_exact(one)):
            both = zip(truth, _values(one.gradient.sample, layer), strict=False)
            pairs = tuple((t, d) for t, d in both if t is not None and d is not None)
            if pairs:
                found[one.label] = pairs
    return found


def entries(report: Report, layer: int, scheme: Scheme, exact: bool = True) -> Chart | None:
    """Found against true with the diagonal, where both are equal; null where nothing was sampled.

    Args:
        report: The race.
        layer: One of `sampled_layers`.
        scheme: Light or dark.
        exact: Methods that promise the gradient; else the noisy estimates, on a scale of their own.
    """
    found = _entries(report, layer, exact)
    if not found:
        return None
    figure = _blank(scheme)
    true = [t for pairs in found.values() for t, _ in pairs]
    reach = [min(true), max(true)]
    figure.add_trace(
        go.Scatter(
            x=reach, y=reach, mode="lines", name="equal", hoverinfo="skip",
            line={"color": pick(TOKENS["muted"], scheme), "width": 1, "dash": "dot"},
        )
    )  # fmt: skip
    for at, (label, pairs) in enumerate(found.items()):
        figure.add_trace(_points(report, label, pairs, [t + d for t, d in pairs], at, len(found), scheme))
    figure.update_xaxes(title_text="true entry (float64)")
    figure.update_yaxes(title_text="found")
    count = len(next(iter(found.values())))
    if exact:
        caption = f"{count} entries of {_name(report, layer)}. On the dotted diagonal found and true are equal."
    else:
        caption = (
            f"{count} entries of {_name(report, layer)}, on a scale of their own: a guess does not follow the line."
        )
    alt = f"Found against true entries at layer {layer}. {_apart(found)}. {caption}"
    title = "Found against true" if exact else "Guessed against true"
    return Chart(title, caption, figure, alt, _table(found))


def deviations(report: Report, layer: int, scheme: Scheme) -> Chart | None:
    """How far exact methods' entries are from the true ones, on a log axis; null where nothing was sampled."""
    found = _entries(report, layer, exact=True)
    if not found:
        return None
    dtype = str(report.network.spec.get("dtype", "float32"))
    apart = [abs(d) for pairs in found.values() for _, d in pairs]
    positive = [one for one in apart if one > 0]
    last = [abs(t) * EPS[dtype] for pairs in found.values() for t, _ in pairs if t]
    known = positive or last or [1e-16]
    low, high = floor(log10(min(known))), ceil(log10(max([*known, *last])) + 0.1)
    zero = len(positive) < len(apart)
    low, high = max(low, high - 14) - zero, max(high, low + 1)
    figure = _blank(scheme)
    sizes = [abs(t) for pairs in found.values() for t, _ in pairs if t] or [1.0]
    left, right = floor(log10(min(sizes))), ceil(log10(max(sizes)) + 0.1)
    left, right = max(left, right - 14), max(right, left + 1)
    _last_digit(figure, (left, right), dtype, scheme)
    for at, (label, pairs) in enumerate(found.items()):
        heights = [max(abs(d), 10.0**low) for _, d in pairs]
        marks = _points(report, label, pairs, heights, at, len(found), scheme)
        figure.add_trace(marks.update(x=[max(abs(t), 10.0**left) for t, _ in pairs]))
    drawn = ticks(low + zero, high)
    if zero:
        drawn = {"tickvals": [10.0**low, *drawn["tickvals"]], "ticktext": ["0", *drawn["ticktext"]]}
    figure.update_xaxes(
        title_text="size of the true entry", type="log", range=[left - ROOM, right], **ticks(left, right)
    )
    figure.update_yaxes(title_text="|found − true|", type="log", range=[low, high], **drawn)
    caption = f"What the diagonal cannot show. Dotted: half of the last digit that {dtype} can write."
    return Chart("How far apart", caption, figure, f"Differences at layer {layer}. {_apart(found)}.", _table(found))


def _blank(scheme: Scheme) -> go.Figure:
    return go.Figure(layout={"template": template(scheme), "height": HEIGHT, "hovermode": "closest"})


def _points(
    report: Report, label: str, pairs: Entries, heights: Sequence[float], at: int, count: int, scheme: Scheme
) -> go.Scatter:
    """One method's marks, the first the largest, so that equal ones are seen inside each other."""
    method = next(one.method for one in report.results if one.label == label)
    drawn = look(method)
    symbol = drawn.symbol if drawn.symbol.endswith("-open") else f"{drawn.symbol}-open"
    says = [f"{number_text(t + d)}, true {number_text(t)}, off by {error_text(abs(d))}"
            for t, d in pairs]  # fmt: skip
    return go.Scatter(
        x=[t for t, _ in pairs],
        y=list(heights),
        name=label,
        mode="markers",
        marker={"symbol": symbol, "size": 7 + 4 * (count - 1 - at), "color": pick(drawn.colour, scheme),
                "line": {"width": 1.6}},
        customdata=says,
        hovertemplate=f"<b>{label}</b> %{{customdata}}<extra></extra>",
        cliponaxis=False,
    )  # fmt: skip


def number_text(value: float) -> str:
    """A number with four digits, as a power of ten where it is small."""
    size = abs(value)
    if size == 0 or 1e-3 <= size < 1e5:
        return significant(value, 4) if value >= 0 else f"−{significant(size, 4)}"
    return f"{'−' if value < 0 else ''}{error_text(size)}"


def _last_digit(figure: go.Figure, span: tuple[int, int], dtype: str, scheme: Scheme) -> None:
    """Where half of the last digit of a true entry lies, by its size."""
    ends = [10.0 ** span[0], 10.0 ** span[1]]
    figure.add_trace(
        go.Scatter(
            x=ends, y=[end * EPS[dtype] for end in ends], mode="lines", hoverinfo="skip",
            name=f"half of {dtype}’s last digit",
            line={"color": pick(TOKENS["muted"], scheme), "width": 1, "dash": "dot"},
        )
    )  # fmt: skip


def _name(report: Report, layer: int) -> str:
    name = next((one.name for one in report.network.layers if one.index == layer), "")
    return f"layer {layer} ({name})" if name and name != f"layer {layer}" else f"layer {layer}"


def _apart(found: Mapping[str, Entries]) -> str:
    said = []
    for label, pairs in found.items():
        worst = max(pairs, key=lambda pair: abs(pair[1]))
        size = max(abs(t) for t, _ in pairs)
        share = abs(worst[1]) / size if size else 0.0
        agree = f", {digits(share)} digits of the largest entry" if 0 < share < 1 else ""
        said.append(f"{short(label)} off by at most {error_text(abs(worst[1]))}{agree}")
    return "; ".join(said)


def _table(found: Mapping[str, Entries]) -> dict[str, list[object]]:
    rows = [(label, t, t + d, d) for label, pairs in found.items() for t, d in pairs]
    names = ("method", "true entry", "found", "found − true")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}
