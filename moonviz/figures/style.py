"""What all figures share: colours, marks, one plotly template, and numbers with their units. MiB are made only here."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Literal

import plotly.graph_objects as go

from moonviz.events import Kind

Scheme = Literal["light", "dark"]
Pair = tuple[str, str]
"""A colour in the light and in the dark scheme."""

MIB = 2**20
FONT = '"Source Sans", "Source Sans 3", sans-serif'

TOKENS: dict[str, Pair] = {
    "page": ("#fcfcfa", "#0e1320"),
    "panel": ("#f2f3f6", "#182032"),
    "ink": ("#1b2130", "#e8ecf4"),
    "muted": ("#586174", "#a3aec4"),
    "line": ("#dcdfe6", "#2b3550"),
    "grid": ("#e6e8ee", "#222c42"),
    "accent": ("#4b1fc4", "#a98bff"),
    "warn": ("#b3261e", "#ff9d94"),
    "warn-ground": ("#fdecea", "#3a1b1e"),
    "good": ("#0b7a46", "#45d196"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a method is drawn. Exact ones: cool or neutral hue, solid. Noisy ones: warm hue, dashed, hollow."""

    colour: Pair
    path: str
    """The mark's outline on a 16 × 16 field."""
    symbol: str
    """Plotly's nearest symbol."""
    width: float = 2.0
    dash: str = "solid"
    hollow: bool = False


_CRESCENT = "M8.4 1A7 7 0 1 0 15 7.6 4.7 4.7 0 1 1 8.4 1Z"
LOOKS: dict[str, Look] = {
    "backprop": Look(("#343a42", "#e4e8ef"), "M2 8a6 6 0 1 0 12 0a6 6 0 1 0-12 0Z", "circle"),
    "checkpointing": Look(("#2ba08a", "#1cc9a8"), "M2.5 2.5h11v11h-11Z", "square"),
    "revbackprop": Look(("#2a6bd0", "#6a9ee6"), "M8 1 15 8 8 15 1 8Z", "diamond"),
    "forward": Look(("#4d5f2a", "#8fe37d"), "M8 2 15 14H1Z", "triangle-up"),
    "moonwalk-mixed": Look(("#4b1fc4", "#9470fb"), _CRESCENT, "star", width=3.2),
    "moonwalk-pure": Look(("#a02f7a", "#f2a9f5"), _CRESCENT, "star-open", hollow=True),
    "projforward": Look(("#cf6a00", "#e8924c"), "M8 2 15 14H1Z", "triangle-up-open", dash="dash", hollow=True),
}
_FALLBACK = Look(("#9a6700", "#d9b35f"), "M3 3l10 10M13 3 3 13", "x-thin-open", dash="dash", hollow=True)


@dataclass(frozen=True, slots=True)
class KindLook:
    """How one kind of held bytes is drawn and named: `pattern` is plotly's fill pattern."""

    colour: Pair
    name: str
    pattern: str = ""
    about: str = ""


KINDS_DRAWN: dict[Kind, KindLook] = {
    "gradient": KindLook(
        ("#0b7a46", "#45d196"), "weight gradients", about="The result itself. Every exact method must deliver it."
    ),
    "activation": KindLook(
        ("#7a8fb0", "#6f88b4"), "activations", about="Outputs of layers, stored until the backward sweep uses them."
    ),
    "residual": KindLook(
        ("#b07800", "#ffc857"),
        "residual bits",
        ".",
        "The little a layer needs to send the gradient back through itself, such as one sign bit per unit.",
    ),
    "cotangent": KindLook(
        ("#cf2f8a", "#ff78b9"), "h, the gradient on its way", "/", "The loss's gradient at one layer's output."
    ),
    "anchor": KindLook(("#cf2f8a", "#ff78b9"), "anchors", "+", "Whole h's kept on the way back, to stop drift."),
    "fragment": KindLook(("#cf2f8a", "#ff78b9"), "fragments", "|", "The part of h that a layer erases."),
    "tangent": KindLook(("#4b1fc4", "#9470fb"), "tangents", "x", "Input directions pushed through the layers."),
    "sketch": KindLook(("#8a6fd1", "#b9a3ff"), "sketches", "-", "Short random summaries of h."),
    "temporary": KindLook(
        ("#c3c8d4", "#3d496a"), "alive only inside a step", "\\", "Working space that is free again at the step's end."
    ),
}
"""Every kind, in stacking order from the bottom."""


def look(method: str) -> Look:
    """How a method is drawn; an unknown one looks noisy."""
    return LOOKS.get(method, _FALLBACK)


def tint(colour: str, alpha: float) -> str:
    """A hex colour as rgba."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def blend(colour: str, ground: str, share: float) -> str:
    """`share` of a hex colour on a ground, as a hex colour."""
    mixed = (
        round(share * int(colour[at : at + 2], 16) + (1 - share) * int(ground[at : at + 2], 16)) for at in (1, 3, 5)
    )
    return "#" + "".join(f"{one:02x}" for one in mixed)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two hex colours, 1 to 21, as WCAG 2 defines it."""

    def light(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def pick(pair: Pair, scheme: Scheme) -> str:
    """The colour of the scheme."""
    return pair[scheme == "dark"]


def template(scheme: Scheme) -> go.layout.Template:
    """The one plotly template: no frame, no vertical grid, muted ticks, room for direct labels."""
    ink, muted, grid, page, line = (pick(TOKENS[t], scheme) for t in ("ink", "muted", "grid", "page", "line"))
    axis = {
        "showline": False,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": 13, "color": muted},
        "title": {"font": {"size": 13, "color": muted}, "standoff": 8},
        "nticks": 6,
        "fixedrange": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 14, "color": ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 14, "t": 24, "b": 8},
            "showlegend": False,
            "hovermode": "x unified",
            "hoverlabel": {"bgcolor": page, "bordercolor": line, "font": {"family": FONT, "size": 13, "color": ink}},
            "xaxis": axis | {"showgrid": False, "automargin": True},
            "yaxis": axis | {"gridcolor": grid, "automargin": True},
            "annotationdefaults": {"showarrow": False, "font": {"size": 13, "color": ink}},
        }
    )


def anchor(share: float) -> str:
    """Which side of a label stands at a place `share` of the way along the axis, so that it stays inside."""
    return "left" if share < 0.2 else "right" if share > 0.8 else "center"


def significant(value: float, digits: int = 3) -> str:
    """A number with so many significant digits and thousands separators, never in e-notation."""
    if value == 0 or not isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.{digits - 1}e}")  # 99.96 has three digits before the point once it is rounded
    places = max(0, digits - 1 - floor(log10(abs(rounded))))
    return f"{value:,.{places}f}"


def in_mib(count: float) -> float:
    """Bytes in MiB."""
    return count / MIB


def bytes_text(count: float, beside: float = 0) -> str:
    """Bytes with a unit: MiB from 0.1 MiB to 9,999 MiB, else B, KiB or GiB.

    Args:
        count: How many.
        beside: A number it is compared with: the larger one chooses the unit of both.
    """
    largest = max(count, beside)
    if largest >= 9_999.5 * MIB:
        return f"{significant(count / MIB / 1024)} GiB"
    if largest >= 0.0995 * MIB:
        return f"{significant(count / MIB)} MiB"
    return f"{significant(count / 1024)} KiB" if largest >= 1024 else f"{count:,.0f} B"


def memory_text(count: float) -> str:
    """Bytes in the largest unit that leaves a number of at least one, up to three digits: `24 GiB`, `1.5 GiB`."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1023.5:
            break
        size, unit = size / 1024, larger
    text = f"{size:,.0f}" if unit == "B" or size >= 99.95 else f"{size:.3g}"
    return f"{text} {unit}"


def seconds_text(seconds: float) -> str:
    """A duration with a unit."""
    if seconds >= 0.9995:
        return f"{significant(seconds)} s"
    return f"{significant(seconds * 1e3)} ms" if seconds >= 1e-3 else f"{significant(seconds * 1e6)} µs"


def flops_text(flops: float) -> str:
    """A count of floating-point operations with a unit."""
    for power, unit in ((12, "TFLOP"), (9, "GFLOP"), (6, "MFLOP")):
        if flops >= 0.9995 * 10**power:
            return f"{significant(flops / 10**power)} {unit}"
    return f"{flops:,.0f} FLOP"


def factor_text(factor: float) -> str:
    """A ratio: two decimals below 3, one below 10, else whole."""
    return f"{factor:,.2f}" if factor < 2.995 else f"{factor:.1f}" if factor < 9.95 else f"{factor:,.0f}"


def error_text(error: float | None) -> str:
    """A relative error as 5.2·10⁻⁷."""
    if error is None:
        return "not measured"
    if error == 0:
        return "0"
    power = floor(log10(error))
    lead = round(error / 10**power, 1)
    if lead >= 10:
        lead, power = 1.0, power + 1
    return power_text(power) if lead == 1 else f"{lead:.1f}·{power_text(power)}"


def power_text(power: int) -> str:
    """10ⁿ in Unicode."""
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
