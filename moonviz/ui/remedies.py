"""What a page can do about a method that cannot race, or a race that is too large: each remedy is a button."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.jobs.messages import Failed
from moonviz.results import Result
from moonviz.specs import RunSpec
from moonviz.ui.controls import fields
from moonviz.ui.engine import start
from moonviz.ui.fitness import fit
from moonviz.ui.following import Following
from moonviz.ui.shown import Shown
from moonviz.ui.state import Tab

MOST = 6
"""Buttons beside each other."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change of the settings.

    Attributes:
        label: The button's.
        changes: What the tab's settings become: `methods`, `phases`, `repeats`, or a setting of the preset.
    """

    label: str
    changes: dict[str, Any]


def for_results(tab: Tab, shown: Shown) -> tuple[Remedy, ...]:
    """Remedies for the methods of a finished race that could not take part; their lanes say why."""
    if shown.run is None:
        return ()
    fallen = (one for one in shown.report.results if one.status in ("refused", "too_large"))
    return _distinct(remedy for one in fallen for remedy in _for_result(tab, one))


def for_unfit(tab: Tab) -> tuple[Remedy, ...]:
    """Remedies for methods that are known not to train the chosen network; the sentence's controls say why."""
    found = fit(tab)
    try:
        run = tab.run()
    except InvalidSpec:
        return ()
    refused = [choice.resolved for choice in run.methods if found and found.refusal(choice.resolved)]
    return _distinct(
        remedy for options in refused
        for remedy in _for_result(tab, Result(method=options.method, options=options.model_dump(), label=options.label))
    )  # fmt: skip


def for_failure(tab: Tab, job: Following) -> tuple[Remedy, ...]:
    """Remedies for a race that did not run at all."""
    if not isinstance(job.end, Failed) or job.end.reason != "too_large" or not isinstance(job.spec, RunSpec):
        return ()
    return (*_smaller(tab), *([Remedy("Time it once", {"repeats": 1})] if tab.repeats > 1 else []))


def _distinct(remedies: Iterable[Remedy]) -> tuple[Remedy, ...]:
    """Each remedy once; those that make the network smaller first."""
    found = {one.label: one for one in remedies}.values()
    return tuple(sorted(found, key=lambda one: bool({"methods", "phases"} & set(one.changes))))


def _for_result(tab: Tab, one: Result) -> list[Remedy]:
    found = _smaller(tab) if one.status == "too_large" else []
    if one.method == "moonwalk-mixed" and one.options.get("phase_one") in tab.phases and len(tab.phases) > 1:
        others = tuple(phase for phase in tab.phases if phase != one.options["phase_one"])
        return [*found, Remedy(f"Race without {one.label}", {"phases": others})]
    if one.method == "moonwalk-mixed" and one.options.get("phase_one", "residuals") != "residuals":
        return [*found, Remedy("Keep bits instead of undoing", {"phases": ("residuals",)})]
    if one.method in tab.methods and len(tab.methods) > 1:
        others = tuple(name for name in tab.methods if name != one.method)
        found.append(Remedy(f"Race without {one.method}", {"methods": others}))
    return found


def _smaller(tab: Tab) -> list[Remedy]:
    """Half the batch and half the depth, where the preset allows that; half the batch of a network of one's own."""
    if tab.own:
        half = tab.own.batch // 2
        words = f"Take batch {half:,} instead of {tab.own.batch:,}"
        return [Remedy(words, {"own": tab.own.changed(batch=half)})] if half else []
    found = []
    for name in ("batch", "depth"):
        if name not in tab.settings:
            continue
        schema, now = fields(tab.preset)[name], tab.settings[name]
        step = schema.get("multipleOf", 1)
        half = max(schema.get("minimum", 1), now // 2 // step * step)
        if half < now:
            found.append(Remedy(f"Take {name} {half:,} instead of {now:,}", {name: half}))
    return found


def offer(tab: Tab, remedies: Sequence[Remedy], where: str = "remedies") -> None:
    """Show remedies in a row; each changes the settings and starts the race."""
    if not remedies:
        return
    with st.container(horizontal=True, key=f"race-{where}", vertical_alignment="center"):
        for at, remedy in enumerate(remedies[:MOST]):
            st.button(remedy.label, key=f"race.{where}-{at}", on_click=_take, args=(tab, remedy.changes))


def taken() -> bool:
    """Whether a remedy has just been taken, so that the page's settings have changed; true once."""
    return bool(st.session_state.pop("race.remedied", False))


def _take(tab: Tab, changes: dict[str, Any]) -> None:
    """Change the settings and start the race that is then asked for; the controls start anew from the settings."""
    for name, value in changes.items():
        if name in tab.settings:
            tab.settings[name] = value
        else:
            setattr(tab, name, value)
    tab.turn += 1
    try:
        start(tab, tab.run())
    except InvalidSpec:
        return
    st.session_state["race.remedied"] = True
