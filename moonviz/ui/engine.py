"""The server's one engine, and a tab's dealings with it."""

from __future__ import annotations

from threading import Timer
from typing import Any, Protocol

import streamlit as st

from moonviz.jobs.client import LocalEngine
from moonviz.jobs.engine import Engine
from moonviz.jobs.messages import Precision, Run, Train
from moonviz.specs import RunSpec
from moonviz.specs.precision import PrecisionSpec
from moonviz.specs.train import TrainSpec
from moonviz.ui.following import Following
from moonviz.ui.state import Tab

PAINT_SECONDS = 3.0
"""How long a browser may take to draw the first page before workers compete for the processor."""


@st.cache_resource(show_spinner=False, on_release=lambda engine: engine.close())
def engine() -> Engine:
    """The engine all tabs share. Its workers start when they are first needed, or by `warm_up`."""
    return LocalEngine()


def _leave(here: Tab) -> None:
    engine().close_tab(here.id)
    here.leave()


@st.cache_resource(show_spinner=False, scope="session", on_release=_leave)
def tab() -> Tab:
    """This tab's state. A closed tab's jobs are stopped, and its own data deleted."""
    return Tab.fresh()


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Start the workers once the first page has been painted, so that the first Run need not wait for torch."""
    later = Timer(PAINT_SECONDS, engine().warm_up)
    later.daemon = True
    later.start()


class Desk(Protocol):
    """What one page has on its hands in one tab: a job, and a place for its report."""

    job: Following | None

    def take(self, report: Any, spec: Any) -> None:
        """Put a report on the page, with what was asked."""
        ...


def start(desk: Desk, spec: RunSpec | PrecisionSpec | TrainSpec) -> None:
    """Submit a job for a page and follow it."""
    job = {RunSpec: Run, PrecisionSpec: Precision, TrainSpec: Train}[type(spec)](spec=spec)
    desk.job = Following(engine().submit(job, tab().id), spec)


def listen(desk: Desk) -> bool:
    """Hear what the page's job has said since. Returns whether this ended it."""
    job = desk.job
    if job is None or not job.running:
        return False
    job.absorb(engine().messages(job.id, job.next))
    report = job.report()
    if report:
        desk.take(report, job.spec)
        desk.job = None
    return desk.job is None or not job.running


def cancel(desk: Desk) -> None:
    """Ask for the page's job to stop."""
    if desk.job:
        desk.job.cancelling = True
        engine().cancel(desk.job.id)
