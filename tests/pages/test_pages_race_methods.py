"""The Race page with every method: variants, what cannot train a network, and what takes very long."""

from __future__ import annotations

import pytest

from moonviz.jobs.messages import Describe, Queued, ResultMessage
from moonviz.results import LayerCard
from moonviz.ui import fitness
from moonviz.ui.state import Tab


def choose(page, *names):
    page.get("button_group")[0].set_value(list(names)).run()


def card(index, capability):
    return LayerCard(
        index=index, name="some", kind="ReLU", capability=capability, reason="Dead units.", in_shape=(64,),
        out_shape=(64,), parameters=10,
    ).model_dump(mode="json")  # fmt: skip


@pytest.fixture
def relu(page, fake):
    """The page on a network that a worker has just described."""
    page.selectbox(key="race.preset").set_value("relu-net").run()
    page.number_input(key="race.relu-net.width").set_value(48).run()
    job, _ = fake.jobs[-1]
    assert isinstance(job, Describe)
    ends = card(0, "outside the walk"), card(2, "outside the walk")
    fake.ends[f"job-{len(fake.jobs)}"] = ResultMessage(data=[ends[0], card(1, "fragmental"), ends[1]])
    return page.run()


def test_what_cannot_train_is_struck_and_refused_before_the_run(relu, fake, text):
    assert "needs layers that are invertible; layer 1 (ReLU) is not. Dead units." in text(relu)
    choose(relu, "backprop", "revbackprop")
    assert "Not every method can train this network." in text(relu)
    asked = len(fake.jobs)
    relu.button(key="race.run").click().run()
    assert len(fake.jobs) == asked
    choose(relu, "backprop", "moonwalk-mixed")
    relu.button(key="race.run").click().run()
    assert fake.jobs[-1][0].kind == "run"


def struck(page):
    return {one.content.strip("~") for one in page.get("button_group")[0].proto.options if one.content[:2] == "~~"}


def test_methods_are_struck_in_the_very_run_that_brings_the_network(page, fake):
    assert not struck(page)
    page.selectbox(key="race.preset").set_value("relu-net").run()
    assert struck(page) == {"revbackprop", "moonwalk-pure"}
    page.selectbox(key="race.preset").set_value("photo-revnet").run()
    assert not struck(page)
    assert not fake.jobs


def test_the_network_that_is_asked_about_is_the_one_that_was_just_chosen(page, fake):
    page.selectbox(key="race.preset").set_value("relu-net").run()
    page.number_input(key="race.relu-net.width").set_value(48).run()
    ((job, _),) = fake.jobs
    assert job.network.body[0].layers[0].width == 48
    assert not struck(page), "nothing is known of it yet"


def test_an_answer_that_another_tab_was_given_first_draws_this_one_anew(fake, monkeypatch):
    tab, drawn = Tab(asked=("a network", "job-1", 3)), []
    monkeypatch.setattr(fitness.st, "rerun", lambda: drawn.append(tab.asked))
    monkeypatch.setattr(fitness, "_known", dict)
    fitness._await(tab)
    assert not drawn
    monkeypatch.setattr(fitness, "_known", lambda: {"a network": None})
    fitness._await(tab)
    assert drawn == [None]


def test_a_network_is_described_once(relu, fake):
    asked = len(fake.jobs)
    relu.number_input(key="race.relu-net.depth").set_value(5).run()
    relu.run()
    assert len(fake.jobs) == asked


def test_slow_methods_say_how_slow_before_they_start(page, text):
    page.selectbox(key="race.preset").set_value("digits-dense").run()
    choose(page, "backprop", "forward")
    assert "forward takes 71,370 passes for one step" in text(page)


def test_variants_enter_the_race_by_themselves(page, fake):
    choose(page, "moonwalk-mixed", "projforward")
    phases = page.get("button_group")[1]
    phases.set_value(["residuals", "checkpointed"]).run()
    page.selectbox(key="race.anchors").set_value(4).run()
    page.number_input(key="race.directions").set_value(8).run()
    fake.script = [Queued(position=0)]
    page.button(key="race.run").click().run()
    labels = [choice.label for choice in fake.jobs[-1][0].spec.methods]
    assert labels == [
        "projforward:directions=8",
        "moonwalk-mixed:anchor_every=4",
        "moonwalk-mixed:phase_one=checkpointed,anchor_every=4",
    ]


def test_what_cannot_train_is_taken_out_by_a_button(relu, fake, text):
    choose(relu, "backprop", "revbackprop", "moonwalk-mixed")
    fake.script = [Queued(position=0)]
    next(one for one in relu.button if one.label == "Race without revbackprop").click().run()
    assert [choice.name for choice in fake.jobs[-1][0].spec.methods] == ["backprop", "moonwalk-mixed"]
    assert "Not every method can train this network." not in text(relu)
    assert not relu.button(key="race.cancel").disabled
