"""The Learn page: the text on the left, the live view on the right, and what goes between them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.learn import lesson_payload
from moonviz.lessons import lessons
from moonviz.specs import METHODS
from moonviz.ui.engine import cancel, engine, listen, start, tab
from moonviz.ui.learn_desk import LearnDesk
from moonviz.ui.learn_teaching import Teaching, link_maker
from moonviz.ui.learn_views import looked, show_view
from moonviz.ui.lesson import lesson_text
from moonviz.ui.parts import panel

POLL_SECONDS = 0.4
TEXT = "learn.lesson"
ASKS_ITSELF = ("explorer",)
"""Views that ask for news in a fragment of their own, which must not lie in another one that does."""
PARAMETER = "lesson"
BLOCK = "<style>[data-testid=stHeader]{display:none}.stMainBlockContainer{padding-top:12px!important}</style>"
"""A lesson within another page leaves the app's own bar out."""
PAGES = {"race": "pages/race.py", "build": "pages/build.py", "methods": "pages/methods.py",
         "precision": "pages/precision.py"}  # fmt: skip


@st.cache_resource(show_spinner=False, scope="session")
def desk() -> LearnDesk:
    """This tab's."""
    return LearnDesk()


def learn() -> None:
    """The page."""
    here = desk()
    asked = st.query_params.get(PARAMETER, "")
    if asked and not here.named:
        here.go(_name_of(asked))
    every = POLL_SECONDS if here.busy else None
    if here.lesson.front.view.kind in ASKS_ITSELF:
        _page(here, here.busy)
        st.fragment(_listen, run_every=every, key="learn-listening")(here)
    else:
        st.fragment(_page, run_every=every, key="learn")(here, here.busy)


def _listen(here: LearnDesk) -> None:
    if _news(here):
        st.rerun()


def _name_of(text: str) -> str:
    """A lesson's name from a link, which may give its number alone."""
    number = text.zfill(2) if text.isdigit() else text
    return next((one.name for one in lessons() if one.name == text or one.name.startswith(f"{number}-")), text)


def _page(here: LearnDesk, waited: bool) -> None:
    if _news(here):
        st.rerun()
    if here.goes:
        page, here.goes = here.goes, ""
        st.switch_page(PAGES[page])
    teaching = Teaching.read(st.query_params, bool(st.context.is_embedded))
    st.html(BLOCK if teaching.embed else "<style></style>")
    with st.container(key="learn-page"):
        _columns(here, teaching)
    if here.busy != waited:
        st.rerun()  # the whole page once, so that this begins, or stops, to ask for news by itself


def _columns(here: LearnDesk, teaching: Teaching) -> None:
    if "view" in teaching.hide:
        lesson_text(_payload(here, teaching), TEXT, heard=lambda: _heard(here))
        return
    left, right = st.columns([5, 7], gap="large")
    with left, st.container(key="learn-text"):
        lesson_text(_payload(here, teaching), TEXT, heard=lambda: _heard(here))
    with right, st.container(key="learn-view", border=True):
        _view(here, teaching)
    if not teaching.embed and "lessons" not in teaching.hide:
        link_maker(here.at)


def _news(here: LearnDesk) -> bool:
    """Hear what has come since. Returns whether the whole page changes."""
    changed = looked(here)
    while here.proceed(lambda job: engine().submit(job, tab().id), engine().final):
        changed = changed or here.asking is None
    if listen(here):
        here.run_failed()
        changed = True
    return changed


def _payload(here: LearnDesk, teaching: Teaching) -> dict[str, Any]:
    lesson = here.lesson
    return lesson_payload(lesson, lessons()) | {
        "present": teaching.present,
        "alone": "lessons" in teaching.hide,
        "answers": {id_: one for (name, id_), one in here.answers.items() if name == lesson.name},
        "waits": here.waits(),
        "ack": here.ack,
        "named": here.named,
    }  # fmt: skip


def _heard(here: LearnDesk) -> None:
    """Something was done in the text."""
    state = st.session_state.get(TEXT)
    act = state.get("act") if state else None
    if not isinstance(act, dict) or not here.heard(act):
        return
    what = act.get("do")
    if what == "go":
        here.go(str(act.get("lesson", "")))
        st.query_params[PARAMETER] = here.at
    elif what == "ask":
        _ask(here, str(act.get("id", "")))
    elif what == "run":
        _run(here)
    elif what == "set":
        _run(here, int(act.get("depth") or 0))
    elif what == "open" and act.get("what") in PAGES:
        here.goes = str(act["what"])


def _ask(here: LearnDesk, id_: str) -> None:
    question = here.lesson.question(id_)
    if (here.at, id_) in here.answers or question is None:
        return
    if question.by != "run":
        here.ask(id_)
    elif not here.running:
        here.running = id_
        _run(here)


def _run(here: LearnDesk, depth: int = 0, labels: tuple[str, ...] = ()) -> None:
    """Run the lesson's race on this machine, at another depth or by other methods if they are given."""
    if here.job is not None and here.job.running:
        return
    try:
        run = here.run(depth, labels)
    except InvalidSpec as error:
        here.problem[here.at] = str(error)
        return
    here.racing = here.at
    start(here, run)


def _view(here: LearnDesk, teaching: Teaching) -> None:
    job = here.job
    if job is not None and job.running:
        with st.container(horizontal=True, key="learn-running", vertical_alignment="center"):
            panel(f"Running {job.subject()}", f"{job.words()}…")
            st.button("Cancel", key="learn.cancel", disabled=job.cancelling, on_click=cancel, args=(here,))
    elif job is not None:
        error = getattr(job.end, "error", None)
        panel("This run did not finish.", error.message if error else job.stopped(), bad=error is not None)
    show_view(here, choices="methods" not in teaching.hide)
    _again(here, teaching)


def _again(here: LearnDesk, teaching: Teaching) -> None:
    """Run the lesson's race here, with other methods too, unless the lesson or the link locks that."""
    front = here.lesson.front
    locked = {*front.locks, *teaching.hide}
    busy = here.job is not None and here.job.running
    if front.view.kind not in ("player", "frontier") or "run" in locked:
        return
    with st.container(horizontal=True, key="learn-again", vertical_alignment="center"):
        chosen = list(front.methods)
        if "methods" not in locked:
            options = [*front.methods, *(name for name in METHODS if name not in front.methods)]
            chosen = st.pills(
                "Methods", options, selection_mode="multi", default=list(front.methods), key=f"learn.methods-{here.at}",
                label_visibility="collapsed",
            )  # fmt: skip
        if st.button("Run on this machine", key="learn.run", disabled=busy or not chosen):
            _run(here, labels=tuple(one for one in METHODS if one in chosen) or tuple(chosen))
            st.rerun()
