"""What the Race page draws while its job runs: strips and curves that fill."""

from __future__ import annotations

import streamlit as st

from moonviz.figures.held import fullest, latest
from moonviz.figures.live import live
from moonviz.figures.strip import live_lane, strip
from moonviz.specs import RunSpec
from moonviz.ui.following import Following
from moonviz.ui.parts import scheme
from moonviz.ui.progress import Watched


def _draw(job: Following, stopped: bool) -> None:
    if not isinstance(job.spec, RunSpec) or (stopped and not any(job.steps.values())):
        return
    _lanes(job, job.spec, stopped)
    if not stopped and any(job.steps.values()):
        methods = {choice.label: choice.name for choice in job.spec.methods}
        said = ", ".join(f"{label} at step {len(steps)}" for label, steps in job.steps.items())
        st.plotly_chart(
            live(job.steps, methods, scheme()), theme=None, key="race.live", alt=f"Memory so far: {said}.",
            config={"displayModeBar": False, "staticPlot": True},
        )  # fmt: skip


def _lanes(job: Following, run: RunSpec, still: bool) -> None:
    """The strips as far as they are traced: the method at work as it is now, those before at their fullest."""
    lanes = []
    at_work = list(job.steps)[-1] if job.steps and job.stage and job.stage.name == "trace" else None
    for choice in run.methods:
        steps = job.steps.get(choice.label, [])
        moment = latest(steps) if choice.label == at_work else fullest(steps)
        lanes.append(live_lane(choice.name, choice.label, steps, moment, now=choice.label == at_work or still))
    inner = strip(lanes, job.layers())
    st.html(f'<div class="mv-still">{inner}</div>' if still else inner)


RACE = Watched(
    "race",
    "Racing on",
    {
        "refused": "This method cannot train this network.",
        "too_large": "This race is too large for this machine.",
        "failed": "The race failed.",
    },
    _draw,
)
