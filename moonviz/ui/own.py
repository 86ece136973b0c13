"""A network made by hand in the setup sentence: its name, a way back to where it was made, its batch and format."""

from __future__ import annotations

from html import escape
from textwrap import shorten
from typing import get_args

import streamlit as st

from moonviz.jobs.admission import Limits
from moonviz.specs.network import DType
from moonviz.ui.parts import say
from moonviz.ui.state import Tab

BUILD = "pages/build.py"


def own_network(tab: Tab, key: str, limits: Limits) -> None:
    """The part of a sentence that says which network, for one made by hand.

    Args:
        tab: With a network of its own.
        key: Of the sentence's widgets.
        limits: What this server lets a race cost.
    """
    if tab.own is None:
        return
    with _together():
        say("on")
        st.html(f'<span class="mv-own">{escape(shorten(tab.own.name, 40, placeholder="…"))}</span>', width="content")
        if st.button("Edit", key=f"{key}.own-edit", help="Change its layers on the Build page."):
            tab.draft = tab.draft.then(tab.own)
            st.switch_page(BUILD)
        if st.button("Use a preset", type="tertiary", key=f"{key}.own-leave", help="It stays on the Build page."):
            tab.own = None
            st.rerun()
    with _together():
        say("batch")
        batch = st.number_input(
            "Batch", 1, limits.max_batch or 1_000_000, tab.own.batch, step=1, key=f"{key}.own-batch",
            label_visibility="collapsed", width=78,
        )  # fmt: skip
    with _together():
        say("in")
        dtypes = list(get_args(DType))
        dtype = st.selectbox(
            "Number format", dtypes, dtypes.index(tab.own.dtype), key=f"{key}.own-dtype", label_visibility="collapsed",
            width=112,
        )  # fmt: skip
    if (batch, dtype) != (tab.own.batch, tab.own.dtype):
        tab.own = tab.own.changed(batch=batch, dtype=dtype)


def _together() -> st.delta_generator.DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False)
