from __future__ import annotations

import pytest
from fake_engine import FakeEngine
from streamlit.testing.v1 import AppTest

from moonviz.jobs.messages import Cancelled, Estimate, Failed
from moonviz.lessons import lessons
from moonviz.results import Failure

NAMES = [lesson.name for lesson in lessons()]


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_opens(page: AppTest, fake: FakeEngine, name):
    page.query_params["lesson"] = name
    page.switch_page("pages/learn.py").run()
    assert not page.exception
    keys = [one.key for one in page.button]
    lesson = next(one for one in lessons() if one.name == name)
    racing = lesson.front.view.kind in ("player", "frontier") and "run" not in lesson.front.locks
    assert ("learn.run" in keys) == racing


def test_a_race_that_was_not_stored_is_predicted(page, fake, text):
    page.query_params["lesson"] = "3"
    page.switch_page("pages/learn.py").run()
    assert "Predicting this race by a dry run" in text(page)
    ((job, _),) = fake.jobs
    assert isinstance(job, Estimate)
    assert [one.name for one in job.spec.methods] == ["backprop", "forward"]
    fake.ends["job-1"] = Failed(reason="failed", error=Failure(message="It fell over."))
    page.run()
    assert "It fell over." in text(page)


def test_run_races_the_lesson_s_own_network(page, fake, text):
    page.query_params["lesson"] = "6"
    page.switch_page("pages/learn.py").run()
    page.button(key="learn.run").click().run()
    ((job, _),) = fake.jobs
    assert job.kind == "run"
    assert job.spec.network.name == "digits-revnet"
    assert "Running digits-revnet" in text(page)
    page.button(key="learn.cancel").click().run()
    fake.script = [Cancelled()]
    page.run()
    assert "This run did not finish." in text(page)


@pytest.mark.parametrize(
    ("hide", "gone", "there"),
    [
        ("", (), ("learn.run",)),
        ("run", ("learn.run",), ()),
        ("lessons", (), ("learn.run",)),
        ("view", ("learn.run",), ()),
    ],
)
def test_a_link_hides_what_it_names(page, fake, hide, gone, there):
    page.query_params["lesson"] = "6"
    page.query_params["hide"] = hide
    page.switch_page("pages/learn.py").run()
    assert not page.exception
    keys = {one.key for one in page.button}
    assert keys.issuperset(there)
    assert not keys & set(gone)


def test_the_choice_of_methods_can_be_hidden(page, fake):
    page.query_params["lesson"] = "4"
    page.switch_page("pages/learn.py").run()
    assert any(one.proto.id.endswith("learn.methods-04-projected-gradients") for one in page.get("button_group"))
    page.query_params["hide"] = "methods"
    page.run()
    assert not any("learn.methods" in one.proto.id for one in page.get("button_group"))


def test_another_choice_of_methods_is_raced(page, fake):
    page.query_params["lesson"] = "6"
    page.switch_page("pages/learn.py").run()
    pills = next(one for one in page.get("button_group") if "learn.methods" in one.proto.id)
    pills.set_value(["moonwalk-mixed", "backprop", "checkpointing"]).run()
    page.button(key="learn.run").click().run()
    ((job, _),) = fake.jobs
    assert [one.name for one in job.spec.methods] == ["backprop", "checkpointing", "moonwalk-mixed"]
