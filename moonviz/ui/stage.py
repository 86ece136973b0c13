"""The heart of the Race page: the sentence that tells the race, and the player that shows it.

One player at one place holds the stored race, the race that runs, and its result. Only what it is fed changes.
"""

from __future__ import annotations

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.playing import live_payload
from moonviz.figures.words import one_line
from moonviz.jobs.messages import Cancelled
from moonviz.specs import RunSpec
from moonviz.ui.cache import playing, telling
from moonviz.ui.engine import listen
from moonviz.ui.fitness import cards_of
from moonviz.ui.following import Following
from moonviz.ui.parts import panel, show_headline
from moonviz.ui.player import player
from moonviz.ui.progress import POLL_SECONDS, Watched, offer_again, tell_end, tell_progress
from moonviz.ui.remedies import for_failure, for_results, for_unfit, offer, taken
from moonviz.ui.shown import Shown
from moonviz.ui.state import Tab

RACE = Watched(
    "race",
    "Racing on",
    {
        "refused": "This method cannot train this network.",
        "too_large": "This race is too large for this machine.",
        "failed": "The race failed.",
    },
)
STALE = "Settings changed. Run to update."
DIM = "<style>:is(.st-key-race-result,.st-key-race-told){opacity:.6}</style>"


def stage(tab: Tab) -> None:
    """Tell and show the race; asks for news as long as some is to come."""
    running = tab.job is not None and tab.job.running
    st.fragment(_stage, run_every=POLL_SECONDS if running else None, key="race-stage")(tab)


def frozen(tab: Tab) -> bool:
    """Whether the player shows a race that was stopped on its way: while the settings still ask for that race."""
    job = tab.job
    if job is None or not isinstance(job.end, Cancelled) or not any(job.steps.values()):
        return False
    try:
        return tab.run().canonical() == job.spec.canonical()
    except InvalidSpec:
        return False


def _stage(tab: Tab) -> None:
    if (tab.job is not None and listen(tab)) or taken():
        # The whole page changes: the result appears, the one before comes back, or the settings are others.
        st.rerun()
    job, stopped = tab.job, frozen(tab)
    # One container, whatever is in it: the player below keeps its place and with it its state.
    with st.container(key="race-top"):
        unfit = for_unfit(tab) if job is None or not job.running else []
        offer(tab, unfit, "unfit")
        if job is not None and job.running:
            tell_progress(tab, job, RACE)
        elif job is not None and stopped:
            # The player itself says where it was stopped.
            offer_again(tab, job, RACE, "Back to the last result")
        elif job is not None:
            tell_end(tab, job, RACE)
            offer(tab, for_failure(tab, job))
        if tab.shown and not stopped and (job is None or not job.running):
            _story(tab, tab.shown)
        elif tab.shown is None and job is None:
            panel("No race yet.", "Choose methods and a network above, then run them on this machine.")
    _show(tab, job, stopped)


def _story(tab: Tab, shown: Shown) -> None:
    """The headline, whether the settings still ask for this race, and what can be done about a method that fell."""
    stale = tab.stale()
    _finished(tab)
    if stale:
        st.html(f'<span class="mv-stale" role="status">{STALE}</span>')
    st.html(DIM if stale else "<style></style>")
    with st.container(key="race-told"):
        show_headline(telling(shown.report))
    if not stale:
        offer(tab, for_results(tab, shown))


def _finished(tab: Tab) -> None:
    """A button that brings back a race that ended while the settings asked for another, which is the one shown."""
    if tab.finished is None or tab.finished is tab.shown or tab.finished.run is None:
        return
    what = one_line(tab.finished.report)
    if st.button(f"Show the race that just finished: {what}", key="race.finished", type="tertiary"):
        tab.revisit(tab.finished)
        st.rerun()


def _show(tab: Tab, job: Following | None, stopped: bool) -> None:
    if job is not None and isinstance(job.spec, RunSpec) and (job.running or stopped):
        cards = cards_of(job.spec.network)
        player(live_payload(job, cards, job.stopped() if stopped else None), key="race.player")
    elif tab.shown:
        player(playing(tab.shown.report, tab.shown.race, tab.stale()), key="race.player")
