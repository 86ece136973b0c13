"""How long the race that is asked for would take, before it is run: its cost from a dry run, by the machine's speed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from moonviz.data.stored import stored, stored_names
from moonviz.figures.forecast import forecast
from moonviz.jobs.admission import PASSES_BESIDE, Limits
from moonviz.jobs.engine import Speed
from moonviz.jobs.messages import Estimate, ResultMessage, Run
from moonviz.jobs.slow import slow_methods
from moonviz.jobs.stand_in import as_asked, forward_steps, stand_in
from moonviz.specs import NetworkSpec, RunSpec
from moonviz.ui.engine import engine
from moonviz.ui.fitness import fit
from moonviz.ui.state import Tab

POLL_SECONDS = 0.7
MOST_KNOWN = 512
"""Networks whose costs are remembered."""


class Cost(NamedTuple):
    """What one training step by one method takes: FLOPs, and steps of its schedule with every pass of a loop."""

    flops: int
    steps: int


Costs = dict[str, Cost | None]
"""By label; null for a method whose cost cannot be told."""


@st.cache_resource(show_spinner=False)
def _known() -> dict[str, Costs]:
    """Costs by network, for all tabs; those of the stored races need no worker."""
    known: dict[str, Costs] = {}
    for name in stored_names():
        report = stored(name)
        known[_key(NetworkSpec.read(report.network.spec))] = {
            one.label: Cost(one.flops, sum(step.passes for step in one.steps)) if one.flops and one.steps else None
            for one in report.results
        }
    return known


def _key(network: NetworkSpec) -> str:
    """Other weights cost the same."""
    return network.changed(seed=0).canonical()


def foretell(tab: Tab, run: RunSpec, limits: Limits) -> None:
    """Say how long a race would take. Where its cost is not known, ask for it, and draw the page again when it is.

    Args:
        tab: This one.
        run: The race that its settings ask for.
        limits: What a race may cost here.
    """
    speed, costs = engine().speed(run), _known().get(_key(run.network), {})
    if tab.costing is not None and tab.costing[0] != run.canonical():
        engine().cancel(tab.costing[1])
        tab.costing = None
    if all(choice.label in costs for choice in run.methods):
        st.html(_words(run, costs, speed, limits) if speed else "<p></p>")
    elif speed and tab.costing is None and fit(tab) is not None and not (tab.job and tab.job.running):
        # The dry run that Run would begin with: when it is pressed, the worker has the answer already.
        tab.costing = run.canonical(), engine().submit(Estimate(spec=stand_in(run)), tab.id)
    awaited = tab.costing is not None or (speed is None and tab.stale())
    every = POLL_SECONDS if awaited else None
    st.fragment(_await, run_every=every, key="race-costing")(tab, None if speed else run)


def _words(run: RunSpec, costs: Costs, speed: Speed, limits: Limits) -> str:
    """The sentence, about the methods whose cost is known."""
    known = {choice.label: cost for choice in run.methods if (cost := costs[choice.label])}
    seconds = {label: speed.seconds(*cost, run.network.dtype) for label, cost in known.items()}
    dry = {"results": [{"label": label, "flops": cost.flops} for label, cost in known.items()]}
    left_out = slow_methods(Run(spec=run), dry, speed.flops_per_second, limits)
    return forecast(seconds, left_out, run.repeats + PASSES_BESIDE, limits.max_seconds) or "<p></p>"


def _await(tab: Tab, unpaced: RunSpec | None) -> None:
    """Draw the page again once a cost is known, or the speed at which `unpaced` would be run."""
    if tab.costing is not None and (end := engine().final(tab.costing[1])) is not None:
        run = RunSpec.model_validate_json(tab.costing[0])
        _learn(run, as_asked(run, end.data) if isinstance(end, ResultMessage) else {"results": ()})
        tab.costing = None
        st.rerun()
    if unpaced is not None and engine().speed(unpaced) is not None:
        st.rerun()


def _steps(one: Mapping[str, Any], report: Mapping[str, Any]) -> int:
    listed = sum(step["passes"] for step in one["steps"])
    return listed or forward_steps(report["network"]["layers"])


def _learn(run: RunSpec, report: Mapping[str, Any]) -> None:
    """Remember what a dry run told."""
    costs = {one["label"]: Cost(one["flops"], _steps(one, report)) for one in report["results"] if one.get("flops")}
    known = _known()
    known.setdefault(_key(run.network), {}).update({one.label: costs.get(one.label) for one in run.methods})
    while len(known) > MOST_KNOWN:
        known.pop(next(iter(known)))
