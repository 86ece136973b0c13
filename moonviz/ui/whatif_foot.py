"""What stands at the foot of the What-if page: words, the calibration, and the ways on."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from moonviz.calibration import Table, table
from moonviz.errors import InvalidSpec
from moonviz.figures.whatif_explained import CALIBRATION, calibration_table, explained
from moonviz.ui.controls import bounds, fields
from moonviz.ui.engine import tab
from moonviz.ui.linking import copy_link
from moonviz.ui.whatif import Asked, section
from moonviz.ui.whatif_state import Whatif

RACE, BUILD = "pages/race.py", "pages/build.py"


def hand_over(now: Asked) -> None:
    """Buttons that take the network, as it is looked at, to the pages that run and change it."""
    blocks = f"{now.ask.depth:,} block{'s' * (now.ask.depth != 1)}"
    with st.container(horizontal=True, key="whatif-over", vertical_alignment="center"):
        if st.button(f"Race these {blocks}" if now.ask.depth != 1 else "Race this block", key="whatif.race"):
            take_to_race(now.page)
            st.switch_page(RACE)
        if st.button("Open it in Build", key="whatif.build"):
            here = tab()
            here.draft = here.draft.then(now.page.network())
            st.switch_page(BUILD)
        copy_link("whatif")


def take_to_race(page: Whatif) -> None:
    """Make the network that is looked at, and its methods, what the other pages are about."""
    here = tab()
    if page.own is not None:
        here.own = page.own
    else:
        here.preset, here.own = page.preset, None
        here.settings = {name: _within(page.preset, name, value) for name, value in page.settings.items()}
    here.methods = page.methods or here.methods
    here.turn += 1
    page.adopt(here.preset, here.settings, here.own)


def _within(preset: str, name: str, value: Any) -> Any:
    """A setting as far as this server lets a race go."""
    schema = fields(preset)[name]
    if "enum" in schema:
        return value
    low, high, _ = bounds(name, schema)
    return min(max(value, low), high)


def words() -> None:
    """What is counted, what is extrapolated and what is assumed."""
    section("What these words mean", "")
    st.html(explained())


def predicted_beside_measured() -> None:
    """Every race's prediction beside what it measured, on this machine."""
    section("Predicted beside measured", "")
    st.html(f'<p class="mv-notice">{CALIBRATION}</p>')
    st.html(calibration_table(_table()))


@st.cache_data(ttl=20, show_spinner=False)
def _table() -> Table:
    return table()


def cannot(error: InvalidSpec) -> None:
    """Settings that no network can have."""
    st.html(
        f'<div class="mv-panel bad" role="alert"><p><b>This network cannot be.</b></p><p>{escape(str(error))}</p></div>'
    )
