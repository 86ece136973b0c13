"""The What-if page put together: what was asked is heard first, then answered at once, then confirmed by dry runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from moonviz.estimates.devices import Device
from moonviz.estimates.varying import depth_of
from moonviz.figures.chart import Chart
from moonviz.figures.whatif import memory_by
from moonviz.figures.whatif_answer import Answer, Ask, answers
from moonviz.figures.whatif_cards import cards
from moonviz.figures.whatif_explained import checked_words
from moonviz.figures.whatif_headline import whatif_headline
from moonviz.figures.whatif_peak import device_terms, key_of_parts, peak_parts
from moonviz.specs import PRESETS, NetworkSpec
from moonviz.ui.engine import engine, tab
from moonviz.ui.parts import heading, panel, scheme, show_chart, show_headline
from moonviz.ui.whatif_controls import device_of
from moonviz.ui.whatif_points import Family, Shelf, wanted
from moonviz.ui.whatif_state import Whatif
from moonviz.ui.whatif_sweeps import listen, outdated, start

POLL_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Asked:
    """All that the page shows is drawn from this.

    Attributes:
        page: What the tab asks.
        ask: The same as figures need it.
        family: Dry runs of the network's family.
        answers: Of the chosen methods.
        anchored: Of Moonwalk with anchors, for the second wall; null where Moonwalk is not chosen.
    """

    page: Whatif
    ask: Ask
    family: Family
    answers: tuple[Answer, ...]
    anchored: Answer | None

    @property
    def all(self) -> tuple[Answer, ...]:
        """Everything that dry runs are wanted for."""
        return (*self.answers, *([self.anchored] if self.anchored else []))


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """Dry runs of all tabs."""
    return Shelf()


def asked(page: Whatif, network: NetworkSpec) -> Asked:
    """What is asked, with what is known about it by now."""
    ask = _ask(page, network, device_of(page))
    labels = list(page.methods)
    more = f"moonwalk-mixed:anchor_every={page.anchor_every}" if "moonwalk-mixed" in labels else ""
    points, guesses = shelf().points_of(page, [*labels, *([more] if more else [])])
    found = answers(ask, points, guesses)
    anchored = found.pop() if more else None
    return Asked(page, ask, shelf().family(page), tuple(found), anchored)


def _ask(page: Whatif, network: NetworkSpec, device: Device) -> Ask:
    depth = depth_of(network)
    name = network.name if page.own else PRESETS[page.preset].title
    return Ask(
        device=device, optimizer=page.optimizer, depth=depth or network.depth, batch=network.batch,
        deep=depth is not None, dtype=network.dtype, what=name,
    )  # fmt: skip


def headline(now: Asked) -> None:
    """The answer in big words."""
    show_headline(whatif_headline(now.answers, now.ask))


def big_numbers(now: Asked) -> None:
    """A card for each method."""
    if not now.answers:
        panel("No method is chosen.", "Choose at least one above.", bad=True)
        return
    busy = bool(wanted(now.family, now.all, now.ask.depth, now.ask.batch))
    what = "Deepest network that fits" if now.ask.deep else "Largest batch that fits"
    st.html(
        f'<p class="mv-what">{what}, batch {now.ask.batch:,}</p>' if now.ask.deep else f'<p class="mv-what">{what}</p>'
    )
    st.html(cards(now.answers, now.ask, busy))


def curves(now: Asked) -> None:
    """Memory along depth, wide; memory along the batch beside what the step takes, part by part."""
    if now.ask.deep:
        _chart(memory_by("depth", now.answers, now.ask, scheme()), "whatif.depths")
    left, right = st.columns([1, 1], gap="large")
    with left:
        _chart(memory_by("batch", now.answers, now.ask, scheme()), "whatif.batches")
    with right:
        _chart(peak_parts(now.answers, now.ask, scheme()), "whatif.parts")
        st.html(key_of_parts(now.answers))
        st.html(device_terms(now.answers) or "<span></span>")


def _chart(chart: Chart | None, key: str) -> None:
    if chart:
        show_chart(chart, key)


def follow(now: Asked) -> None:
    """Keep asking for the next dry run as long as one is wanted, a little at a time and never in the way."""
    left = wanted(now.family, now.all, now.ask.depth, now.ask.batch)
    st.fragment(_follow, run_every=POLL_SECONDS if left or now.page.sounding else None, key="whatif-follow")(now, left)


def _follow(now: Asked, left: Sequence[object]) -> None:
    page, sounding = now.page, now.page.sounding
    news = False
    if sounding is not None:
        news, ended = listen(engine(), sounding)
        if ended:
            page.sounding = None
        elif outdated(sounding, now.family, left):
            engine().cancel(sounding.job)
            page.sounding = None
    if news:
        st.rerun()
    if page.sounding is None and left:
        page.sounding = start(engine(), tab().id, page.network(), now.family, left[0])
    st.html(f'<p class="mv-follow" role="status">{_status(now, left)}</p>')


def _status(now: Asked, left: Sequence[object]) -> str:
    if now.page.sounding is not None:
        return f"Dry-running in the background: {now.page.sounding.wanted.words()} …"
    offs = [off for one in now.answers for off in now.family.check(one.label)]
    failed = "; ".join(f"{label}: {why}" for label, why in now.family.failed.items())
    return " ".join(line for line in (checked_words(offs), failed) if line) or "&nbsp;"


def section(title_: str, caption: str) -> None:
    """A heading with a line above it."""
    st.html('<hr class="mv-rule">')
    heading(title_, caption)
