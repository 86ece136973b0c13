"""The walk on a page: what is asked of the engine, what is kept, what is said of the rest."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from moonviz.errors import InvalidSpec
from moonviz.jobs.messages import Failed, Lost, ResultMessage
from moonviz.results import Failure
from moonviz.runs.probe import Budget
from moonviz.runs.walked import walk_page
from moonviz.ui.walk import WalkState, view

REFUSED = Failed(
    reason="refused", error=Failure(message="`revbackprop` needs every layer to be invertible.", remedy="Use another.")
)


class Engine:
    """Answers a walk at once, if it has an answer."""

    def __init__(self, answer=None):
        self.answer, self.asked = answer, []

    def submit(self, job, tab):
        self.asked.append(job)
        return f"job-{len(self.asked)}"

    def final(self, job):
        if self.answer is not None:
            return self.answer
        page = walk_page(self.asked[-1].spec, Budget("", seconds=60))
        return ResultMessage(data=page.model_dump(mode="json"))


class Silent(Engine):
    def final(self, job):
        return None


@pytest.fixture
def answers(monkeypatch):
    def give(one):
        monkeypatch.setattr(view, "engine", lambda: one)
        monkeypatch.setattr(view, "tab", lambda: SimpleNamespace(id="tab"))
        monkeypatch.setattr(view, "SHORTLY", 0.05)
        return one

    return give


def moved() -> WalkState:
    """A walk that is not stored."""
    return WalkState(x=(0.5, 0.25))


def test_an_untouched_walk_is_stored_and_needs_no_engine(answers):
    engine = answers(Silent())
    for name in ("dense", "relu"):
        assert view._asked(WalkState(network=name), WalkState(network=name).spec)["network"] == f"walk {name}"
    assert not engine.asked


def test_a_walk_is_asked_once_and_kept(answers):
    engine, state = answers(Engine()), moved()
    first = view._asked(state, state.spec)
    assert first["method"] == "moonwalk-mixed"
    assert view._asked(state, state.spec) is first
    assert len(engine.asked) == 1
    assert state.job is None


def test_a_slow_walk_is_waited_for_without_asking_again(answers):
    engine, state = answers(Silent()), moved()
    assert view._asked(state, state.spec) is None
    assert view._asked(state, state.spec) is None
    assert len(engine.asked) == 1
    assert state.job is not None


def test_a_lost_walk_is_asked_again(answers):
    engine, state = answers(Engine(Lost(error=Failure(message="The process died.")))), moved()
    assert view._asked(state, state.spec).error.remedy == "Ask once more."
    assert state.job is None
    engine.answer = None
    assert view._asked(state, state.spec)["exact"]


def test_old_answers_make_room(answers):
    answers(Engine())
    state = moved()
    state.found = {str(n): {"id": ""} for n in range(view.MOST_KEPT)}
    view._asked(state, state.spec)
    assert len(state.found) == view.MOST_KEPT
    assert "0" not in state.found


def test_moved_numbers_are_taken_only_if_they_can_be_walked():
    state = WalkState()
    view._take(state, {"n": 1, "x": [0.5, -1], "weights": {"1.weight": [[1, 2], [3, 4]]}})
    assert state.spec.x == (0.5, -1)
    assert state.spec.weights["1.weight"] == ((1, 2), (3, 4))
    assert not state.fault
    for said in (
        {"x": [1e9, 0], "weights": {}},
        {"x": [1], "weights": {}},
        {"x": "no", "weights": {}},
        {"x": [1, 2], "weights": {"1.weight": "no"}},
        {"x": [1, 2], "weights": [1]},
        {},
    ):
        view._take(state, said)
        assert state.fault
        assert state.spec.x == (0.5, -1)


def test_an_unknown_walk_is_an_error():
    with pytest.raises(InvalidSpec, match="there is no walk"):
        _ = WalkState(network="nothing").spec


def _app():
    import streamlit as st

    from moonviz.ui.walk import WalkState, walk_view

    walk_view("test", st.session_state.setdefault("state", WalkState()))


def html_of(page):
    assert not page.exception, page.exception
    return "\n".join(one.proto.body for one in page.get("html"))


def test_a_reader_chooses_method_and_network(answers):
    engine = answers(Engine())
    page = AppTest.from_function(_app, default_timeout=60).run()
    assert "Every layer is square" in html_of(page)
    page.selectbox[2].select("coupling").run()
    assert "One number moves by a function of the other" in html_of(page)
    page.selectbox[0].select("revbackprop").run()
    assert engine.asked[-1].spec.method.name == "revbackprop"
    assert engine.asked[-1].spec.network.name == "walk coupling"


def test_a_refused_pair_says_why_and_offers_another(answers):
    engine = answers(Engine())
    page = AppTest.from_function(_app, default_timeout=60).run()
    engine.answer = REFUSED
    page.selectbox[0].select("revbackprop").run()
    assert "revbackprop cannot walk this network." in html_of(page)
    assert "needs every layer to be invertible" in html_of(page)
    page.button[0].click().run()
    assert page.selectbox[0].value == "moonwalk-mixed"
    assert "cannot walk" not in html_of(page)


def test_numbers_that_cannot_be_walked_leave_the_walk_in_place(answers):
    engine = answers(Engine())
    page = AppTest.from_function(_app, default_timeout=60).run()
    engine.answer = REFUSED
    page.session_state["state"].weights = {"1.weight": [[1, 1], [1, 1]]}
    page.run()
    assert "needs every layer to be invertible" in html_of(page)
    assert "Walking on this machine" not in html_of(page)
    page.button[0].click().run()
    assert not page.session_state["state"].changed
