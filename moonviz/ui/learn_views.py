"""What stands beside a lesson's text: the race player, the explorer, or a figure."""

from __future__ import annotations

from html import escape

import streamlit as st

from moonviz.data.stored import stored, stored_names, stored_precision
from moonviz.errors import InvalidSpec
from moonviz.figures.frontier import frontier
from moonviz.figures.learn_depths import memory_by_depth
from moonviz.figures.playing import live_payload, stored_id
from moonviz.figures.precision import error_by_depth, reach
from moonviz.figures.words import provenance
from moonviz.jobs.messages import Estimate, ResultMessage
from moonviz.lessons import Lesson
from moonviz.lessons.quantities import method_choice
from moonviz.results import Report
from moonviz.specs import NetworkSpec, RunSpec
from moonviz.ui.build_explorer import explorer
from moonviz.ui.cache import playing, telling
from moonviz.ui.engine import engine, tab
from moonviz.ui.fitness import cards_of
from moonviz.ui.learn_desk import LearnDesk
from moonviz.ui.parts import panel, scheme, show_chart
from moonviz.ui.player import player
from moonviz.ui.walk import WalkState, walk_view


def show_view(here: LearnDesk, choices: bool = True) -> None:
    """The view of the lesson; `choices`: whether a walk's network and method can be chosen."""
    lesson = here.lesson
    kind = lesson.front.view.kind
    if kind == "explorer":
        explorer()
    elif kind == "precision":
        report = stored_precision(lesson.front.view.stored)
        drawn = error_by_depth(report, "float32", scheme(), reach([report]), "Error by depth, float32")
        show_chart(drawn, "learn.precision")
        st.html('<p class="mv-foot">Relative error against float64 autograd, measured beforehand.</p>')
    elif kind == "walk":
        walk = _walk_of(here, lesson)
        walk.choices = choices
        walk_view(f"learn.steps-{lesson.name}", walk, polled=True)
    elif kind == "memory-depth":
        show_chart(memory_by_depth(lesson, scheme()), "learn.depths")
    else:
        _race(here, lesson, kind == "frontier")


def _walk_of(here: LearnDesk, lesson: Lesson) -> WalkState:
    """The walk of a lesson, as the reader left it."""
    if lesson.name not in here.walks:
        view = lesson.front.view
        choice = method_choice(view.method)
        here.walks[lesson.name] = WalkState(network=view.walk, method=choice.name, options=choice.options)
    return here.walks[lesson.name]


def _race(here: LearnDesk, lesson: Lesson, as_frontier: bool) -> None:
    job = here.job
    if job is not None and job.running and here.racing == lesson.name:
        player(live_payload(job, cards_of(job.spec.network)), key="learn.player", compact=True)
        return
    report = here.reports.get(lesson.name) or stored_race(lesson)
    if report is None:
        _predict(here, lesson)
        return
    _told(report)
    drawn = frontier(report, scheme(), "linear") if as_frontier else None
    if drawn:
        show_chart(drawn, "learn.frontier")
    else:
        player(playing(report, stored_id(report), False), key="learn.player", compact=True)
    at_hand = lesson.name not in here.ran and not any(one.predicted for one in report.results)
    st.html(f'<p class="mv-foot">{escape(provenance(report, stored=at_hand))}</p>')


def _told(report: Report) -> None:
    line = telling(report)
    st.html(f'<p class="mv-headline mv-beside">{line.html}</p>')


def stored_race(lesson: Lesson) -> Report | None:
    """The stored race of the lesson's own network and methods, if there is one."""
    run = wanted(lesson)
    if run.network.name not in stored_names():
        return None
    whole = stored(run.network.name)
    labels = tuple(choice.label for choice in run.methods)
    known = {one.label for one in whole.results}
    if not known.issuperset(labels) or NetworkSpec.read(whole.network.spec) != run.network:
        return None
    return stored(run.network.name, labels)


def wanted(lesson: Lesson) -> RunSpec:
    """The race of the lesson's own network and methods."""
    return LearnDesk(at=lesson.name).run()


def _predict(here: LearnDesk, lesson: Lesson) -> None:
    """No such race was stored: a dry run makes one to look at, without seconds."""
    if here.problem.get(lesson.name):
        panel("There is nothing to show here.", here.problem[lesson.name], bad=True)
        return
    if here.looking is None or here.looking[0] != lesson.name:
        here.looking = (lesson.name, engine().submit(Estimate(spec=wanted(lesson)), tab().id))
    panel("Predicting this race by a dry run…", "A few seconds, the first time.")


def looked(here: LearnDesk) -> bool:
    """Hear of the dry run that the view waits for. Returns whether it has ended."""
    if here.looking is None:
        return False
    name, job = here.looking
    end = engine().final(job)
    if end is None:
        return False
    here.looking = None
    if isinstance(end, ResultMessage):
        here.reports[name] = Report.model_validate(end.data)
    else:
        here.problem[name] = getattr(getattr(end, "error", None), "message", "It was stopped.")
    return True


def cannot(lesson: Lesson) -> str:
    """Why a lesson's own race cannot be asked for; empty if it can."""
    try:
        wanted(lesson)
    except InvalidSpec as error:
        return str(error)
    return ""
