"""Names of lines in the right margin, each at its line's end, none on top of another."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from moonviz.figures.style import Scheme, look, pick

GLYPHS = {
    "circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "star": "★", "star-open": "☆",
    "triangle-up-open": "△",
}  # fmt: skip
"""Plotly's symbols as letters, to stand before a name."""

LINE = 18
LETTER = 7.1
"""Height of one line of a label, and width of a letter, in pixels."""
TOP, FOOT = 24, 46
"""What title and ticks take of the figure's height, in pixels."""


def glyph(method: str, scheme: Scheme) -> str:
    """A method's mark as a coloured letter."""
    drawn = look(method)
    return f'<span style="color:{pick(drawn.colour, scheme)}">{GLYPHS.get(drawn.symbol, "×")}</span>'


def margin_labels(
    figure: go.Figure,
    ends: Mapping[str, float],
    methods: Mapping[str, str],
    span: tuple[float, float],
    height: float,
    scheme: Scheme,
) -> None:
    """Write names beside the ends of lines, pushed apart where they would overlap.

    Args:
        figure: Its right margin is widened.
        ends: Where each line ends on the y axis, by label; on a log axis the power of ten.
        methods: The method of each label.
        span: The y axis's ends.
        height: The figure's, in pixels.
        scheme: Light or dark.
    """
    low, high = span
    unit = (high - low) / max(1.0, height - TOP - FOOT)
    texts = {label: label.replace(":", "<br>   ").replace(",", "<br>   ") for label in ends}
    tall = {label: LINE * (1 + text.count("<br>")) * unit for label, text in texts.items()}
    order = sorted(ends, key=lambda label: -ends[label])
    at: dict[str, float] = {}
    edge = high + LINE * unit / 2
    for label in order:  # downwards, each below the one before
        at[label] = min(ends[label], edge - tall[label] / 2)
        edge = at[label] - tall[label] / 2
    edge = low - LINE * unit / 2
    for label in reversed(order):  # and up again from the foot
        at[label] = max(at[label], edge + tall[label] / 2)
        edge = at[label] + tall[label] / 2
    for label in order:
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=6, y=at[label], yanchor="middle", align="left",
            text=f"{glyph(methods[label], scheme)} {texts[label]}",
        )  # fmt: skip
    longest = max(len(part) for text in texts.values() for part in text.replace("   ", "  ").split("<br>"))
    figure.update_layout(margin={"r": round(LETTER * longest) + 26})
