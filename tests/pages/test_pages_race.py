from __future__ import annotations

import pytest
from race_page import APP, BOTH, DENSE, SENTENCE, charts, kinds, played, run, statuses, text
from streamlit.testing.v1 import AppTest

from moonviz.data.stored import stored
from moonviz.jobs.messages import Cancelled, Failed, Lost, Queued, ResultMessage, StageMessage, Steps
from moonviz.results import Failure
from moonviz.ui import controls


def test_untouched_it_tells_the_stored_race(page, fake):
    said = text(page)
    assert SENTENCE in said
    assert "Stored result: " in said
    assert "What to notice:" in said
    fed = played(page)
    assert [one["label"] for one in fed["methods"]] == list(BOTH)
    assert not fed["live"]
    assert not fed["stale"]
    assert all(title in said for title in ("How far the gradients agree", "Where the time went", "Train it"))
    assert not fake.jobs


def test_every_figure_has_words_for_those_who_do_not_see_it(page):
    assert all(chart.proto.alt.endswith(".") for chart in charts(page))
    assert len(page.get("arrow_data_frame")) + len(page.dataframe) >= 5
    assert len(charts(page)) >= 4


def test_nothing_looks_like_a_demo(page):
    assert not {"metric", "title", "tabs", "success", "sidebar"} & set(kinds(page))
    assert all(key.startswith(("race.", "$$", "frame.")) for key in page.session_state._state.filtered_state)


def test_a_changed_setting_dims_the_result_and_runs_nothing(page, fake):
    page.number_input(key="race.photo-revnet.depth").set_value(16).run()
    said = text(page)
    assert "Settings changed. Run to update." in said
    assert SENTENCE in said
    before = played(page)
    assert before["stale"]
    assert not [job for job, _ in fake.jobs if job.kind == "run"]
    page.number_input(key="race.photo-revnet.depth").set_value(128).run()
    assert "Settings changed" not in text(page)
    assert played(page) == before | {"stale": False}


def test_run_is_the_one_button_that_updates(page, fake):
    page.number_input(key="race.photo-revnet.depth").set_value(16).run()
    fake.script = [Queued(position=0)]
    assert [one.key for one in page.button if one.key.startswith("race.")] == ["race.run"]
    page.button(key="race.run").click().run()
    assert fake.jobs[-1][0].spec.network.depth == 16
    assert played(page)["live"]


def test_another_network_brings_its_settings_and_its_stored_race(page):
    page.selectbox(key="race.preset").set_value("digits-dense").run()
    assert page.number_input(key="race.digits-dense.depth").value == 16
    assert page.number_input(key="race.digits-dense.slope").value == 0.5
    assert DENSE in text(page)


def test_a_notice_written_for_other_settings_says_so(page, fake):
    assert "<b>What to notice:</b>" in text(page)
    report = stored("photo-revnet", BOTH)
    other = report.model_copy(
        update={"network": report.network.model_copy(update={"spec": report.network.spec | {"batch": 2}})}
    )
    run(page, fake, ResultMessage(data=other.model_dump(mode="json", by_alias=True)))
    assert "<b>What to notice at this network’s usual settings:</b>" in text(page)


def test_without_a_method_there_is_nothing_to_run(page):
    page.get("button_group")[0].set_value([]).run()
    assert page.button(key="race.run").disabled
    assert "choose at least one" in text(page)


def test_a_demo_caps_what_can_be_chosen(fake, monkeypatch):
    monkeypatch.setenv("MOONVIZ_DEMO", "1")

    controls.limits.cache_clear()
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert page.number_input(key="race.photo-revnet.depth").max == 256
    assert page.number_input(key="race.repeats").max == 11
    controls.limits.cache_clear()


def test_run_asks_for_what_the_sentence_says(page, fake):
    page.selectbox(key="race.preset").set_value("digits-revnet").run()
    page.number_input(key="race.digits-revnet.depth").set_value(4).run()
    run(page, fake, Queued(position=0, starting=True))
    ((job, _),) = fake.jobs
    assert job.spec.network.depth == 4
    assert [choice.name for choice in job.spec.methods] == ["backprop", "moonwalk-mixed"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Queued(position=1), "Second in line"),
        (Queued(position=0, starting=True), "Starting PyTorch (about 2 s)"),
        (StageMessage(name="time", done=1, total=5, label="backprop"), "Timing, with nothing traced: backprop, 2 of 5"),
    ],
)
def test_waiting_and_running_are_told(page, fake, message, words):
    run(page, fake, message)
    assert words in text(page)
    assert SENTENCE not in text(page)
    assert page.button(key="race.run").disabled
    assert not page.button(key="race.cancel").disabled


def test_a_race_names_its_network_when_the_controls_have_moved_on(page, fake):
    run(page, fake, Queued(position=0))
    page.selectbox(key="race.preset").set_value("digits-dense").run()
    assert "Racing on photo-revnet, depth 128, batch 8, float32" in text(page)
    fake.script = [Queued(position=0), Cancelled()]
    page.run()
    assert "This was racing on photo-revnet, depth 128, batch 8, float32." in text(page)


def test_the_player_fills_while_it_is_traced_and_goes_on_with_the_result(page, fake):
    report = stored("photo-revnet", BOTH)
    steps = report.results[0].steps
    run(page, fake, Queued(position=1))
    assert statuses(page) == ["waiting", "waiting"]
    begun = [Queued(position=1), StageMessage(name="trace", done=0, total=2, label="backprop"),
             Steps(label="backprop", records=steps[:40])]  # fmt: skip
    fake.script = begun
    page.run()
    live = played(page)
    assert live["live"]
    assert statuses(page) == ["running", "waiting"]
    assert live["methods"][0]["events"]["n"] == 40
    assert live["network"]["kinds"][1][0] == "coupling"
    fake.script = [*begun, ResultMessage(data=report.model_dump(mode="json", by_alias=True))]
    page.run()
    done = played(page)
    assert done["id"] == live["id"]
    assert not done["live"]
    assert statuses(page) == ["ok", "ok"]
    assert done["methods"][0]["events"]["live"][:40] == live["methods"][0]["events"]["live"]


def test_cancel_reaches_the_engine_and_the_page_says_where_it_stopped(page, fake):
    steps = stored("photo-revnet", BOTH).results[0].steps[:40]
    begun = [StageMessage(name="trace", done=0, total=2), Steps(label="backprop", records=steps)]
    run(page, fake, *begun)
    page.button(key="race.cancel").click().run()
    assert fake.cancelled == ["job-1"]
    assert "Stopping" in text(page)
    fake.script = [*begun, Cancelled(at="anywhere")]
    page.run()
    said = text(page)
    stopped = "Stopped at layer 39 of sweep 1 (backprop); nothing is kept."
    assert SENTENCE not in said
    assert "Stored result: " not in said
    assert played(page)["stopped"] == stopped
    assert statuses(page) == ["cancelled", "cancelled"]
    page.button(key="race.close").click().run()
    assert SENTENCE in text(page)
    assert played(page)["stopped"] is None


def test_what_was_stopped_can_run_again_and_nothing_is_frozen_before_a_step(page, fake):
    run(page, fake, Queued(position=0), Cancelled())
    assert "Stopped before it began." in text(page)
    assert SENTENCE in text(page)
    fake.script = [Queued(position=0)]
    page.button(key="race.again").click().run()
    assert len(fake.jobs) == 2
    assert played(page)["live"]


def test_a_result_takes_the_page_and_survives_a_rerun(page, fake):
    report = stored("digits-dense", BOTH)
    run(page, fake, ResultMessage(data=report.model_dump(mode="json", by_alias=True)))
    for _ in range(2):
        said = text(page)
        assert DENSE in said
        assert "Measured here: " in said
        assert not page.button(key="race.run").disabled
        page.run()


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (Failed(reason="refused", error=Failure(message="`x` cannot.", layer="layer 3 (dense)", remedy="Swap it.")),
         ["cannot train this network", "<code>x</code> cannot.", "It is about layer 3 (dense).", "Swap it."]),
        (Failed(reason="too_large", error=Failure(message="Needs 9 GiB.", remedy="Take less.")),
         ["too large for this machine", "Needs 9 GiB.", "Take less."]),
        (Failed(reason="failed", error=Failure(message="It <broke>.")), ["The race failed.", "It &lt;broke&gt;."]),
        (Lost(error=Failure(message="It was killed.", remedy="Run it again.")), ["worker process died", "was killed"]),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_and_the_last_result_stays(page, fake, end, words):
    run(page, fake, StageMessage(name="check", done=0, total=1), end)
    said = text(page)
    assert all(word in said for word in words)
    assert 'role="alert"' in said
    assert SENTENCE in said
    page.button(key="race.again").click().run()
    assert len(fake.jobs) == 2
    assert fake.jobs[0][0] == fake.jobs[1][0]
