"""Share links: the one in the address is read once, before anything is drawn, and every page can copy one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from moonviz.errors import InvalidSpec
from moonviz.links import decode, encode
from moonviz.ui.engine import tab as this_tab
from moonviz.ui.parts import panel
from moonviz.ui.sharing import state_of, take

PARAMETER = "s"
FRONT = "race"
"""What a link calls the page that has the app's own address."""

HERE = Path(__file__).parent
_copying = st.components.v2.component(
    "copying",
    html='<div class="link"></div>',
    css=(HERE / "copying.css").read_text("utf-8"),
    js=(HERE / "copying.js").read_text("utf-8"),
)


@dataclass
class Arrival:
    """How a tab came here.

    Attributes:
        read: Whether its address was looked at.
        notices: What had to be repaired in its link, until the reader has seen it.
        refusal: Why its link could not be opened, until the reader has seen it.
    """

    read: bool = False
    notices: tuple[str, ...] = ()
    refusal: str = ""


@st.cache_resource(show_spinner=False, scope="session")
def _arrival() -> Arrival:
    return Arrival()


def arrive(pages: Sequence[StreamlitPage], page: StreamlitPage) -> None:
    """Open the link in a new tab's address, then tell what had to be repaired in it.

    Args:
        pages: All there are.
        page: The one that is about to run. A link to another one goes there instead.
    """
    here = _arrival()
    if not here.read:
        here.read = True
        text = st.query_params.get(PARAMETER, "")
        if text:
            _open(here, text, {one.url_path or FRONT: one for one in pages}, page)
    _tell(here)


def _open(here: Arrival, text: str, pages: dict[str, StreamlitPage], page: StreamlitPage) -> None:
    """Set the tab as the link says, and go to its page."""
    try:
        state, notices = decode(text)
    except InvalidSpec as error:
        here.refusal = str(error)
        return
    here.notices = (*notices, *take(this_tab(), state))
    wanted = pages.get(state.page)
    if wanted is None:
        here.notices += (f"there is no page `{state.page}` here",)
    elif wanted.url_path != page.url_path:
        st.switch_page(wanted, query_params={PARAMETER: text})


def _tell(here: Arrival) -> None:
    # The container stands even when it is empty, so that the page below keeps its place when the note is closed.
    with st.container(key="link-told"):
        if here.refusal:
            panel("This link cannot be opened.", _sentence(here.refusal), bad=True)
        elif here.notices:
            panel("This link was opened, with repairs.", *(_sentence(line) for line in here.notices))
        if (here.refusal or here.notices) and st.button("Close this note", key="link.close", type="tertiary"):
            here.notices, here.refusal = (), ""
            st.rerun()


def _sentence(line: str) -> str:
    line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "…")) else f"{line}."


def copy_link(page: str) -> None:
    """A button that copies a link to this tab's network, what is asked about it, and a page.

    Args:
        page: The page's name as its address has it; the front page is `race`.
    """
    try:
        text = encode(state_of(this_tab(), page))
    except InvalidSpec as error:
        st.html(f'<p class="mv-foot">No link: {escape(str(error))}.</p>', width="content")
        return
    path = "" if page == FRONT else page
    _copying(key=f"{page}.link", data={"parameter": PARAMETER, "text": text, "path": path}, width="content")
