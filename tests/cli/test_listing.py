"""`presets`, `methods`, `describe` and help: what can be known without running anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from moonviz.cli import main
from moonviz.cli.tables import fold
from moonviz.networks import describe
from moonviz.specs import METHODS, PRESETS, NetworkSpec, preset

ROOT = Path(__file__).parents[2]


def test_listing_and_help_leave_torch_out():
    calls = [["--help"], ["presets"], ["methods"], ["run", "--help"], ["presets", "--json", "-"], ["run", "x"]]
    code = (
        f"import sys; from moonviz.cli import main; [main(call) for call in {calls}]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True).returncode == 0


@pytest.mark.parametrize("command", ["presets", "methods", "describe", "run", "estimate", "doctor"])
def test_every_command_has_help(command, capsys):
    assert main([command, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_no_command_shows_the_help(capsys):
    assert main([]) == 2
    captured = capsys.readouterr()
    assert "presets" in captured.out + captured.err
    assert "Error" not in captured.err


def test_presets_are_listed_with_their_settings(capsys):
    assert main(["presets"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in PRESETS)
    assert "depth=128" in shown


def test_presets_as_json(capsys):
    assert main(["presets", "--json", "-"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == 1
    assert [card["name"] for card in data["presets"]] == list(PRESETS)
    assert data["presets"][0]["settings"]["properties"]["depth"]["default"] == 32
    assert data["presets"][0].keys() == {"name", "title", "about", "notice", "settings"}


def test_methods_are_listed_with_cost_and_needs(capsys):
    assert main(["methods"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in METHODS)
    assert "5LC" in shown
    assert "phase_one=residuals" in shown


def test_methods_as_json(tmp_path):
    path = tmp_path / "methods.json"
    assert main(["methods", "--json", str(path)]) == 0
    data = json.loads(path.read_text())
    assert [card["name"] for card in data["methods"]] == list(METHODS)
    cards = {card["name"]: card for card in data["methods"]}
    assert cards["moonwalk-mixed"]["needs"] == "fragmental"
    assert cards["moonwalk-mixed"]["schedule"][2]["phase"] == "advance"


def test_describe_shows_layers_folded_and_their_capability(capsys):
    assert main(["describe", "digits-dense", "--depth", "6", "--batch", "3"]) == 0
    shown = capsys.readouterr().out
    assert "6 blocks" in shown
    assert "batch 3" in shown
    assert "1–11 by 2" in shown
    assert "2–12 by 2" in shown
    assert "invertible" in shown


def test_describe_as_json_is_the_network_of_a_result(capsys):
    assert main(["describe", "digits-revnet", "--depth", "2", "--json", "-"]) == 0
    captured = capsys.readouterr()
    network = json.loads(captured.out)["network"]
    assert NetworkSpec.read(network["spec"]) == preset("digits-revnet", depth=2)
    assert [layer["index"] for layer in network["layers"]] == [0, 1, 2, 3]
    assert network["layers"][1].keys() == {
        "index", "name", "kind", "capability", "reason", "in_shape", "out_shape", "parameters",
    }  # fmt: skip
    assert "coupling" in captured.err


def test_folding_keeps_every_layer():
    layers = describe(preset("digits-dense", depth=5))
    folded = list(fold(layers))
    assert [(index, times) for index, times, _ in folded] == [
        ("0", 1), ("1–9 by 2", 5), ("2–10 by 2", 5), ("11", 1),
    ]  # fmt: skip
    assert sum(times for _, times, _ in folded) == len(layers)
    alike = describe(preset("digits-revnet", depth=3))
    assert [(index, times) for index, times, _ in fold(alike)] == [("0", 1), ("1–3", 3), ("4", 1)]
