from __future__ import annotations

import json
from pathlib import Path

import pytest

from moonviz.building import History
from moonviz.data.stored import stored
from moonviz.links import State, decode, encode
from moonviz.specs import NetworkSpec
from moonviz.ui import controls, sharing
from moonviz.ui.controls import DEVICES
from moonviz.ui.sharing import state_of, take
from moonviz.ui.state import Tab, defaults

CORPUS = sorted((Path(__file__).parents[1] / "links" / "corpus").glob("*.json"))
BEYOND = {"every-method", "options"}
"""Links that ask for more than the controls of this machine have."""


def busy() -> Tab:
    """A tab in which everything was changed."""
    tab = Tab.fresh()
    tab.preset, tab.settings = (
        "digits-dense",
        defaults("digits-dense") | {"depth": 9, "slope": 0.25, "dtype": "float64"},
    )
    tab.methods, tab.phases = ("checkpointing", "projforward", "moonwalk-mixed"), ("residuals", "inverse")
    tab.anchor_every, tab.directions, tab.device = 4, 6, DEVICES[-1]
    tab.repeats, tab.batch_seed = 3, 17
    study = tab.study
    study.network, study.slope, study.depths, study.dtypes = "glow-tiny", 0.4, (8, 64), ("float64", "bfloat16")
    study.variants, study.anchors = ("checkpointing", "mixed, undoing layers"), (8, 2)
    tab.training.methods, tab.training.steps = ("revbackprop", "moonwalk-pure"), 30
    tab.training.rules = {"digits-dense": {"learning_rate": 0.004, "momentum": 0.8}}
    return tab


def asked(tab: Tab) -> tuple:
    study, training = tab.study, tab.training.question(tab.network(), "cpu", 0)
    return tab.run().canonical(), study.question().canonical(), training.canonical()


def test_an_untouched_tab_is_the_shortest_link() -> None:
    assert state_of(Tab.fresh(), "race") == State()
    assert len(encode(state_of(Tab.fresh(), "race"))) < 12


def test_another_tab_set_by_the_link_asks_for_the_same() -> None:
    sender, receiver = busy(), Tab.fresh()
    text = encode(state_of(sender, "precision"))
    state, repaired = decode(text)
    assert (take(receiver, state), repaired) == ([], ())
    assert asked(receiver) == asked(sender)
    assert encode(state_of(receiver, "precision")) == text
    assert len(text) < 240


def test_a_draft_travels_from_its_page_and_a_network_that_was_taken_from_any() -> None:
    mine = NetworkSpec.read({"name": "mine", "body": [{"layers": [{"kind": "relu"}], "repeat": 3}]})
    sender, receiver = Tab.fresh(), Tab.fresh()
    sender.draft = sender.draft.then(mine)
    assert state_of(sender, "race") == State()
    take(receiver, decode(encode(state_of(sender, "build")))[0])
    assert (receiver.draft, receiver.own) == (History(mine), None)
    sender.own, receiver = mine, Tab.fresh()
    take(receiver, decode(encode(state_of(sender, "race")))[0])
    assert (receiver.draft, receiver.own) == (History(mine), mine)
    assert receiver.run() == sender.run()


def test_a_link_to_what_if_is_about_the_network_that_is_looked_at_there() -> None:
    sender, receiver = Tab.fresh(), Tab.fresh()
    sender.whatif.adopt(sender.preset, sender.settings, sender.own)
    sender.whatif.choose("digits-dense")
    sender.whatif.set("depth", 5_000)
    ahead = sender.whatif
    ahead.device, ahead.budget_bytes, ahead.optimizer = "Tesla T4 (Colab)", 15 * 2**30, "adam"
    ahead.methods, ahead.error, ahead.anchor_every = ("backprop", "moonwalk-pure"), -2, 4
    text = encode(state_of(sender, "whatif"))
    assert state_of(sender, "race").settings == State().settings
    assert take(receiver, decode(text)[0]) == []
    receiver.whatif.adopt(receiver.preset, receiver.settings, receiver.own)
    assert receiver.whatif.network() == ahead.network()
    assert receiver.whatif.budget_bytes == 15 * 2**30
    assert encode(state_of(receiver, "whatif")) == text


def test_a_link_from_another_machine_names_no_device_of_this_one() -> None:
    tab = Tab.fresh()
    notices = take(tab, State.read({"whatif": {"device": "Their machine"}}))
    assert ["Their machine" in line for line in notices] == [True]
    assert tab.whatif.device == "gpu"


def test_a_stored_race_answers_a_link() -> None:
    tab = Tab.fresh()
    take(tab, State(preset="digits-revnet", repeats=3))
    tab.settle()
    assert tab.shown.report is stored("digits-revnet", ("backprop", "moonwalk-mixed"))
    assert not tab.stale()


@pytest.mark.parametrize("path", [path for path in CORPUS if path.stem not in BEYOND], ids=lambda path: path.stem)
def test_a_stored_link_sets_a_tab_without_loss(path: Path) -> None:
    tab, state = Tab.fresh(), decode(json.loads(path.read_text("utf-8"))["link"])[0]
    assert take(tab, state) == []
    assert state_of(tab, state.page) == state


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            {"methods": [{"name": "checkpointing", "options": {"segment": 3}}]},
            "`checkpointing:segment=3` cannot be set",
        ),
        ({"methods": [{"name": "projforward", "options": {"directions": 2, "seed": 5}}]}, "seed=5` cannot be set here"),
        ({"settings": {"slope": 0.001}}, "slope 0.001 → 0.01, the least that can be set here"),
        ({"precision": {"network": "photo-revnet"}}, "network `photo-revnet` cannot be measured there"),
        ({"precision": {"depths": [4, 5, 7]}}, "depth 5, 7 is not in its menu"),
        ({"precision": {"methods": [{"name": "forward"}]}}, "`forward` is not among its methods"),
    ],
)
def test_what_the_controls_do_not_have_is_told(said: dict, words: str) -> None:
    tab = Tab.fresh()
    (notice,) = take(tab, State.read(said))
    assert words in notice
    assert tab.run()


def test_a_device_that_is_not_here_becomes_auto() -> None:
    (absent,) = {"cuda", "mps"} - {*DEVICES} if len(DEVICES) > 2 else {"mps"}
    tab = Tab.fresh()
    assert take(tab, State(device=absent)) == [f"device {absent} is not known here; auto takes its place"]
    assert tab.device == "auto"


def test_a_demo_server_caps_what_a_link_asks_for(monkeypatch) -> None:
    demo = controls.Limits.from_environment({"MOONVIZ_DEMO": "1"})
    monkeypatch.setattr(controls, "limits", lambda: demo)
    monkeypatch.setattr(sharing, "limits", lambda: demo)
    tab = Tab.fresh()
    notices = take(tab, State(settings={"depth": 1_000, "batch": 512}, repeats=50))
    assert notices == [
        "depth 1,000 → 256, the most that can be set here",
        "batch 512 → 256, the most that can be set here",
        "timed runs 50 → 11, the most that can be set here",
    ]
    assert (tab.settings["depth"], tab.settings["batch"], tab.repeats) == (256, 256, 11)
