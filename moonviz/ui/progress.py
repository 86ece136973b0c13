"""A race while it runs, and how it ended if not with a result. One polling fragment, idle when nothing is to come."""

from __future__ import annotations

import streamlit as st

from moonviz.figures.held import fullest, latest
from moonviz.figures.live import live
from moonviz.figures.strip import live_lane, strip
from moonviz.jobs.messages import Cancelled, Failed, Lost
from moonviz.ui.engine import cancel, listen, start
from moonviz.ui.following import STAGES, Following
from moonviz.ui.parts import panel, scheme
from moonviz.ui.state import Tab

POLL_SECONDS = 0.5

TITLES = {
    "refused": "This method cannot train this network.",
    "too_large": "This race is too large for this machine.",
    "failed": "The race failed.",
}


def watch(tab: Tab) -> None:
    """Show the tab's job and keep asking for news as long as some is to come."""
    running = tab.job is not None and tab.job.running
    st.fragment(_watch, run_every=POLL_SECONDS if running else None, key="race-watch")(tab)


def _watch(tab: Tab) -> None:
    if tab.job is None:
        return
    if listen(tab):
        # The whole page changes: the result appears, or the one before comes back.
        st.rerun()
    if tab.job.running:
        _running(tab, tab.job)
    else:
        _ended(tab, tab.job)


def _running(tab: Tab, job: Following) -> None:
    with st.container(horizontal=True, key="race-running", vertical_alignment="center"):
        panel(f"{job.words()}\N{NO-BREAK SPACE}…", extra=_stages(job))
        st.button("Cancel", key="race.cancel", disabled=job.cancelling, on_click=cancel, args=(tab,))
    _lanes(job)
    if any(job.steps.values()):
        methods = {choice.label: choice.name for choice in job.run.methods}
        said = ", ".join(f"{label} at step {len(steps)}" for label, steps in job.steps.items())
        st.plotly_chart(
            live(job.steps, methods, scheme()), theme=None, key="race.live", alt=f"Memory so far: {said}.",
            config={"displayModeBar": False, "staticPlot": True},
        )  # fmt: skip


def _stages(job: Following) -> str:
    stage = job.stage
    at = STAGES.index(stage.name) if stage and stage.name in STAGES else -1
    parts = []
    for n in range(len(STAGES)):
        share = 1.0 if n < at else 0.0
        if stage and n == at:
            share = max(0.06, stage.done / stage.total if stage.total else 0.06)
        parts.append(f'<span><b style="width:{100 * share:.3g}%"></b></span>')
    return f'<div class="mv-stages" aria-hidden="true">{"".join(parts)}</div>'


def _lanes(job: Following, still: bool = False) -> None:
    """The strips as far as they are traced: the method at work as it is now, those before at their fullest."""
    lanes = []
    at_work = list(job.steps)[-1] if job.steps and job.stage and job.stage.name == "trace" else None
    for choice in job.run.methods:
        steps = job.steps.get(choice.label, [])
        moment = latest(steps) if choice.label == at_work else fullest(steps)
        lanes.append(live_lane(choice.name, choice.label, steps, moment, now=choice.label == at_work or still))
    inner = strip(lanes, job.layers())
    st.html(f'<div class="mv-still">{inner}</div>' if still else inner)


def _ended(tab: Tab, job: Following) -> None:
    end = job.end
    if isinstance(end, Cancelled):
        panel(job.stopped())
    elif isinstance(end, Lost):
        panel("The worker process died.", end.error.message, end.error.remedy or "", bad=True)
    elif isinstance(end, Failed):
        at = f"It is about {end.error.layer}." if end.error.layer else ""
        panel(TITLES[end.reason], end.error.message, at, end.error.remedy or "", bad=True)
    with st.container(horizontal=True):
        if st.button("Run again", key="race.again"):
            start(tab, job.run)
            st.rerun()
        if st.button("Close this message", key="race.close", type="tertiary"):
            tab.job = None
            st.rerun()
    if isinstance(end, Cancelled) and any(job.steps.values()):
        _lanes(job, still=True)
