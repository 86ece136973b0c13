"""Train it: two methods from the same weights on the same batches, with curves that grow while they train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.chart import Chart
from moonviz.figures.train import accuracy_curves, difference_curve, loss_curves, memory_bars
from moonviz.figures.train_words import train_headline, train_provenance
from moonviz.figures.words import prose
from moonviz.specs import METHODS, NetworkSpec, method_options
from moonviz.specs.train import HELD_OUT, MOST_STEPS, TrainSpec, trainable_presets
from moonviz.training import TrainPoint, TrainReport
from moonviz.ui.engine import start
from moonviz.ui.fitness import fit
from moonviz.ui.following import Following
from moonviz.ui.parts import heading, panel, say, scheme, show_chart
from moonviz.ui.progress import Watched, watch
from moonviz.ui.state import Tab
from moonviz.ui.training import Training

_CSS = Path(__file__).with_name("train.css")
_DIM = "<style>.st-key-train-result{opacity:.6}</style>"


def train_section(tab: Tab) -> None:
    """The whole section: the question, the training while it goes on, and what came out.

    Args:
        tab: Its network, device and batch seed are trained with, and `tab.training` keeps the rest.
    """
    here = tab.training
    _style()
    heading(
        "Train it",
        "The same weights at the start, the same batches, the same rule. Do two methods end up with the same network?",
    )
    asked = _question(tab, here)
    watch(here, TRAIN)
    if here.report and not (here.job and here.job.running):
        _result(here.report, here.stale(asked))


def _style() -> None:
    marks = "\n".join(
        f".st-key-train-{side} button:nth-of-type({at})::before"
        f"{{background:var(--mv-m-{name});mask-image:var(--mv-g-{name})}}"
        for side in ("first", "second")
        for at, name in enumerate(METHODS, start=1)
    )
    st.html(f"<style>{_CSS.read_text('utf-8')}\n{marks}</style>")


def _question(tab: Tab, here: Training) -> TrainSpec | None:
    """The controls. Starts what is asked for when the button is pressed; null where nothing can be trained."""
    try:
        network = tab.network()
    except InvalidSpec:
        return None  # the page says so already
    if network.data not in HELD_OUT:
        _elsewhere(network)
        return None
    busy = here.job is not None and here.job.running
    with st.container(horizontal=True, key="train-sentence", vertical_alignment="center"):
        first = _method(tab, "Train with", "first", here.methods[0])
        second = _method(tab, "and with", "second", here.methods[1])
        here.methods = first, second
        _numbers(here, network)
        pressed = st.button("Train on this machine", type="primary", key="train.run", disabled=busy)
    try:
        asked = here.question(network, tab.device, tab.batch_seed)
    except InvalidSpec as error:
        panel("This cannot be trained.", str(error), bad=True)
        return None
    refused = _refusals(tab, asked)
    if refused:
        panel("Not both methods can train this network. Choose others than those struck through.", *refused, bad=True)
    elif pressed:
        start(here, asked)
        st.rerun()
    return asked


def _elsewhere(network: NetworkSpec) -> None:
    names = ", ".join(f"<code>{escape(name)}</code>" for name in trainable_presets())
    st.html(
        f'<p class="mv-notice"><b>Training needs images to test on.</b> {escape(network.name)} sees '
        f"{escape(network.data)}, of which none are held out. Choose a network that sees the handwritten digits in the "
        f"sentence on top: {names}.</p>"
    )


def _method(tab: Tab, words: str, side: str, chosen: str) -> str:
    """One method out of all; those that cannot train this network are struck through."""
    found = fit(tab)
    struck = {name for name in METHODS if found and found.refusal(method_options(name))}
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        say(words)
        picked = st.pills(
            f"{side.capitalize()} method", list(METHODS), default=chosen, required=True, key=f"train.{side}",
            format_func=lambda name: f"~~{name}~~" if name in struck else name, label_visibility="collapsed",
        )  # fmt: skip
    return picked or chosen


def _numbers(here: Training, network: NetworkSpec) -> None:
    """Steps and rule; another preset brings its own rule."""
    rule = here.rule(network)
    with _together():
        say("for")
        here.steps = st.number_input(
            "Steps", 1, MOST_STEPS, here.steps, key="train.steps", label_visibility="collapsed", width=78
        )
        say("steps,")
    for words, name, label, low, high in (
        ("learning rate", "learning_rate", "Learning rate", 0.00001, 100.0),
        ("momentum", "momentum", "Momentum", 0.0, 0.99),
    ):
        with _together():
            say(words)
            rule[name] = st.number_input(
                label, low, high, rule[name], key=f"train.{network.name}.{name}", format="%g",
                label_visibility="collapsed", width=86,
            )  # fmt: skip
    here.rules[network.name] = rule


def _together() -> st.delta_generator.DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False)


def _refusals(tab: Tab, asked: TrainSpec) -> list[str]:
    found = fit(tab)
    return [why for choice in asked.methods if found and (why := found.refusal(choice.resolved))]


def _result(report: TrainReport, stale: bool) -> None:
    """The sentence, the curves, and where the numbers come from."""
    st.html(_DIM if stale else "<style></style>")
    methods = {one.label: one.method for one in report.runs}
    steps = int(report.spec["steps"])
    with st.container(key="train-result"):
        line = train_headline(report)
        above = '<div class="mv-stale" role="status">Settings changed. Train to update.</div>' if stale else ""
        st.html(f'{above}<p class="mv-train-line">{line.html}</p><p class="mv-under">{line.under}</p>')
        charts = [
            *_curves(report.points, methods, steps),
            difference_curve(report.points, steps, scheme()),
            memory_bars(report.runs, scheme()),
        ]
        _grid(charts, lambda chart, n: show_chart(chart, f"train.chart-{n}"))
        with st.container(
            horizontal=True, key="train-foot", vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.html(f'<p class="mv-foot">{prose(train_provenance(report))}</p>', width="stretch")
            st.download_button(
                "Download JSON", report.to_json(), "moonviz-training.json", "application/json", key="train.json",
                on_click="ignore",
            )  # fmt: skip


def _curves(points: Sequence[TrainPoint], methods: dict[str, str], steps: int) -> list[Chart]:
    return [
        loss_curves(points, methods, steps, scheme()),
        accuracy_curves(points, methods, steps, scheme()),
    ]


def _grid(charts: Sequence[Chart], show: Callable[[Chart, int], None]) -> None:
    """Two figures in a row."""
    for at in range(0, len(charts), 2):
        for column, (n, one) in zip(
            st.columns(2, gap="medium"), enumerate(charts[at : at + 2], start=at), strict=False
        ):
            with column:
                show(one, n)


def _draw(job: Following, stopped: bool) -> None:
    """The curves as far as they have come."""
    if not isinstance(job.spec, TrainSpec) or not job.points:
        return
    methods = {choice.label: choice.name for choice in job.spec.methods}
    charts = [
        *_curves(job.points, methods, job.spec.steps),
        difference_curve(job.points, job.spec.steps, scheme()),
    ]

    def show(chart: Chart, n: int) -> None:
        heading(chart.title, chart.caption)
        st.plotly_chart(
            chart.figure, theme=None, key=f"train.live-{n}", alt=chart.alt,
            config={"displayModeBar": False, "staticPlot": True},
        )  # fmt: skip

    with st.container(key="train-live"):
        if stopped:
            st.html("<style>.st-key-train-live{opacity:.6}</style>")
        _grid(charts, show)


TRAIN = Watched(
    "train",
    "Training",
    {
        "refused": "This cannot be trained.",
        "too_large": "This training is too large for this machine.",
        "failed": "The training failed.",
    },
    _draw,
)
