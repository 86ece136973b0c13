"""A job while it runs, and how it ended if not with a result. One polling fragment, idle when nothing is to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from moonviz.jobs.messages import Cancelled, Failed, Lost
from moonviz.ui.engine import Desk, cancel, listen, start
from moonviz.ui.following import Following
from moonviz.ui.parts import panel

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Watched:
    """How a page tells its job.

    Attributes:
        key: What its widgets' keys begin with.
        doing: What the job does, to be read before its subject.
        titles: Of the panels for a job that failed, by reason.
        draws: Draws what is known so far, if anything; told whether the job was stopped.
    """

    key: str
    doing: str
    titles: Mapping[str, str]
    draws: Callable[[Following, bool], None] | None = None


def watch(desk: Desk, page: Watched) -> None:
    """Show the page's job and keep asking for news as long as some is to come."""
    running = desk.job is not None and desk.job.running
    st.fragment(_watch, run_every=POLL_SECONDS if running else None, key=f"{page.key}-watch")(desk, page)


def _watch(desk: Desk, page: Watched) -> None:
    if desk.job is None:
        return
    if listen(desk):
        # The whole page changes: the result appears, or the one before comes back.
        st.rerun()
    if desk.job.running:
        tell_progress(desk, desk.job, page)
        if page.draws:
            page.draws(desk.job, False)
    else:
        tell_end(desk, desk.job, page)


def tell_progress(desk: Desk, job: Following, page: Watched) -> None:
    """Where a running job is, with a button that stops it."""
    with st.container(horizontal=True, key=f"{page.key}-running", vertical_alignment="center"):
        panel(f"{page.doing} {job.subject()}", f"{job.words()}\N{NO-BREAK SPACE}…", extra=_stages(job))
        st.button("Cancel", key=f"{page.key}.cancel", disabled=job.cancelling, on_click=cancel, args=(desk,))


def _stages(job: Following) -> str:
    stage, names = job.stage, job.stages
    at = names.index(stage.name) if stage and stage.name in names else -1
    parts = []
    for n in range(len(names)):
        share = 1.0 if n < at else 0.0
        if stage and n == at:
            share = max(0.06, stage.done / stage.total if stage.total else 0.06)
        parts.append(f'<span><b style="width:{100 * share:.3g}%"></b></span>')
    return f'<div class="mv-stages" aria-hidden="true">{"".join(parts)}</div>'


def tell_end(desk: Desk, job: Following, page: Watched) -> None:
    """How a job ended that gave no result, with buttons to run it again and to close this."""
    end, about = job.end, f"This was {page.doing.lower()} {job.subject()}."
    if isinstance(end, Cancelled):
        panel(job.stopped(), about)
    elif isinstance(end, Lost):
        panel("The worker process died.", end.error.message, end.error.remedy or "", about, bad=True)
    elif isinstance(end, Failed):
        at = f"It is about {end.error.layer}." if end.error.layer else ""
        panel(page.titles[end.reason], end.error.message, at, end.error.remedy or "", about, bad=True)
    offer_again(desk, job, page, "Close this message")
    if isinstance(end, Cancelled) and page.draws:
        page.draws(job, True)


def offer_again(desk: Desk, job: Following, page: Watched, close: str) -> None:
    """Buttons that run a job once more, or put it aside."""
    with st.container(horizontal=True, key=f"{page.key}-again"):
        if st.button(job.again(), key=f"{page.key}.again"):
            start(desk, job.spec)
            st.rerun()
        if st.button(close, key=f"{page.key}.close", type="tertiary"):
            desk.job = None
            st.rerun()
