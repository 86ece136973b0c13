from __future__ import annotations

import pytest

from moonviz.estimates.points import PeakPoint
from moonviz.jobs.messages import Peaks, Queued, ResultMessage
from moonviz.results import Failure
from moonviz.ui.whatif_points import stored_peaks

OPENS = "With 24 GiB, backprop stops at 184 blocks."


@pytest.fixture
def whatif(page):
    return page.switch_page("pages/whatif.py").run()


def control(page, kind, name):
    return next(one for one in page.get(kind) if f"whatif.{name}." in one.proto.id)


def charts(page):
    return page.get("plotly_chart")


@pytest.fixture
def nothing_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("MOONVIZ_STATE", str(tmp_path))


def test_untouched_it_answers_at_once_from_stored_dry_runs(nothing_measured, whatif, text, fake):
    said = text(whatif)
    assert OPENS in said
    assert said.count('role="listitem"') == 4
    assert "✓ confirmed by a dry run" in said
    assert "gave what was extrapolated, to the byte" in said
    assert len(charts(whatif)) == 3
    assert all(chart.proto.alt.endswith(".") for chart in charts(whatif))
    assert "Run a race and it appears here" in said
    assert "Memory is one wall, precision the other" in said
    assert not fake.jobs


@pytest.mark.parametrize(
    ("kind", "name", "value", "words"),
    [
        ("select_slider", "budget", 2**30, "With 1 GiB, backprop stops at"),
        ("button_group", "sizes", 80 * 2**30, "With 80 GiB, backprop stops at"),
        ("selectbox", "device", "Tesla T4 (Colab)", "With 15 GiB, backprop stops at"),
        ("selectbox", "device", "memory", "counting tensors alone"),
        ("selectbox", "optimizer", "adam", "Adam, on a CUDA GPU"),
        ("number_input", "batch", 16, "Deepest network that fits, batch 16"),
        ("select_slider", "depth-slider", 512, "Largest batch at 512 blocks"),
        ("button_group", "methods", ["backprop"], "reaches <b>184 blocks</b>."),
    ],
)
def test_every_control_answers_at_once(whatif, text, kind, name, value, words):
    control(whatif, kind, name).set_value(value).run()
    assert words in text(whatif)


def test_controls_of_one_thing_move_together(whatif, text):
    control(whatif, "number_input", "depth").set_value(200).run()
    assert control(whatif, "select_slider", "depth-slider").value == 192
    control(whatif, "select_slider", "depth-slider").set_value(64).run()
    assert control(whatif, "number_input", "depth").value == 64
    control(whatif, "selectbox", "device").set_value("H200").run()
    control(whatif, "select_slider", "budget").set_value(8 * 2**30).run()
    assert control(whatif, "selectbox", "device").value == "gpu"
    assert "With 8 GiB" in text(whatif)


def test_another_width_is_guessed_then_confirmed_by_dry_runs(whatif, fake, text):
    control(whatif, "select_slider", "wide").set_value(512).run()
    said = text(whatif)
    assert "≈ scaled from other settings" in said
    assert "Dry-running in the background: backprop, a few short ones to go by" in said
    job = fake.jobs[-1][0]
    assert (job.kind, job.methods[0].name, job.samples) == ("sweep", "backprop", True)
    assert job.network.stem[0].channels == 512
    # As if the dry runs of the other width were those of this one: what matters is that they are taken.
    points = tuple(one for one in stored_peaks("photo-revnet") if one.label == "backprop")
    fake.script = [Queued(position=0), Peaks(points=points), ResultMessage(data=[])]
    whatif.run()
    assert "With 24 GiB, backprop stops at 184 blocks" in text(whatif)


def test_a_move_drops_the_dry_runs_that_nobody_asks_for_any_more(whatif, fake):
    control(whatif, "select_slider", "wide").set_value(512).run()
    before = len(fake.jobs)
    control(whatif, "select_slider", "wide").set_value(384).run()
    assert fake.cancelled == [f"job-{before}"]
    assert fake.jobs[-1][0].network.stem[0].channels == 384


def test_a_network_nobody_has_dry_run_says_that_they_are_on_their_way(whatif, fake, text):
    control(whatif, "selectbox", "preset").set_value("relu-net").run()
    said = text(whatif)
    assert "Dry runs are on their way." in said
    assert "Its first dry runs are on their way." in said
    why = Failure(message="`backprop` cannot train this.")
    refused = PeakPoint(label="backprop", method="backprop", depth=8, batch=64, status="refused", error=why)
    fake.script = [Peaks(points=(refused,)), ResultMessage(data=[])]
    whatif.run()
    assert "<code>backprop</code> cannot train this." in text(whatif)


def test_no_method_is_told(whatif, text):
    control(whatif, "button_group", "methods").set_value([]).run()
    assert "No method is chosen." in text(whatif)


def test_the_network_goes_to_race_only_when_it_is_handed_over(whatif, text):
    control(whatif, "number_input", "depth").set_value(16).run()
    whatif.switch_page("pages/race.py").run()
    assert whatif.number_input(key="race.photo-revnet.depth").value == 128
    whatif.switch_page("pages/whatif.py").run()
    assert control(whatif, "number_input", "depth").value == 16
    whatif.button(key="whatif.race").click().run()
    depth = next(one for one in whatif.number_input if one.key.startswith("race.photo-revnet.depth"))
    assert depth.value == 16
    text(whatif)


def test_precision_is_measured_when_it_is_asked_for(whatif, fake, text):
    whatif.button(key="whatif.measure").click().run()
    job = fake.jobs[-1][0]
    assert job.kind == "precision"
    assert job.spec.network.batch == 4
    assert "Measuring photo-revnet at depths 4, 8, 16, 32, 64, 128" in text(whatif)
