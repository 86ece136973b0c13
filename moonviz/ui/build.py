"""The Build page's parts: the draft's headline, its stack, and beside it who can train it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import streamlit as st

from moonviz.building import Check
from moonviz.building.code import as_python
from moonviz.building.examples import EXAMPLE, WORTH_A_LOOK
from moonviz.figures.build_headline import blocking, build_headline
from moonviz.figures.stack import payload
from moonviz.figures.trainers import predicted_peaks, who_can_train
from moonviz.specs import NetworkSpec
from moonviz.ui.build_acts import follow, perform
from moonviz.ui.build_bench import Bench, bench, known, other_facts
from moonviz.ui.build_look import look_inside, looked
from moonviz.ui.engine import tab
from moonviz.ui.linking import copy_link
from moonviz.ui.parts import panel, show_headline, words_explained
from moonviz.ui.stack import stack
from moonviz.ui.state import Tab

STACK = "build.stack"
USUAL = ("backprop", "moonwalk-mixed")
START_HERE = (
    "Start here: this layer stops Moonwalk. Look inside it to see what is lost, or press the button that repairs it."
)


@st.fragment
def workbench() -> None:
    """Everything that follows an edit: headline, stack, and the side. Runs alone, so that an edit is quick."""
    here, work = tab(), bench()
    check, waiting = known(here, work)
    waiting = looked(here, work.look) or waiting
    if work.racing and check is not None:
        waiting = _mend(here, work, check) or waiting
    with st.container(key="build-told"):
        show_headline(build_headline(check))
    with st.container(key="build-bench"):
        left, right = st.container(key="build-stack"), st.container(key="build-side")
        with left:
            # Notes come and go in a place of their own: the stack must not change its, or it is made anew.
            with st.container(key="build-notes"):
                _notes(work)
            middle = st.container(key="build-rows")
            _share(here)
        with right:
            _side(here, work, check)
        # The stack comes last: it asks for news by itself, and a run that it cuts short must have drawn all else.
        with middle:
            _stack(here, work, check, waiting)


def _notes(work: Bench) -> None:
    """What was decided when the network was read from outside, until the next edit, and what went wrong."""
    if work.failure:
        panel("The engine could not look at this network.", work.failure, bad=True)
        st.button("Try again", key="build.again", on_click=setattr, args=(work, "failure", ""))
    if work.notes:
        panel("Read, with some decisions.", *work.notes)


def _share(here: Tab) -> None:
    """The network as a link, as Python, and as JSON."""
    python, text = _written(here.draft.present)
    with st.container(horizontal=True, key="build-share", vertical_alignment="center"):
        copy_link("build")
        with st.popover("Copy as Python", type="tertiary"):
            st.code(python, language="python", height=360)
        with st.popover("Copy as JSON", type="tertiary"):
            st.code(text, language="json", height=360)
            st.download_button(
                "Save as a file", text, "moonviz-network.json", "application/json", key="build.json", on_click="ignore"
            )
        words_explained()


@lru_cache(maxsize=32)
def _written(network: NetworkSpec) -> tuple[str, str]:
    """The network as Python and as JSON."""
    return as_python(network), json.dumps(network.model_dump(mode="json", exclude_defaults=True), indent=1)


def _stack(here: Tab, work: Bench, check: Check | None, waiting: bool) -> None:
    draft = here.draft
    work.tick += 1
    fed = payload(
        draft.present, check, ack=work.ack, choose=work.chosen, notice=work.notice, undo=bool(draft.past),
        redo=bool(draft.future), waiting=waiting, tick=work.tick, fresh=work.fresh, probes=True,
        inside=work.look.shown if work.look else None, hint=_hint(here, work),
    )  # fmt: skip
    stack(fed, STACK, _hear)


def _hint(here: Tab, work: Bench) -> dict[str, str] | None:
    """Why a row is chosen that nobody chose."""
    if here.draft.present != EXAMPLE or work.ack:
        return None
    return {"key": WORTH_A_LOOK.key, "words": START_HERE}


def _hear() -> None:
    """Do what the stack told, once: it tells again until it is acknowledged."""
    told = st.session_state[STACK].get("act")
    here, work = tab(), bench()
    if told and work.heard(told):
        _do(here, work, told)


def _do(here: Tab, work: Bench, told: Mapping[str, Any]) -> None:
    work.notice, work.racing, work.notes, work.failure = "", False, (), ""
    if told["do"] == "choose":
        work.chosen, work.after = told["key"], told["after"]
        return
    if told["do"] == "inside":
        work.chosen, work.after = told["place"], None
        # once more closes it
        open_already = work.look is not None and work.look.key == told["place"]
        facts = other_facts(work, here.draft.present.canonical())
        work.look = None if open_already else look_inside(here, facts, told["place"])
        return
    work.look = None
    check, _ = known(here, work)
    before = here.draft.present
    done = perform(here.draft, told, check)
    here.draft, work.notice = done.history, done.notice
    work.chosen = done.choose or follow(before, here.draft.present, told.get("chosen"))
    work.after = None


def _side(here: Tab, work: Bench, check: Check | None) -> None:
    network = here.draft.present
    st.html(who_can_train(check))
    st.html(predicted_peaks(check, network))
    if check is None:
        return
    faults = 1 if check.problem else len(blocking(check))
    if not faults:
        if st.button("Race it", type="primary", width="stretch", key="build.race"):
            _race(here, check)
    elif check.repairs:
        st.button(
            "Repair and race it", type="primary", width="stretch", key="build.repair", on_click=setattr,
            args=(work, "racing", True),
        )  # fmt: skip
        if work.racing:
            st.html('<p class="mv-aside" role="status">Repairing…</p>')


def _mend(here: Tab, work: Bench, check: Check) -> bool:
    """Repair what is left, one fault a time, then race. Returns whether more is to come."""
    faults = [check.problem.place] if check.problem else [one.place for one in blocking(check)]
    if not faults:
        work.racing = False
        _race(here, check)
    mend = next((repair for repair in check.repairs if check.problem or repair.place in faults), None)
    if mend is None:
        work.racing = False
        return False
    n = check.repairs.index(mend)
    done = perform(here.draft, {"do": "repair", "n": n}, check)
    here.draft, work.chosen, work.after = (
        done.history,
        follow(here.draft.present, done.history.present, work.chosen),
        None,
    )
    return True


def _race(here: Tab, check: Check) -> None:
    """Take the network to the Race page, with the methods that can train it."""
    here.own = here.draft.present
    able = [name for name, why in check.refusals.items() if why is None]
    here.methods = tuple(name for name in here.methods if name in able) or tuple(n for n in USUAL if n in able)
    bench().leaving = True
    st.rerun()


def leave() -> None:
    """Go to the Race page, if that was asked for.

    Not from within the bench: a part that runs alone and leaves its page may still be drawing into the next one.
    """
    work = bench()
    if work.leaving:
        work.leaving = False
        st.switch_page("pages/race.py")
