"""The walk on a page: which network and method, asked of the engine, shown by the component."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any

import streamlit as st

from moonviz.data.stored import stored_walk
from moonviz.errors import InvalidSpec
from moonviz.figures.walk import walk_id, walk_payload
from moonviz.jobs.messages import Failed, ResultMessage, Walk
from moonviz.results import Failure
from moonviz.specs import METHODS
from moonviz.ui.engine import engine, tab
from moonviz.ui.parts import panel, say
from moonviz.ui.walk.component import walk
from moonviz.ui.walk.state import WalkState
from moonviz.walking import EXAMPLES, WalkPage, WalkSpec

POLL_SECONDS = 0.5
SHORTLY = 1.2
"""Seconds that a change waits for its numbers before the page goes on without."""
MOST_KEPT = 24
PHASES = {"residuals": "keeping bits", "inverse": "undoing layers", "checkpointed": "by segments"}


def walk_view(key: str, state: WalkState, polled: bool = False) -> None:
    """Show a walk: step through it, move its numbers, check them.

    Args:
        key: Of the widgets; two walks on one page need two.
        state: What to show; it is changed by what the reader does.
        polled: Whether the caller is a fragment that asks for news itself, and does so while `state.job` stands.
    """
    waits = state.job is not None
    if polled:
        _view(key, state, None)
        return
    st.fragment(_view, run_every=POLL_SECONDS if waits else None, key=f"{key}-walk")(key, state, waits)


def _view(key: str, state: WalkState, waited: bool | None) -> None:
    with st.container(key=f"{key}-walk-all"):
        if state.choices:
            _choose(key, state)
        try:
            spec = state.spec
        except InvalidSpec as error:
            panel("There is no such walk.", str(error), bad=True)
            return
        answer = _asked(state, spec)
        if isinstance(answer, Failed):
            _refused(key, state, answer)
        if not isinstance(answer, Failed) or state.changed:
            _shown(key, state, spec, None if isinstance(answer, Failed) else answer)
    if waited is not None and (state.job is not None) != waited:
        st.rerun()  # the whole page once, so that this part begins, or stops, to ask for news by itself


def _choose(key: str, state: WalkState) -> None:
    """The sentence of controls."""
    with st.container(horizontal=True, key=f"{key}-walk-sentence", vertical_alignment="center"):
        say("Walk")
        method = st.selectbox(
            "Method", list(METHODS), index=list(METHODS).index(state.method), key=f"{key}.walk-method",
            label_visibility="collapsed", width=180,
        )  # fmt: skip
        if method == "moonwalk-mixed":
            phase = st.selectbox(
                "Phase one", list(PHASES), index=list(PHASES).index(state.options.get("phase_one", "residuals")),
                format_func=PHASES.get, key=f"{key}.walk-phase", label_visibility="collapsed", width=160,
            )  # fmt: skip
        say("through")
        network = st.selectbox(
            "Network", list(EXAMPLES), index=list(EXAMPLES).index(state.network),
            format_func=lambda name: EXAMPLES[name].title, key=f"{key}.walk-network", label_visibility="collapsed",
            width=220,
        )  # fmt: skip
    if method != state.method:
        state.method, state.options = method, {}
    elif method == "moonwalk-mixed" and phase != state.options.get("phase_one", "residuals"):
        state.options = {} if phase == "residuals" else {"phase_one": phase}
    if network != state.network:
        state.network, state.x, state.weights = network, None, {}
    st.html(f'<p class="mv-caption mv-walk-about">{EXAMPLES[state.network].about}</p>')


def _asked(state: WalkState, spec: WalkSpec) -> dict[str, Any] | Failed | None:
    """The answer, or null while it is being worked out."""
    key = spec.canonical()
    if key not in state.found and (kept := stored_walk(key)) is not None:
        _keep(state, key, walk_payload(kept))
    if key in state.found:
        state.job = None
        return state.found[key]
    if state.job is None or state.job[0] != key:
        state.job = (key, engine().submit(Walk(spec=spec), tab().id))
    until = monotonic() + SHORTLY
    end = engine().final(state.job[1])
    while end is None and monotonic() < until:
        sleep(0.02)
        end = engine().final(state.job[1])
    if end is None:
        return None
    state.job = None
    if isinstance(end, ResultMessage):
        _keep(state, key, walk_payload(WalkPage.model_validate(end.data)))
    elif isinstance(end, Failed):
        _keep(state, key, end)
    else:  # stopped, or its process died: asked again when the page runs again
        why = Failure(message="It was stopped, or its process ended, before it was done.", remedy="Ask once more.")
        return Failed(reason="failed", error=why)
    return state.found[key]


def _keep(state: WalkState, key: str, answer: dict[str, Any] | Failed) -> None:
    state.found[key] = answer
    if len(state.found) > MOST_KEPT:
        state.found.pop(next(iter(state.found)))


def _shown(key: str, state: WalkState, spec: WalkSpec, answer: dict[str, Any] | None) -> None:
    """The walk; while it is worked out anew, the one before it if only its numbers differ."""
    if answer is None:
        like = [one for one in state.found.values() if isinstance(one, dict) and one["id"] == walk_id(spec)]
        answer = like[-1] if like else None
    if answer is None:
        st.html('<p class="mv-aside" role="status">Walking on this machine; PyTorch starts first (about 2 s)…</p>')
        return
    if state.fault:
        panel("These numbers cannot be walked.", state.fault, bad=True)

    def moved() -> None:
        said = st.session_state[f"{key}.walk"].get("moved")
        if said:
            _take(state, said)

    walk(answer, f"{key}.walk", moved, state.start, state.highlight, state.movable)


def _take(state: WalkState, said: dict[str, Any]) -> None:
    """Take in changed numbers, if they can be walked."""
    try:
        numbers = tuple(float(number) for number in said["x"])
        state.spec.moved(numbers, said["weights"])
    except (InvalidSpec, KeyError, TypeError, ValueError) as error:
        state.fault = str(error)
        return
    state.x, state.weights, state.fault = numbers, said["weights"], ""


def _refused(key: str, state: WalkState, answer: Failed) -> None:
    """Why this method cannot walk this network, and one that can."""
    title = f"{state.method} cannot walk this network." if answer.reason == "refused" else "This walk went wrong."
    panel(title, answer.error.message, answer.error.remedy or "", bad=True)

    def back() -> None:
        state.x, state.weights = None, {}

    def instead() -> None:
        state.method, state.options = "moonwalk-mixed", {}
        st.session_state[f"{key}.walk-method"] = state.method
        st.session_state.pop(f"{key}.walk-phase", None)

    if state.changed:
        st.button("Back to the start", key=f"{key}.walk-back", on_click=back)
    elif answer.reason == "failed":
        st.button("Ask once more", key=f"{key}.walk-again")
    elif state.choices:
        st.button("Walk it by moonwalk-mixed", key=f"{key}.walk-instead", on_click=instead)
