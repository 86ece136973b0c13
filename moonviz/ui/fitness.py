"""Which methods fit the tab's network: a worker knows, since this process has no torch. Asked once for each network."""

from __future__ import annotations

import streamlit as st
from pydantic import TypeAdapter

from moonviz.data.stored import stored, stored_names
from moonviz.errors import InvalidSpec
from moonviz.figures.fit import Fit, interchangeable
from moonviz.jobs.messages import Describe, ResultMessage
from moonviz.results import LayerCard
from moonviz.specs import NetworkSpec
from moonviz.ui.engine import engine
from moonviz.ui.state import Tab

POLL_SECONDS = 0.7
_CARDS: TypeAdapter[list[LayerCard]] = TypeAdapter(list[LayerCard])


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, Fit | None]:
    """Fits by canonical spec; those of the stored races need no worker. None: it cannot be said."""
    known: dict[str, Fit | None] = {}
    for name in stored_names():
        card = stored(name).network
        network = NetworkSpec.read(card.spec)
        if card.layers:
            known[interchangeable(network).canonical()] = Fit.of(card.layers, network.depth)
    return known


def cards_of(network: NetworkSpec) -> tuple[LayerCard, ...]:
    """The layers of a network as far as they are known here, without asking anybody; empty where they are not."""
    known = _known().get(interchangeable(network).canonical())
    return known.spread(network.depth) if known else ()


def fit(tab: Tab) -> Fit | None:
    """What is known about the tab's network, asking for it if need be; null while it is not known."""
    try:
        network = interchangeable(tab.network())
    except InvalidSpec:
        return None
    known, key = _known(), network.canonical()
    if key in known:
        return known[key]
    if tab.asked is None or tab.asked[0] != key:
        if tab.asked is not None:
            engine().cancel(tab.asked[1])  # or a tab that asks quickly would fill its row
        tab.asked = key, engine().submit(Describe(network=network), tab.id), network.depth
    return None


def await_fit(tab: Tab) -> None:
    """Wait for the answer without holding up the page, and draw it anew when it is there."""
    asking = tab.asked is not None and tab.asked[0] not in _known()
    st.fragment(_await, run_every=POLL_SECONDS if asking else None, key="race-fit")(tab)


def _await(tab: Tab) -> None:
    if tab.asked is None:
        return
    key, job, depth = tab.asked
    known, end = _known(), engine().final(job)
    # Another tab may have been told first.
    if key not in known and end is None:
        return
    if key not in known:
        answered = isinstance(end, ResultMessage)
        known[key] = Fit.of(_CARDS.validate_python(end.data), depth) if answered else None
    tab.asked = None
    st.rerun()
