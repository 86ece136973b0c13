"""A measured look inside a layer: its small Jacobian as a picture, and its condition with the layer's own numbers."""

from __future__ import annotations

from html import escape
from math import prod
from typing import Any
from urllib.parse import quote

from moonviz.building import LayerFacts
from moonviz.figures.style import error_text, significant
from moonviz.probing import LayerProbe, Picture, TapFacts

LEVELS = 8
"""Shades of a picture."""


def jacobian_svg(picture: Picture) -> str:
    """|J| as SVG: a square for each cell, the darker the larger, by the square root of its share of the largest."""
    rows = picture.values
    most = max((value for row in rows for value in row), default=0.0) or 1.0
    paths: list[list[str]] = [[] for _ in range(LEVELS + 1)]
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            level = 0 if value <= 0 else max(1, round(LEVELS * (value / most) ** 0.5))
            paths[level].append(f"M{x} {y}h1v1h-1z")
    drawn = "".join(
        f'<path d="{"".join(parts)}" fill="currentColor" fill-opacity="{level / LEVELS:.3g}"/>'
        for level, parts in enumerate(paths)
        if level and parts
    )
    width, height = len(rows[0]) if rows else 1, len(rows) or 1
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" shape-rendering="crispEdges">'
        f"{drawn}</svg>"
    )


def jacobian_html(probe: LayerProbe) -> str:
    """The picture for a page, whose HTML takes no drawings: as a mask over the accent colour."""
    rows = probe.jacobian.values
    drawn = quote(jacobian_svg(probe.jacobian))
    style = f"aspect-ratio:{len(rows[0])}/{len(rows)};mask-image:url(&quot;data:image/svg+xml,{drawn}&quot;)"
    return (
        f'<div class="mv-jacobian" role="img" aria-label="{escape(jacobian_alt(probe))}"><b style="{style}"></b></div>'
    )


def jacobian_alt(probe: LayerProbe) -> str:
    """The picture in a sentence."""
    picture = probe.jacobian
    return (
        f"The sizes of the {picture.rows:,} by {picture.columns:,} entries of the Jacobian of {probe.title}; its rank "
        f"is {probe.rank:,}."
    )


def condition(probe: LayerProbe) -> str:
    """Whether h at the output can be read from h at the input, with the layer's own numbers."""
    rows, columns = probe.jacobian.rows, probe.jacobian.columns
    start = f"J is {rows:,}×{columns:,}: {rows:,} outputs by {columns:,} inputs."
    if not probe.erased:
        return f"{start} Its rank is {probe.rank:,}, all outputs, so h·J loses nothing of h."
    return (
        f"{start} Its rank is {probe.rank:,}, so h·J loses {probe.erased:,} direction{'s' * (probe.erased > 1)} of h."
    )


def kept_words(probe: LayerProbe) -> str:
    """What the layer keeps of h, and how well that restores it."""
    said = ""
    if probe.fragment:
        said = f"It keeps {probe.fragment:,} numbers of h"
        said += f", {probe.fragment - probe.erased:,} more than are erased." if probe.fragment > probe.erased else "."
    elif probe.fragment == 0:
        said = "It keeps nothing of h."
    if probe.rebuilt is not None:
        these = " and these" if probe.fragment else ""
        said += f" Rebuilt from h·J{these}, a random h is off by {error_text(probe.rebuilt)}."
    return said.strip()


def numbers(probe: LayerProbe) -> list[tuple[str, str]]:
    """Rank and conditioning, named."""
    listed = [("Rank", f"{probe.rank:,} of {probe.jacobian.rows:,}"), ("σ max", significant(probe.sigma_max))]
    if probe.sigma_min is not None:
        listed.append(("σ min, above 0", significant(probe.sigma_min)))
        listed.append(("σ max ÷ σ min", significant(probe.sigma_max / probe.sigma_min)))
    return listed


def inside(probe: LayerProbe, key: str, whole: LayerFacts | None = None) -> dict[str, Any]:
    """What the stack shows of a layer, as strict JSON data.

    Args:
        probe: What was measured.
        key: Of the layer's row.
        whole: The layer, where the same on a smaller input was measured in its place.
    """
    cell = probe.jacobian.cell
    folded = f" Each square of the picture stands for {cell[0]}×{cell[1]} entries." if cell != (1, 1) else ""
    measured = "Measured at the first example of the batch, in float64."
    if whole is not None:
        measured = f"Measured in float64. {_twin_words(probe, whole)}"
    return {
        "key": key,
        "svg": jacobian_svg(probe.jacobian),
        "alt": jacobian_alt(probe),
        "condition": condition(probe),
        "words": f"{kept_words(probe)} {measured}{folded}".strip(),
        "numbers": numbers(probe),
    }


def _twin_words(probe: LayerProbe, whole: LayerFacts) -> str:
    """Why a smaller one was looked at, and what is other there."""
    rows, columns = prod(whole.out_shape or ()), prod(whole.in_shape or ())
    size = "×".join(map(str, probe.in_shape))
    said = (
        f"The layer's own Jacobian, {rows:,}×{columns:,}, is too large to write out: this is the same layer on a "
        f"random input of {size}."
    )
    if whole.capability == "ordinary" != probe.capability:
        said += " A layer this small can be solved as a whole; at its own size it breaks the walk."
    return said


def inside_words(key: str, words: str) -> dict[str, Any]:
    """Words in its place: while it is being measured, or where it cannot be."""
    return {"key": key, "svg": "", "alt": "", "condition": words, "words": "", "numbers": []}


def taps(probe: LayerProbe) -> str:
    """The pivot-tap rule along each axis of a convolution, as HTML."""
    if not probe.axes:
        return ""
    names = ("Along it",) if len(probe.axes) == 1 else ("Along the height", "Along the width")
    listed = []
    for name, axis in zip(names, probe.axes, strict=True):
        marks = "".join(_tap(tap, tap.place == axis.pivot) for tap in axis.taps)
        solved = {"diagonal": "all at once: diagonal", "lower": "from first to last: triangular"}
        order = solved.get(axis.order or "", "from last to first: triangular")
        says = (
            f"tap {axis.pivot} is the pivot, solved {order}" if axis.pivot is not None else f"no pivot: {axis.why_not}"
        )
        listed.append(f"<dt>{name}</dt><dd><span>{marks}</span> {escape(says)}</dd>")
    return f'<dl class="mv-taps">{"".join(listed)}</dl>'


def _tap(tap: TapFacts, pivot: bool) -> str:
    reads = "never reads padding" if tap.inside else "reads padding for some output"
    says = f"{reads}; {tap.order or 'shares its inputs on both sides'}"
    tone = "pivot" if pivot else "could" if tap.inside and tap.order else "no"
    return f'<b class="{tone}" title="{says}">{tap.place}</b>'


def lost_outputs(probe: LayerProbe) -> str:
    """Which outputs' cotangents are erased, and which are kept, as a strip of squares."""
    if not probe.lost or len(probe.lost) > 600:
        return ""
    kept = set(probe.kept or ())
    squares = "".join(_output(at, share, at in kept) for at, share in enumerate(probe.lost))
    return f'<div class="mv-lost" role="img" aria-label="Share of each output’s h that is erased">{squares}</div>'


def _output(at: int, share: float, kept: bool) -> str:
    tone = "kept" if kept else ""
    return f'<i class="{tone}" style="--a:{share:.2f}" title="output {at}: {share:.0%} erased"></i>'
