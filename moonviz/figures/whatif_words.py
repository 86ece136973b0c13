"""What the What-if curves say in words, and their twin as a table. No plotly here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from moonviz.estimates.devices import Need
from moonviz.estimates.fit import Fit
from moonviz.figures.style import memory_text
from moonviz.figures.whatif_answer import Answer, Ask
from moonviz.figures.words import short

Along = Literal["depth", "batch"]
"""What grows along a curve."""


def fit_along(one: Answer, along: Along) -> Fit | None:
    """The answer that a curve is about."""
    return one.deepest if along == "depth" else one.largest


def count_of(fit: Fit) -> int:
    """What was looked for: blocks or examples."""
    return fit.depth if fit.varied == "depth" else fit.batch


def title(along: Along, ask: Ask) -> str:
    """Of the figure."""
    if along == "depth":
        return f"Memory by depth, batch {ask.batch:,}"
    return f"Memory by batch, {ask.depth:,} block{'s' * (ask.depth != 1)}"


def caption(drawn: Sequence[Answer], along: Along, ask: Ask) -> str:
    """What fits, method by method."""
    what = "blocks" if along == "depth" else "examples"
    found = [(one, fit) for one in drawn if (fit := fit_along(one, along))]
    said = ", ".join(
        f"{_short(one)} {'' if fit.exact and not one.guessed else '≈ '}{count_of(fit):,}" for one, fit in found
    )
    band = " The band is what the device adds: rounding, workspaces, context." if ask.device.cuda else ""
    return f"What fits, in {what}: {said}. Rings are dry runs.{band}"


def _short(one: Answer) -> str:
    words = short(one.label)
    return words[:1].lower() + words[1:]


def alt(drawn: Sequence[Answer], along: Along, ask: Ask) -> str:
    """For those who do not see the figure."""
    what = "blocks" if along == "depth" else "examples"
    said = "; ".join(f"{one.label} {count_of(fit):,} {what}" for one in drawn if (fit := fit_along(one, along)))
    return f"{title(along, ask)}, logarithmic axes. Within {memory_text(ask.device.memory_bytes)} fit: {said}."


def table(
    drawn: Sequence[Answer], places: Sequence[int], curves: Mapping[str, Sequence[Need]], along: Along
) -> dict[str, list[object]]:
    """The same numbers."""
    rows = [(place, one.label, need) for one in drawn for place, need in zip(places, curves[one.label], strict=True)]
    return {
        "blocks" if along == "depth" else "batch": [row[0] for row in rows],
        "method": [row[1] for row in rows],
        "tensors (bytes)": [row[2].tensor_bytes for row in rows],
        "with the device’s own (bytes)": [row[2].total_bytes for row in rows],
        "known from": [_known(row[2]) for row in rows],
    }


def _known(need: Need) -> str:
    return "a dry run" if all(term.how != "extrapolated" for term in need.terms) else "dry runs of fewer blocks"
