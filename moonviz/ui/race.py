"""How a report of a race is laid out on a page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from moonviz.figures.memory import kinds_in
from moonviz.figures.strip import kept_table, key
from moonviz.figures.words import prose, provenance
from moonviz.results import Report
from moonviz.specs import PRESETS, NetworkSpec, preset
from moonviz.ui.cache import chart, memory_chart, telling
from moonviz.ui.parts import choice, heading, scheme, show_chart, show_headline, table, words_explained
from moonviz.ui.state import Shown

SCALES = {"One scale for all": True, "Each its own": False}
TIMES = {"By sweep": "sweeps", "By layer": "times"}
DIM = "<style>.st-key-race-result{opacity:.6}</style>"


def notice(spec: dict[str, Any]) -> tuple[str, str]:
    """What to notice in a preset, and a lead that says if it was written for other settings than these."""
    name = spec.get("name", "")
    if name not in PRESETS:
        return "", ""
    own = preset(name) == NetworkSpec.read(spec)
    return "What to notice:" if own else "What to notice at this network’s usual settings:", PRESETS[name].notice


def story(shown: Shown, stale: bool) -> None:
    """The first screen: the sentence, what each method keeps, and the finish."""
    line, strips, rows = telling(shown.report)
    show_headline(line, "Settings changed. Run to update." if stale else "")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        lead, says = notice(shown.report.network.spec)
        st.html(f'<p class="mv-notice"><b>{lead}</b> {prose(says)}</p>', width="stretch")
        words_explained()
        table(kept_table(shown.report), "race.kept")
    st.html(strips)
    st.html(rows)


def memory_over_time(report: Report) -> None:
    """One panel per method on shared axes."""
    drawn = [one for one in report.results if one.status == "ok" and one.steps]
    if not drawn:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        shared = SCALES[st.session_state.get("race.scale") or next(iter(SCALES))]
        says = "Same axes for every method. Dotted: backprop’s outline." if shared else "Each panel on axes of its own."
        heading("Memory over time, by what it holds", says if len(drawn) > 1 else "")
        if len(drawn) > 1:
            choice("Scale", SCALES, "race.scale")
    st.html(key(kinds_in(drawn), ""))
    for at in range(0, len(drawn), 2):
        for column, one in zip(st.columns(2, gap="large"), drawn[at : at + 2], strict=False):
            with column:
                figure = memory_chart(report, one.label, scheme(), shared)
                show_chart(figure, f"race.memory-{one.label}", one.method)


def error_and_time(report: Report) -> None:
    """Error by layer, and where the time went, side by side."""
    left, right = st.columns(2, gap="large")
    errors = chart(report, "errors", scheme())
    with left:
        if errors:
            show_chart(errors, "race.errors")
        else:
            heading("Gradient error, layer by layer", "Not compared: too large to check against float64 autograd.")
    with right:
        by = st.session_state.get("race.time") or next(iter(TIMES))
        times = chart(report, TIMES[by], scheme())
        if not times:
            heading("Where the time went", "These steps were not timed.")
            return
        show_chart(
            times, f"race.{TIMES[by]}", title="Where the time went", switch=lambda: choice("Time", TIMES, "race.time")
        )


def footer(shown: Shown) -> None:
    """Where the numbers come from, and the numbers."""
    name = shown.report.network.spec.get("name", "race")
    with st.container(horizontal=True, key="race-foot", vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<p class="mv-foot">{provenance(shown.report, shown.stored)}</p>', width="stretch")
        st.download_button(
            "Download JSON", shown.report.to_json, f"moonviz-{name}.json", "application/json", key="race.json",
            on_click="ignore",
        )  # fmt: skip
