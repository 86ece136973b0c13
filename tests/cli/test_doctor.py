"""`doctor`: what it checks, what its JSON holds, and that it notices what is wrong."""

from __future__ import annotations

import json

import pytest
import torch

from moonviz import doctor
from moonviz.calibration import Row, Spread, Table
from moonviz.cli import main
from moonviz.doctor import SLOW, TINY, Check, examine, relative_error
from moonviz.results import Result
from moonviz.specs import METHODS, PRESETS


@pytest.fixture(scope="module")
def healthy(tmp_path_factory) -> dict:
    path = tmp_path_factory.mktemp("doctor") / "found.json"
    assert main(["doctor", "--device", "cpu", "--json", str(path)]) == 0
    return json.loads(path.read_text())


def test_the_json_is_the_contracts(healthy):
    assert healthy.keys() == {"schema", "environment", "checks", "calibration"}
    assert healthy["calibration"].keys() == {"rows", "runs", "path", "note"}
    assert healthy["schema"] == 1
    assert healthy["environment"]["device"] == "cpu"
    assert all(check.keys() == {"name", "ok", "value", "limit", "message"} for check in healthy["checks"])


def test_every_method_is_checked_on_every_preset(healthy):
    checks = {check["name"]: check for check in healthy["checks"]}
    assert len(checks) == len(healthy["checks"])
    for name in PRESETS:
        for method in METHODS:
            if method in SLOW and name not in TINY:
                continue
            exact = checks[f"exactness: {method} on {name}"]
            assert exact["ok"]
            if exact["value"] is None:
                assert "does not apply" in exact["message"]
            else:
                assert exact["value"] <= exact["limit"] == 1e-9
        for method in ("backprop", "checkpointing", "moonwalk-mixed"):
            assert checks[f"exactness: {method} on {name}"]["value"] is not None
            assert checks[f"ledger equals dry run: {method} on {name}"]["value"] == 0
            assert checks[f"time: {method} on {name}"]["value"] > 0
    assert all(checks[f"exactness: {method} on {name}"]["value"] < 1e-9 for method in SLOW for name in TINY)
    assert checks["versions"]["value"] == torch.__version__


def test_without_counters_the_allocator_is_not_judged(healthy):
    found = [check for check in healthy["checks"] if check["name"].startswith("ledger and allocator")]
    assert len(found) >= 4 * len(PRESETS)
    assert all(check["ok"] and check["value"] is None and "no counters" in check["message"] for check in found)


def test_a_wrong_gradient_fails(monkeypatch, capsys):
    true = doctor.gradients

    def wrong(net, x, target, method):
        found = true(net, x, target, method=method)
        return {name: grad * 1.001 for name, grad in found.items()} if method == "moonwalk-mixed" else found

    monkeypatch.setattr(doctor, "PRESETS", {"digits-dense": PRESETS["digits-dense"]})
    monkeypatch.setattr(doctor, "gradients", wrong)
    assert main(["doctor", "--device", "cpu"]) == 1
    shown = capsys.readouterr().out
    assert "FAIL exactness: moonwalk-mixed on digits-dense: relative error 1.0e-03" in shown
    assert shown.count("FAIL") == 1


def test_full_checks_the_presets_at_their_own_size(monkeypatch):
    asked = []
    monkeypatch.setattr(doctor, "_exactness", lambda spec, device, methods: asked.append(spec) or ())
    monkeypatch.setattr(doctor, "TINY", {})
    monkeypatch.setattr(doctor, "PRESETS", dict(list(PRESETS.items())[:3]))
    monkeypatch.setattr(doctor, "_memory_and_times", lambda spec, device, repeats: ())
    examine("cpu", full=True)
    assert [spec.depth for spec in asked] == [32, 128, 16]
    examine("cpu")
    assert {spec.depth for spec in asked[3:]} == {doctor.TEST_SIZE["depth"]}
    assert {spec.dtype for spec in asked} == {"float64"}


@pytest.mark.parametrize(("more", "ok"), [(0, True), (4_096, True), (-1, False), (2**30, False)])
def test_an_allocator_takes_no_less_and_not_much_more_than_the_tensors(more, ok):
    result = Result(method="backprop", label="backprop", peak_bytes=2**20, allocator_peak_bytes=2**20 + more)
    check = doctor._ledger_against_allocator("here", result)
    assert (check.ok, check.value) == (ok, more)


def test_a_method_that_could_not_run_fails_the_check(monkeypatch):
    monkeypatch.setattr(doctor, "run_methods", lambda run: _Broken)
    monkeypatch.setattr(doctor, "PRESETS", {"digits-dense": PRESETS["digits-dense"]})
    found = [check for check in examine("cpu").checks if check.name.startswith("run: ")]
    assert found == [Check("run: backprop on digits-dense", False, "too_large", "ok", "too_large")]


def test_another_torch_is_told(monkeypatch):
    here = doctor.environment("cpu")
    assert doctor._versions(here).ok
    check = doctor._versions(here.model_copy(update={"torch": "2.9.1"}))
    assert not check.ok
    assert "checked with torch 2.13 only" in check.message


def _past(ratio: float, device: str = "cpu", note: str | None = None) -> Table:
    row = Row(device, "A processor", "backprop", Spread(1.0, 1.0, ratio, 2), None)
    return Table((row,), 2, "/state/file", note)


@pytest.mark.parametrize(
    ("past", "ok", "value", "words"),
    [
        (_past(1.0), True, 1.0, "at worst 1 times what was measured"),
        (_past(1.001), False, 1.001, "at worst 1.001 times what was measured; delete /state/file once"),
        (_past(1.1, "cuda"), True, None, "no run on the CPU is kept in /state/file yet"),
        (Table(note="it is locked"), True, None, "does not apply: it is locked"),
    ],
)
def test_past_predictions_on_the_cpu_are_to_be_exact(past, ok, value, words):
    check = doctor._past_predictions(past)
    assert (check.ok, check.value) == (ok, value)
    assert words in check.message


def test_past_predictions_are_shown_and_written(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(doctor, "PRESETS", {})
    monkeypatch.setattr(doctor, "table", lambda: _past(1.25, "cuda"))
    assert main(["doctor", "--device", "cpu", "--json", str(tmp_path / "found.json")]) == 0
    shown = capsys.readouterr().out
    assert "Predicted ÷ measured, 2 kept" in shown
    assert "1 (1 to 1.25)" in shown
    (row,) = json.loads((tmp_path / "found.json").read_text())["calibration"]["rows"]
    assert row["bytes"] == {"min": 1.0, "median": 1.0, "max": 1.25, "count": 2}


def test_a_missing_gradient_is_infinitely_wrong():
    one = {"a": torch.ones(2)}
    assert relative_error({}, one) == float("inf")
    assert relative_error({"a": torch.tensor([1.0, 2.0])}, one) == pytest.approx(0.5**0.5)


def test_its_threads_are_its_own(monkeypatch):
    monkeypatch.setattr(doctor, "PRESETS", {"digits-dense": PRESETS["digits-dense"]})
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        examine("cpu")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.cuda
def test_on_cuda_the_ledger_is_held_against_the_allocator():
    found = examine("cuda")
    assert found.ok, [check for check in found.checks if not check.ok]
    assert any(check.name.startswith("ledger and allocator") and check.value is not None for check in found.checks)


class _Broken:
    results = (Result(method="backprop", label="backprop", status="too_large"),)
