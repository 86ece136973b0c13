"""A network that is put on the bench as a whole: however it was read, it begins the same way, or is refused alike."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from moonviz.errors import InvalidSpec
from moonviz.specs import NetworkSpec
from moonviz.ui.build_bench import bench
from moonviz.ui.engine import tab
from moonviz.ui.parts import panel

Read = tuple[NetworkSpec, tuple[str, ...]]
"""A network, and what was decided on the way."""


def begin(network: NetworkSpec, notes: tuple[str, ...] = ()) -> None:
    """Put a network on the bench, and draw the page anew."""
    here, work = tab(), bench()
    here.draft = here.draft.then(network)
    work.chosen = work.after = work.look = None
    work.notice, work.racing, work.failure = "", False, ""
    work.notes = notes
    work.fresh += 1
    st.rerun()


def begin_with(read: Callable[[], Read], wrong: str) -> None:
    """Read a network and put it on the bench; if it cannot be read, say so under the title `wrong`."""
    try:
        network, notes = read()
    except InvalidSpec as error:
        panel(wrong, str(error), bad=True)
        return
    begin(network, notes)


def begin_with_file(given: UploadedFile | None, read: Callable[[bytes, str], Read], wrong: str) -> None:
    """The same with a file's bytes and name, once a form is sent; it may have been sent without one."""
    if given is None:
        panel("No file was chosen.", "Choose one first.", bad=True)
        return
    begin_with(lambda: read(given.getvalue(), given.name), wrong)
