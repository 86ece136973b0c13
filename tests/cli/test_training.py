"""`train`: what is shown, what is written, and what is refused before any work."""

from __future__ import annotations

import pytest

from moonviz.cli import main
from moonviz.training import TrainReport

SMALL = ["train", "digits-dense", "--depth", "2", "--batch", "16", "--steps", "6"]
BOTH = ["--method", "backprop", "--method", "moonwalk-mixed:phase_one=inverse"]


def test_a_training_is_told_and_written(capsys, tmp_path):
    path = tmp_path / "training.json"
    assert main([*SMALL, *BOTH, "--dtype", "float64", "--seed", "3", "--rate", "0.05", "--json", str(path)]) == 0
    said = capsys.readouterr().out
    assert "After 6 steps both reach" in said
    assert "Right on held-out images" in said
    report = TrainReport.from_json(path.read_text())
    assert [one.label for one in report.runs] == ["backprop", "moonwalk-mixed:phase_one=inverse"]
    assert report.points[-1].step == 6
    assert (report.spec["learning_rate"], report.spec["batch_seed"]) == (0.05, 3)
    assert report.points[-1].max_abs_difference < 1e-12


def test_the_rule_is_the_presets_unless_it_is_given(capsys):
    assert main([*SMALL, *BOTH, "--json", "-"]) == 0
    report = TrainReport.from_json(capsys.readouterr().out)
    assert (report.spec["learning_rate"], report.spec["momentum"]) == (0.02, 0.8)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "photo-revnet", *BOTH], "only the handwritten digits have images held out"),
        ([*SMALL, "--method", "backprop"], "`methods`"),
        ([*SMALL, *BOTH, "--rate", "0"], "`learning_rate`"),
        (["train", "relu-net", "--method", "backprop", "--method", "revbackprop"], "`revbackprop` needs every layer"),
    ],
)
def test_what_cannot_be_trained_exits_with_2_and_one_line(capsys, arguments, words):
    assert main(arguments) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said


def test_too_long_a_training_is_refused(capsys, monkeypatch):
    monkeypatch.setenv("MOONVIZ_MAX_SECONDS", "0.000001")
    assert main([*SMALL, *BOTH]) == 1
    assert "Fewer `steps` help too" in capsys.readouterr().err


def test_a_training_that_stops_exits_with_1(capsys):
    assert main([*SMALL, *BOTH, "--rate", "100"]) == 1
    assert "stopped at step" in capsys.readouterr().out
