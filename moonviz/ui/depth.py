"""The race in depth: memory against time, and how far each gradient agrees, down to single entries."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from moonviz.figures.agreement import agreement
from moonviz.figures.agreement_entries import deviations, entries, sampled_layers
from moonviz.figures.agreement_marks import Against, By, Measure, knows_backprop, not_finite
from moonviz.figures.agreement_noise import guesses
from moonviz.figures.chart import Chart
from moonviz.figures.frontier import frontier
from moonviz.figures.frontier_places import far_apart
from moonviz.figures.margins import glyph
from moonviz.results import Report
from moonviz.ui.cache import key_of
from moonviz.ui.parts import choice, heading, scheme, show_chart

VIEWS: dict[str, By] = {"By layer": "layer", "By weight": "parameter"}
MEASURES: dict[str, Measure] = {
    "Relative error": "relative error",
    "Angle": "angle",
    "Largest difference": "largest difference",
}
SCALES = {"Linear": "linear", "Log": "log"}
AGREE = "How far the gradients agree"
OLD = "This result was stored without single entries; run it here to see them."


def frontier_section(report: Report) -> None:
    """Peak memory against time, one mark per method; nothing where no method has both."""
    far = far_apart(report)
    options = ["Log", "Linear"] if far else list(SCALES)
    scale = SCALES[_chosen("race.frontier-scale", options)]
    drawn = _kept(report, "frontier", scheme(), scale)
    if drawn:
        show_chart(drawn, "race.frontier", switch=lambda: choice("Axes", options, "race.frontier-scale"))


def agreement_section(report: Report) -> None:
    """How far the gradients agree: exact methods, noisy estimates apart, and one layer's entries."""
    references = _references(report)
    by = VIEWS[_chosen("race.agreement-by", list(VIEWS))]
    measure = MEASURES[_chosen("race.agreement-measure", list(MEASURES))]
    against = references[_chosen("race.agreement-against", list(references))]
    drawn = _kept(report, "agreement", scheme(), by, measure, against)
    if drawn is None and not _kept(report, "guesses", scheme(), by):
        lost = any(not_finite(one) for one in report.results)
        why = "a gradient that is not finite is far from any" if lost else "too large to check against float64 autograd"
        heading(AGREE, f"Not compared: {why}.")
        return
    heading(AGREE, "One mark for each layer’s worst weight, or for each weight.")
    with st.container(horizontal=True, vertical_alignment="center", key="race-agreement-ask"):
        choice("One mark for each", VIEWS, "race.agreement-by")
        choice("Measure", MEASURES, "race.agreement-measure")
        if measure == "relative error" and len(references) > 1:
            choice("Compared with", references, "race.agreement-against")
    if drawn:
        show_chart(drawn, "race.agreement")
    noise = _kept(report, "guesses", scheme(), by)
    if noise:
        show_chart(noise, "race.guesses")
    entries_section(report)


def entries_section(report: Report) -> None:
    """One layer's gradient, entry by entry; says so where a result has no entries."""
    layers = sampled_layers(report)
    if not layers:
        heading("One layer’s gradient, entry by entry", OLD)
        return
    with st.container(horizontal=True, vertical_alignment="center", key="race-entries-ask"):
        heading("One layer’s gradient, entry by entry")
        names = {one.index: one.name for one in report.network.layers}
        layer = st.selectbox(
            "Layer", layers, index=len(layers) // 2, key="race.entries-layer", label_visibility="collapsed", width=220,
            format_func=lambda n: f"layer {n}: {names[n]}" if names.get(n) else f"layer {n}",
        )  # fmt: skip
    st.html(_marks(report))
    drawn = {
        "race.entries": _kept(report, "entries", scheme(), layer),
        "race.deviations": _kept(report, "deviations", scheme(), layer),
        "race.entries-noise": _kept(report, "entries of guesses", scheme(), layer),
    }
    some = {key: one for key, one in drawn.items() if one}
    for column, (key, one) in zip(st.columns(max(1, len(some)), gap="large"), some.items(), strict=False):
        with column:
            show_chart(one, key)


def _marks(report: Report) -> str:
    """Which mark is whose."""
    named = (one for one in report.results if one.gradient and one.gradient.sample)
    items = "".join(f"<span>{glyph(one.method, scheme())} {escape(one.label)}</span>" for one in named)
    return f'<div class="mv-key">{items}</div>'


def _references(report: Report) -> dict[str, Against]:
    """What errors can be taken against, what the words of the verdict use first."""
    dtype = str(report.network.spec.get("dtype", "float32"))
    own: dict[str, Against] = {f"Against backprop in {dtype}": "backprop"} if knows_backprop(report) else {}
    return own | {"Against float64": "truth"}


def _chosen(key: str, options: list[str]) -> str:
    """What a switch further down stands at; its first option where it stands nowhere."""
    value = st.session_state.get(key)
    return value if value in options else options[0]


DRAWN = {
    "frontier": frontier,
    "agreement": agreement,
    "guesses": guesses,
    "entries": lambda report, scheme, layer: entries(report, layer, scheme),
    "entries of guesses": lambda report, scheme, layer: entries(report, layer, scheme, exact=False),
    "deviations": lambda report, scheme, layer: deviations(report, layer, scheme),
}


def _kept(report: Report, name: str, *how: Any) -> Chart | None:
    """A figure, drawn once for all tabs."""
    return _draw(key_of(report), name, how, report)


@st.cache_resource(max_entries=256, show_spinner=False)
def _draw(key: str, name: str, how: tuple[Any, ...], _report: Report) -> Any:
    return DRAWN[name](_report, *how)
