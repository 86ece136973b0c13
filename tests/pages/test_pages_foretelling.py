"""How long a race will take, on its page, before Run is pressed."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from moonviz.data.stored import stored
from moonviz.jobs.engine import Speed
from moonviz.jobs.messages import Failed, ResultMessage
from moonviz.results import Failure
from moonviz.ui import foretelling

APP = foretelling.__file__.rpartition("/moonviz/")[0] + "/app.py"


@pytest.fixture
def page(fake):
    """The app on a server whose worker has told how fast it is."""
    fake.fast = Speed(1e9, 0.0)
    return AppTest.from_file(APP, default_timeout=60).run()


def choose(page, *names):
    page.get("button_group")[0].set_value(list(names)).run()


def estimates(fake):
    return [(n, job) for n, (job, _) in enumerate(fake.jobs, 1) if job.kind == "estimate"]


def test_the_untouched_page_foretells_from_the_stored_race_and_asks_nobody(page, fake, text):
    backprop, walk = (stored("photo-revnet", (label,)).results[0] for label in ("backprop", "moonwalk-mixed"))
    both = backprop.flops + walk.flops
    said = text(page)
    assert f"<span>backprop</span>&nbsp;<b>{round(backprop.flops / 6e10):.0f} min</b>" in said
    assert f"The race takes 7 of each, about <b>{round(7 * both / 6e10 / 10) * 10} min</b>" in said
    assert "It would be stopped after 10 min." in said
    assert not fake.jobs


def test_without_a_known_speed_nothing_is_said_and_nobody_is_asked(fake, text):
    page = AppTest.from_file(APP, default_timeout=60).run()
    page.number_input(key="race.photo-revnet.depth").set_value(16).run()
    assert "Predicted for one step" not in text(page)
    assert not estimates(fake)


def test_another_size_is_dry_run_once_and_then_known(page, fake, text):
    page.number_input(key="race.photo-revnet.depth").set_value(16).run()
    page.run()
    ((number, job),) = estimates(fake)
    assert job.spec.network.depth == 16
    results = [
        {"label": "backprop", "flops": 3 * 10**9, "steps": [{"passes": 1}]},
        {"label": "moonwalk-mixed", "flops": 5 * 10**9, "steps": [{"passes": 1}]},
    ]
    fake.ends[f"job-{number}"] = ResultMessage(data={"results": results, "network": {"layers": []}})
    page.run()
    page.run()
    said = text(page)
    assert "<span>backprop</span>&nbsp;<b>3 s</b>, <span>moonwalk-mixed</span>&nbsp;<b>5 s</b>. " in said
    assert "The race takes 7 of each, about <b>60 s</b>" in said
    assert len(estimates(fake)) == 1


def test_run_is_heard_when_the_cost_arrives_with_it(page, fake):
    page.number_input(key="race.photo-revnet.depth").set_value(16).run()
    page.run()
    ((number, _),) = estimates(fake)
    results = [{"label": name, "flops": 10**9, "steps": [{"passes": 1}]} for name in ("backprop", "moonwalk-mixed")]
    fake.ends[f"job-{number}"] = ResultMessage(data={"results": results, "network": {"layers": []}})
    page.button(key="race.run").click().run()
    assert [job.spec.network.depth for job, _ in fake.jobs if job.kind == "run"] == [16]


def test_forward_is_foretold_by_one_direction_and_too_slow_it_is_an_estimate_only(page, fake, text):
    fake.fast = Speed(1e12, 0.0)
    page.run()
    choose(page, "backprop", "forward")
    ((number, job),) = estimates(fake)
    assert [choice.name for choice in job.spec.methods] == ["backprop", "projforward"]
    results = [
        {"label": "backprop", "flops": 10**12, "steps": [{"passes": 1}]},
        {"label": "projforward", "flops": 2 * 10**12, "steps": [{"passes": 1}]},
    ]
    layers = [{"parameters": 86_400, "in_shape": [1]}]
    fake.ends[f"job-{number}"] = ResultMessage(data={"results": results, "network": {"layers": layers}})
    page.run()
    page.run()
    assert (
        "<span>forward</span>&nbsp;<b>2 days</b> (too slow: estimate only). The race takes 7 of each, about <b>7 s</b>"
        in text(page)
    )


def test_a_cost_that_cannot_be_told_is_not_asked_for_again(page, fake, text):
    page.number_input(key="race.photo-revnet.depth").set_value(12).run()
    ((number, _),) = estimates(fake)
    fake.ends[f"job-{number}"] = Failed(reason="failed", error=Failure(message="No."))
    page.run()
    page.run()
    assert len(estimates(fake)) == 1
    assert "Predicted for one step" not in text(page)


def test_settings_that_change_again_call_the_question_back(page, fake):
    page.number_input(key="race.photo-revnet.depth").set_value(16).run()
    page.number_input(key="race.photo-revnet.depth").set_value(17).run()
    (first, _), (_, second) = estimates(fake)
    assert fake.cancelled == [f"job-{first}"]
    assert second.spec.network.depth == 17
