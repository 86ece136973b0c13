"""The question of the Precision page as one sentence of controls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from html import escape
from typing import Any

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.conditioning import stretch
from moonviz.specs.precision import PrecisionSpec
from moonviz.ui.controls import menu
from moonviz.ui.parts import panel, say
from moonviz.ui.study import ANCHORS, DEPTHS, DTYPES, NETWORKS, VARIANTS, Study


def question(study: Study) -> PrecisionSpec | None:
    """The controls. Keeps the tab's choices and returns the question that Measure was pressed for."""
    busy = study.job is not None and study.job.running
    with st.container(horizontal=True, key="precision-sentence", vertical_alignment="center"):
        with _together():
            say("Measure")
            _network(study)
        if study.has_slope():
            with _together():
                say("of slope")
                study.slope = st.number_input(
                    "Slope", 0.01, 1.0, study.slope, 0.1, key="precision.slope", label_visibility="collapsed", width=78
                )
        study.depths = tuple(sorted(_pills("at depths", "Depths", DEPTHS, study.depths)))
        study.dtypes = tuple(_pills("in", "Number formats", DTYPES, study.dtypes))
        study.variants = tuple(_pills("with", "Methods", list(VARIANTS), study.variants))
        study.anchors = tuple(_pills("and moonwalk-mixed with an anchor every", "Anchors", ANCHORS, study.anchors))
        pressed = st.button("Measure", type="primary", key="precision.run", disabled=busy)
    try:
        asked = study.question()
    except InvalidSpec as error:
        panel("This cannot be measured.", str(error), bad=True)
        return None
    worst = stretch(asked.network, max(asked.depths), asked.dtypes[0])
    st.html(f'<p class="mv-stretch"><b>Conditioning.</b> {escape(worst.words)}</p>')
    return asked if pressed else None


def _together() -> Any:
    return st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False)


def _network(study: Study) -> None:
    names = list(NETWORKS)
    chosen = st.selectbox(
        "Network", names, names.index(study.network), format_func=menu,
        key="precision.network", label_visibility="collapsed", width=270,
    )  # fmt: skip
    study.network = chosen or study.network


def _pills(words: str, label: str, options: Sequence[Any], chosen: Sequence[Any]) -> list[Any]:
    """Pills after their words; in the options' order, whatever was clicked first."""
    # A long row has to wrap on a phone, which a container of its own would not let it do.
    with (
        nullcontext()
        if label == "Methods"
        else st.container(horizontal=True, vertical_alignment="center", width="content")
    ):
        say(words)
        picked = st.pills(
            label, options, selection_mode="multi", default=list(chosen), format_func=str,
            key=f"precision.{label.lower().replace(' ', '-')}", label_visibility="collapsed",
        )  # fmt: skip
    return [option for option in options if option in picked]
