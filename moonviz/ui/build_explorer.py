"""The convolution explorer: kernel, stride, padding and channels on a small input, and what the Jacobian is then."""

from __future__ import annotations

from html import escape
from time import monotonic, sleep

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.badges import SIGNS
from moonviz.figures.inside import condition, jacobian_html, kept_words, lost_outputs, numbers, taps
from moonviz.jobs.messages import Cancelled, ProbeLayer, ResultMessage
from moonviz.probing import LayerProbe
from moonviz.specs.layers import Conv
from moonviz.ui.build_bench import Asked, Bench, bench, keep
from moonviz.ui.build_look import said
from moonviz.ui.engine import engine, tab
from moonviz.ui.parts import heading, panel, say

POLL_SECONDS = 0.7
SHORTLY = 1.5
"""Seconds that a change waits for its picture."""
FIELDS = (
    ("channels in", "inputs", 1, 8, 2),
    ("of size", "size", 2, 32, 8),
    ("kernel", "kernel", 1, 9, 3),
    ("stride", "stride", 1, 8, 2),
    ("padding", "padding", 0, 8, 1),
    ("channels out", "outputs", 1, 8, 2),
)


def explorer() -> None:
    """The section."""
    work = bench()
    waits = work.exploring is not None and work.exploring.key not in work.explored
    st.fragment(_explorer, run_every=POLL_SECONDS if waits else None, key="build-explorer")(work, waits)


def _explorer(work: Bench, waited: bool) -> None:
    with st.container(key="build-explore"):
        heading(
            "When does a convolution lose h?",
            "Every kernel, stride and padding, on an input small enough to write its whole Jacobian out.",
        )
        job = _asked()
        # Each part has a place of its own, whether it is there or not: an answer takes the place of the one before.
        button, answer = st.container(key="build-explore-begin"), st.container(key="build-explore-answer")
        pressed = work.exploring is None and button.button("Look at its Jacobian", key="build.explore")
        if job is None or (work.exploring is None and not pressed):
            return
        with answer:
            found = _measured(work, job)
            if found is None:
                st.html('<p class="mv-aside" role="status">Measuring on this machine…</p>')
            else:
                _tell(found)
        if (found is None) != waited:
            st.rerun()  # the whole page once, so that this section begins, or stops, to ask for news by itself


def _asked() -> ProbeLayer | None:
    """The convolution of the sentence; null, and said, where it is none."""
    chosen = {}
    with st.container(horizontal=True, key="build-explore-sentence", vertical_alignment="center"):
        flat = st.segmented_control(
            "Dimensions", ["1-D", "2-D"], default="1-D", key="build.explore-dims", label_visibility="collapsed",
            required=True, width="content",
        )  # fmt: skip
        for words, name, low, high, value in FIELDS:
            with st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False):
                say(words)
                chosen[name] = st.number_input(
                    words, low, high, value, step=1, key=f"build.explore-{name}", label_visibility="collapsed", width=66
                )
    size = (chosen["size"],) * (1 if flat == "1-D" else 2)
    try:
        layer = Conv(**{name: chosen[name] for name in ("kernel", "stride", "padding")}, channels=chosen["outputs"])
        return ProbeLayer(layer=layer, in_shape=(chosen["inputs"], *size))
    except InvalidSpec as error:
        panel("This is no convolution.", str(error), bad=True)
        return None


def _measured(work: Bench, job: ProbeLayer) -> LayerProbe | str | None:
    """The answer, or why there is none; null while it is being measured."""
    key = job.canonical()
    if key in work.explored:
        return work.explored[key]
    if work.exploring is None or work.exploring.key != key:
        work.exploring = Asked(key, engine().submit(job, tab().id))
    until = monotonic() + SHORTLY
    end = engine().final(work.exploring.job)
    while end is None and monotonic() < until:
        sleep(0.02)
        end = engine().final(work.exploring.job)
    if isinstance(end, Cancelled):
        # Whoever stopped it, it is still being asked for: it is measured anew.
        work.exploring, end = Asked(key, engine().submit(job, tab().id)), None
    if end is None:
        return None
    measured = isinstance(end, ResultMessage)
    keep(work.explored, key, LayerProbe.model_validate(end.data) if measured else said(end))
    return work.explored[key]


def _tell(found: LayerProbe | str) -> None:
    if isinstance(found, str):
        panel("There is no picture of this one.", found, bad=True)
        return
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in numbers(found))
    lines = (condition(found), found.reason, kept_words(found))
    words = "".join(f"<p>{escape(one)}</p>" for one in lines if one)
    lost = lost_outputs(found)
    key = "Each square is an output: the redder, the more of its h is erased; ringed: kept."
    strip = f"<p>{key}</p>{lost}" if lost else ""
    st.html(
        f'<div class="mv-explored"><div>{jacobian_html(found)}<p>|J|: outputs down, inputs across</p></div>'
        f'<div><h3>{SIGNS[found.capability]} {escape(found.capability)}</h3>{words}<dl class="mv-numbers">{facts}</dl>'
        f"{taps(found)}{strip}</div></div>"
    )
