"""Zones of a figure with errors: rounding only, and noise."""

from __future__ import annotations

from math import ceil, log10

import plotly.graph_objects as go

from moonviz.figures.style import TOKENS, Scheme, pick, power_text, tint

NOISE = "the gradient is noise"


def colours(scheme: Scheme) -> tuple[str, str]:
    """The tints of good and of noise."""
    return tint(pick(TOKENS["good"], scheme), 0.1), tint(pick(TOKENS["warn"], scheme), 0.1)


def shade(figure: go.Figure, low: float, tolerance: float, high: float, scheme: Scheme, crowded: bool = False) -> None:
    """Green up to the tolerance, red from an error of 1 on, each with its words.

    Args:
        figure: With errors along a logarithmic y axis.
        low: Power of ten at the axis's foot.
        tolerance: Largest error that is rounding only.
        high: Power of ten at the axis's top.
        scheme: Light or dark.
        crowded: Lines run along the foot, so that the words for green stand at its upper edge.
    """
    good, warn = colours(scheme)
    muted = {"size": 13, "color": pick(TOKENS["muted"], scheme)}
    here = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": 6, "font": muted}
    figure.add_hrect(10.0**low, tolerance, fillcolor=good, line_width=0, layer="below")
    place = {"y": log10(tolerance), "yanchor": "top"} if crowded else {"y": low, "yanchor": "bottom"}
    figure.add_annotation(text="rounding only", **place, **here)
    if high > 0:
        figure.add_hrect(1.0, 10.0**high, fillcolor=warn, line_width=0, layer="below")
        figure.add_annotation(y=0, text=NOISE, yanchor="bottom", **here)


def ticks(low: float, high: float, most: int = 5) -> dict[str, list[object]]:
    """Powers of ten for a log axis, at most so many."""
    step = max(1, ceil((high - low) / most))
    powers = range(ceil(low), int(high) + 1, step)
    return {"tickvals": [10.0**power for power in powers], "ticktext": [power_text(power) for power in powers]}
