"""The section that trains, on a page of its own: the question, the states of its job, and what came out."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from moonviz.jobs.messages import Cancelled, Failed, Lost, Points, Queued, ResultMessage, StageMessage
from moonviz.results import Failure
from tests.figures.train_cases import points, training

AT_WORK = StageMessage(name="train", done=19, total=200)
CURVES = Points(points=points())


SCRIPT = """
import streamlit as st
from moonviz.ui.engine import tab
from moonviz.ui.state import defaults
from moonviz.ui.train import train_section
name = st.query_params.get("preset", "digits-dense")
if tab().preset != name:
    tab().preset, tab().settings = name, defaults(name)
train_section(tab())
"""


@pytest.fixture
def here(fake):
    """A page with nothing but the section, on a network that sees the digits."""
    return AppTest.from_string(SCRIPT, default_timeout=60).run()


def press(page, fake, *script):
    fake.script = list(script)
    return page.button(key="train.run").click().run()


def pills(page, key):
    return next(one for one in page.get("button_group") if one.proto.id.endswith(f"train.{key}"))


def trainings(fake):
    return [job for job, _ in fake.jobs if job.kind == "train"]


def charts(page):
    return page.get("plotly_chart")


def test_untouched_it_asks_and_has_run_nothing(here, fake, text):
    said = text(here)
    assert "Train it" in said
    assert not trainings(fake)
    assert not charts(here)


def test_it_trains_what_the_sentence_says(here, fake):
    pills(here, "first").set_value("checkpointing").run()
    here.number_input(key="train.steps").set_value(50).run()
    here.number_input(key="train.digits-dense.learning_rate").set_value(0.01).run()
    press(here, fake, Queued(position=0))
    (job,) = trainings(fake)
    assert [choice.label for choice in job.spec.methods] == ["checkpointing", "moonwalk-mixed"]
    assert (job.spec.steps, job.spec.learning_rate, job.spec.momentum) == (50, 0.01, 0.8)
    assert job.spec.network.name == "digits-dense"


def test_while_it_trains_curves_grow_and_cancel_reaches_the_engine(here, fake, text):
    press(here, fake, AT_WORK, CURVES)
    said = text(here)
    assert "Training, 20 of 200" in said
    assert "After 20 steps: Backprop 1.05, Moonwalk 1.55." in said
    assert len(charts(here)) == 3
    assert all(chart.proto.alt.endswith(".") for chart in charts(here))
    assert here.button(key="train.run").disabled
    here.button(key="train.cancel").click().run()
    assert fake.cancelled == [f"job-{len(fake.jobs)}"]
    fake.script = [AT_WORK, CURVES, Cancelled()]
    here.run()
    assert "Stopped while training; nothing is kept." in text(here)
    assert not here.button(key="train.run").disabled


def test_points_start_anew_after_it_gave_way_to_a_race(here, fake, text):
    press(here, fake, AT_WORK, CURVES, Queued(position=0))
    assert "Next in line" in text(here)
    assert not charts(here)
    fake.script += [Points(points=points()[:6])]
    here.run()
    assert "After 5 steps: Backprop 1.2, Moonwalk 1.7." in text(here)


def test_a_result_is_told_in_a_sentence_and_four_figures(here, fake, text):
    report = training(0.9722, 0.9722, 1.5e-6)
    press(here, fake, ResultMessage(data=report.model_dump(mode="json", by_alias=True)))
    said = text(here)
    assert "both reach <b>97.2 %</b> on images never trained on" in said
    assert len(charts(here)) == 4
    assert "a machine" in said
    assert "Settings changed. Train to update." in said, "the made-up report is of another training"


def test_a_result_of_what_is_asked_is_not_stale(here, fake, text):
    press(here, fake, Queued(position=0))
    (job,) = trainings(fake)
    report = training().model_copy(update={"spec": job.spec.model_dump(mode="json")})
    fake.script += [ResultMessage(data=report.model_dump(mode="json", by_alias=True))]
    here.run()
    assert "Settings changed" not in text(here)
    here.number_input(key="train.steps").set_value(60).run()
    assert "Settings changed. Train to update." in text(here)


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (Lost(error=Failure(message="It was killed.", remedy="Run it again.")), "The worker process died."),
        (Failed(reason="refused", error=Failure(message="No such pair.")), "This cannot be trained."),
        (Failed(reason="too_large", error=Failure(message="Needs more.")), "This training is too large"),
        (Failed(reason="failed", error=Failure(message="Broke.")), "The training failed."),
    ],
)
def test_a_bad_end_says_why_and_can_be_closed(here, fake, text, last, words):
    press(here, fake, AT_WORK, last)
    said = text(here)
    assert words in said
    assert last.error.message in said
    here.button(key="train.close").click().run()
    assert words not in text(here)


def test_one_method_twice_is_refused_in_words(here, fake, text):
    pills(here, "second").set_value("backprop").run()
    assert "`backprop` is asked for twice" in text(here) or "<code>backprop</code> is asked for twice" in text(here)
    press(here, fake, Queued(position=0))
    assert not trainings(fake)


def test_a_network_without_held_out_images_says_which_have_some(here, fake, text):
    here.query_params["preset"] = "photo-revnet"
    here.run()
    said = text(here)
    assert "Training needs images to test on." in said
    for name in ("digits-revnet", "digits-dense", "glow-tiny"):
        assert f"<code>{name}</code>" in said
    assert "train.run" not in {button.key for button in here.button}


def test_another_preset_brings_its_own_rule_and_ones_own_is_kept(here):
    here.number_input(key="train.digits-dense.learning_rate").set_value(0.5).run()
    here.query_params["preset"] = "glow-tiny"
    here.run()
    assert here.number_input(key="train.glow-tiny.learning_rate").value == 0.001
    here.query_params["preset"] = "digits-dense"
    here.run()
    assert here.number_input(key="train.digits-dense.learning_rate").value == 0.5
