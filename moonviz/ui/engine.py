"""The server's one engine, and a tab's dealings with it."""

from __future__ import annotations

from threading import Timer

import streamlit as st

from moonviz.jobs.client import LocalEngine
from moonviz.jobs.engine import Engine
from moonviz.jobs.messages import Run
from moonviz.specs import RunSpec
from moonviz.ui.following import Following
from moonviz.ui.state import Shown, Tab

PAINT_SECONDS = 3.0
"""How long a browser may take to draw the first page before workers compete for the processor."""


@st.cache_resource(show_spinner=False, on_release=lambda engine: engine.close())
def engine() -> Engine:
    """The engine all tabs share. Its workers start when they are first needed, or by `warm_up`."""
    return LocalEngine()


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda tab: engine().close_tab(tab.id))
def tab() -> Tab:
    """This tab's state. A closed tab's jobs are stopped."""
    return Tab.fresh()


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Start the workers once the first page has been painted, so that the first Run need not wait for torch."""
    later = Timer(PAINT_SECONDS, engine().warm_up)
    later.daemon = True
    later.start()


def start(tab: Tab, run: RunSpec) -> None:
    """Submit a run and follow it."""
    tab.job = Following(engine().submit(Run(spec=run), tab.id), run)


def listen(tab: Tab) -> bool:
    """Hear what the tab's job has said since. Returns whether this ended it."""
    job = tab.job
    if job is None or not job.running:
        return False
    job.absorb(engine().messages(job.id, job.next))
    report = job.report()
    if report:
        tab.show(Shown(report, job.run))
        tab.job = None
    return tab.job is None or not job.running


def cancel(tab: Tab) -> None:
    """Ask for the tab's job to stop."""
    if tab.job:
        tab.job.cancelling = True
        engine().cancel(tab.job.id)
