"""What stands below the player on the Race page: the same race in depth, and where its numbers come from."""

from __future__ import annotations

from typing import Any

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.css import key
from moonviz.figures.memory import kinds_in
from moonviz.figures.words import prose
from moonviz.results import Report
from moonviz.specs import PRESETS, NetworkSpec, preset
from moonviz.ui.cache import chart, memory_chart
from moonviz.ui.depth import agreement_section, frontier_section
from moonviz.ui.parts import choice, heading, scheme, show_chart, words_explained
from moonviz.ui.shown import Shown

SCALES = {"One scale for all": True, "Each its own": False}
TIMES = {"By sweep": "sweeps", "By layer": "times"}


def below(shown: Shown) -> None:
    """The race in depth."""
    _notice(shown)
    agreement_section(shown.report)
    left, right = st.columns(2, gap="large")
    with left:
        frontier_section(shown.report)
    with right:
        _time(shown.report)
    _memory_over_time(shown.report)


def notice(spec: dict[str, Any]) -> tuple[str, str]:
    """What to notice in a preset, and a lead that says if it was written for other settings than these."""
    name = spec.get("name", "")
    if name not in PRESETS:
        return "", ""
    try:
        own = preset(name) == NetworkSpec.read(spec)
    except InvalidSpec:  # a file of another version
        own = False
    return "What to notice:" if own else "What to notice at this network’s usual settings:", PRESETS[name].notice


def _notice(shown: Shown) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        lead, says = notice(shown.report.network.spec)
        st.html(f'<p class="mv-notice"><b>{lead}</b> {prose(says)}</p>', width="stretch")
        words_explained()


def _memory_over_time(report: Report) -> None:
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
    st.html(key(kinds_in(drawn)))
    for at in range(0, len(drawn), 2):
        for column, one in zip(st.columns(2, gap="large"), drawn[at : at + 2], strict=False):
            with column:
                figure = memory_chart(report, one.label, scheme(), shared)
                show_chart(figure, f"race.memory-{one.label}", one.method)


def _time(report: Report) -> None:
    """Where the time went, by sweep or by layer."""
    by = st.session_state.get("race.time") or next(iter(TIMES))
    times = chart(report, TIMES[by], scheme())
    if not times:
        heading("Where the time went", "These steps were not timed.")
        return
    show_chart(
        times, f"race.{TIMES[by]}", title="Where the time went", switch=lambda: choice("Time", TIMES, "race.time")
    )
