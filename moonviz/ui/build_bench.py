"""What one tab has on its bench: the draft's rows as chosen, what the engine said of it, and what it is being asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

import streamlit as st

from moonviz.building import Check, Place
from moonviz.building.examples import EXAMPLE, WORTH_A_LOOK
from moonviz.figures.stack import INPUT, seams
from moonviz.jobs.engine import Final
from moonviz.jobs.messages import Check as CheckJob
from moonviz.jobs.messages import ResultMessage
from moonviz.probing import LayerProbe
from moonviz.specs import NetworkSpec
from moonviz.ui.build_look import Look, said
from moonviz.ui.engine import engine
from moonviz.ui.state import Tab

MOST_KEPT = 12
"""Drafts of which a tab remembers what the engine said, so that undo is instant."""
PREDICTED = (
    ("backprop", "moonwalk-mixed"),
    ("checkpointing", "revbackprop", "projforward", "moonwalk-pure"),
)
"""Methods whose peaks are predicted, each group in one job: those of the headline first. `forward` is in none: its
passes, one for every weight of every layer, take seconds even on paper."""
SHORTLY = 0.25
"""Seconds that a run of the page waits for facts: nearly always enough, and then nothing flickers."""
_TICK = 0.01


@dataclass
class Asked:
    """A question to the engine that has not been answered.

    Attributes:
        key: What was asked.
        job: The job.
    """

    key: str
    job: str


@dataclass
class Bench:
    """The state of the Build page beside its draft. Plain data only.

    Attributes:
        chosen: Key of the chosen row; null until one was.
        after: Key of the place for which offers are shown.
        ack: The last act that was done: who told it, its number.
        notice: Why the last act did nothing.
        facts: What the engine said, by draft and place.
        failure: Why it could not say anything of this draft; empty where it could.
        peaks: Predicted peaks by draft, then by method.
        asked: What it is being asked: facts first, then peaks, some methods at a time.
        look: The look inside a layer that was asked for last, until the next edit.
        exploring: The convolution that was looked at last; null until one was.
        explored: What was measured of convolutions, or why it was not.
        racing: Whether the network goes to the Race page once it is repaired.
        leaving: Whether the Race page comes next.
        notes: What was decided when the network was read from outside.
        fresh: Grows with every network that is put on the bench as a whole.
        tick: Grows with every run, so that the stack hears of each.
    """

    chosen: str | None = None
    after: str | None = None
    ack: dict[str, Any] | None = None
    notice: str = ""
    facts: dict[str, Check] = field(default_factory=dict)
    peaks: dict[str, dict[str, int | None]] = field(default_factory=dict)
    failure: str = ""
    asked: Asked | None = None
    look: Look | None = None
    exploring: Asked | None = None
    explored: dict[str, LayerProbe | str] = field(default_factory=dict)
    racing: bool = False
    leaving: bool = False
    notes: tuple[str, ...] = ()
    fresh: int = 0
    tick: int = 0

    def heard(self, act: Mapping[str, Any]) -> bool:
        """Whether an act is new; an edit is told again until it is acknowledged."""
        mine = {"client": act.get("client"), "number": act.get("number")}
        old = self.ack
        if old and old["client"] == mine["client"] and old["number"] >= (mine["number"] or 0):
            return False
        self.ack = mine
        return True


@st.cache_resource(show_spinner=False, scope="session")
def bench() -> Bench:
    """This tab's."""
    return Bench()


def known(here: Tab, work: Bench) -> tuple[Check | None, bool]:
    """What is known of the draft, asking for what is not.

    Returns:
        The facts with offers and peaks as far as they are there, and whether more is to come.
    """
    network = here.draft.present
    after = place_after(network, work)
    text = network.canonical()
    key = f"{text}|{after.key}"
    if work.failure:
        return other_facts(work, text), False
    if key not in work.facts:
        end = _ask(here, work, CheckJob(network=network, after=after), wait=True)
        if end is None:
            return other_facts(work, text), True
        if not isinstance(end, ResultMessage):
            work.failure = said(end)
            return other_facts(work, text), False
        keep(work.facts, key, Check.model_validate(end.data))
    facts = work.facts[key]
    if facts.problem:
        return facts, False
    peaks = work.peaks.get(text, {})
    if text not in work.peaks:
        keep(work.peaks, text, peaks)
    able = {name for name, why in facts.refusals.items() if why is None}
    groups = [tuple(name for name in group if name in able and name not in peaks) for group in PREDICTED]
    for group in filter(None, groups):
        end = _ask(here, work, CheckJob(network=network, methods=group))
        if end is None:
            break
        found = Check.model_validate(end.data).peaks if isinstance(end, ResultMessage) else {}
        peaks.update((name, found.get(name)) for name in group)
    missing = any(name not in peaks for group in groups for name in group)
    return facts.model_copy(update={"peaks": dict(peaks)}), missing


def keep(kept: dict[str, Any], key: str, value: Any) -> None:
    """Remember an answer, and forget the oldest of too many."""
    kept[key] = value
    while len(kept) > MOST_KEPT:
        kept.pop(next(iter(kept)))


def place_after(network: NetworkSpec, work: Bench) -> Place:
    """The place for which offers are wanted: the one asked for, or the one after the chosen row."""
    if work.chosen is None:
        # Nobody has chosen yet: a network grows at the end of its body, and the example has a layer to look at.
        last = Place(part="body", block=len(network.body) - 1, layer=len(network.body[-1].layers) - 1)
        work.chosen = (WORTH_A_LOOK if network == EXAMPLE else last).key
    if work.after is None:
        work.after = seams(network, None if work.chosen == INPUT else Place.of(work.chosen))[0]
    return Place.of(work.after)


def other_facts(work: Bench, text: str) -> Check | None:
    """What was said of the same draft about another place, without its offers."""
    found = next((one for key, one in work.facts.items() if key.startswith(f"{text}|")), None)
    return found.model_copy(update={"offers": {}}) if found else None


def _ask(here: Tab, work: Bench, job: CheckJob, wait: bool = False) -> Final | None:
    """How a question to the engine ended; null while it has not."""
    key = job.canonical()
    if work.asked is None or work.asked.key != key:
        if work.asked:
            # What was asked of an older draft would only be in the way.
            engine().cancel(work.asked.job)
        work.asked = Asked(key, engine().submit(job, here.id))
    until = monotonic() + (SHORTLY if wait else 0)
    end = engine().final(work.asked.job)
    while end is None and monotonic() < until:
        sleep(_TICK)
        end = engine().final(work.asked.job)
    if end is not None:
        work.asked = None
    return end
