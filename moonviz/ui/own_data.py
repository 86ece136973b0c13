"""Own data on the Build page: taken in from a file, kept for this tab, deleted with it."""

from __future__ import annotations

import streamlit as st

from moonviz.building.drafts import blank
from moonviz.data.own import forget, keep
from moonviz.reading.arrays import MAX_FILE_BYTES, read_arrays
from moonviz.specs import SOURCES, NetworkSpec
from moonviz.specs.sources import is_own
from moonviz.ui.build_begin import begin_with_file
from moonviz.ui.engine import tab
from moonviz.ui.state import Tab

MOST_OF_A_TAB = 4
"""How many files a tab may have brought; another one takes the place of the oldest."""
UNDER, BLANK = "Under the network on the bench", "With a blank network"


def sources() -> list[str]:
    """Every source that a network of this tab can see."""
    return [*SOURCES, *tab().brought]


def called(source: str) -> str:
    """A source's name for people."""
    if not is_own(source):
        return source
    card = SOURCES[source]
    return f"your {card.examples:,} × {'×'.join(map(str, card.shape))}"


def bring() -> None:
    """The form that takes a file in."""
    with st.form("build-own", border=False):
        given = st.file_uploader(
            "Your own data as .npz or CSV", type=["npz", "csv"], key="build.own",
            max_upload_size=MAX_FILE_BYTES // 10**6,
            help="A .npz holds x [N, …] and y [N]. A CSV holds one example a row, its class in the column `label` or "
            "in the last. They stay on the server until this tab is closed, and no link carries them.",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            how = st.selectbox("How", (UNDER, BLANK), key="build.own-how", label_visibility="collapsed", width=280)
            pressed = st.form_submit_button("Use these data")
    if pressed:
        begin_with_file(
            given, lambda data, name: take(tab(), data, name, new=how == BLANK), "These data could not be read."
        )


def take(here: Tab, data: bytes, name: str, *, new: bool) -> tuple[NetworkSpec, tuple[str, ...]]:
    """Read a file, keep it for a tab, and give the network that sees it.

    Args:
        here: The tab.
        data: The file's bytes.
        name: The file's name.
        new: Whether a blank network is to see it, instead of the one on the bench.

    Returns:
        The network, and what was decided on the way.

    Raises:
        InvalidSpec: If the file cannot be read or kept.
    """
    read = read_arrays(data, name)
    source = keep(read)
    here.brought.append(source)
    while len(here.brought) > MOST_OF_A_TAB:
        forget(here.brought.pop(0))
    network = blank(source) if new else here.draft.present.changed(data=source)
    about = SOURCES[source].about
    return network, (f"The network sees {about}.", *read.notes)
