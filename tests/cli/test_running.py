"""`run` and `estimate`: what is shown, what is written, and which exit code it gives."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from moonviz.cli import main
from moonviz.cli.progress import ProgressBar
from moonviz.cli.report import footnotes, verdict
from moonviz.results import Agreement, Report, Result
from moonviz.specs import METHODS, preset

ROOT = Path(__file__).parents[2]
SMALL = ["digits-dense", "--depth", "3", "--batch", "4", "--method", "backprop", "--method", "moonwalk-mixed"]
TIMED = [*SMALL, "--repeats", "2"]


def report_of(capsys) -> Report:
    """What stands on standard output, which must be a report's JSON and nothing else."""
    return Report.from_json(capsys.readouterr().out)


def test_a_run_gives_every_method_in_order(capsys):
    assert main(["run", *TIMED, "--dtype", "float64", "--json", "-"]) == 0
    report = report_of(capsys)
    assert [result.label for result in report.results] == ["backprop", "moonwalk-mixed"]
    for result in report.results:
        assert result.status == "ok"
        assert not result.predicted
        assert result.seconds.repeats == 2
        assert result.gradient.relative_error <= 1e-9
        assert result.agreement("float64") == "same"


def test_the_json_is_the_contracts(capsys):
    assert main(["run", *TIMED, "--json", "-"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == 1
    assert data.keys() == {"schema", "environment", "network", "results", "run", "truth_sample"}
    assert data["network"].keys() == {"spec", "layers"}
    assert data["results"][0].keys() >= {
        "method", "options", "label", "status", "error", "peak_bytes", "activation_peak_bytes", "gradient_bytes",
        "parameter_bytes", "input_bytes", "allocator_peak_bytes", "flops", "loss", "seconds", "gradient", "steps",
    }  # fmt: skip
    assert data["results"][0]["gradient"].keys() == {
        "reference", "relative_error", "cosine", "max_abs_error", "relative_error_to_backprop", "per_parameter",
        "sample",
    }  # fmt: skip
    assert data["results"][0]["steps"][0].keys() == {
        "index", "phase", "layer", "seconds", "live_bytes", "peak_bytes", "by_category", "passes", "held_added",
        "held_removed",
    }  # fmt: skip


def test_an_estimate_is_the_runs_bytes_without_seconds_or_gradient(capsys):
    assert main(["run", *TIMED, "--json", "-"]) == 0
    measured = report_of(capsys)
    assert main(["estimate", *SMALL, "--json", "-"]) == 0
    predicted = report_of(capsys)
    for real, dry in zip(measured.results, predicted.results, strict=True):
        assert dry.predicted
        assert dry.seconds is None
        assert dry.gradient is None
        assert (dry.peak_bytes, dry.activation_peak_bytes, dry.flops) == (
            real.peak_bytes, real.activation_peak_bytes, real.flops,
        )  # fmt: skip


def test_changes_reach_the_run(capsys):
    changes = ["--set", "slope=0.25", "--set", "width=16", "--depth", "2", "--batch", "5", "--dtype", "float64"]
    labels = ["--method", "moonwalk-mixed:phase_one=residuals", "--seed", "9"]
    assert main(["estimate", "digits-dense", *changes, *labels, "--json", "-"]) == 0
    report = report_of(capsys)
    asked = preset("digits-dense", slope=0.25, width=16, depth=2, batch=5, dtype="float64", seed=9)
    assert report.network.spec == asked.model_dump(mode="json")
    assert report.results[0].options["phase_one"] == "residuals"


def test_the_seed_is_also_the_batchs(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr("moonviz.cli.work.run_methods", lambda spec, *_: asked.append(spec) or _report())
    assert main(["run", *TIMED, "--seed", "9"]) == 0
    assert (asked[0].network.seed, asked[0].batch_seed, asked[0].repeats) == (9, 9, 2)


def test_the_same_seed_gives_the_same_loss(capsys):
    losses = []
    for seed in ("3", "3", "4"):
        assert main(["run", *TIMED, "--seed", seed, "--json", "-"]) == 0
        losses.append(report_of(capsys).results[0].loss)
    assert losses[0] == losses[1] != losses[2]


def test_a_json_file_runs_like_its_preset(tmp_path, capsys):
    path = tmp_path / "net.json"
    path.write_text(preset("digits-dense", depth=2, batch=4).model_dump_json())
    assert main(["estimate", str(path), "--depth", "3", "--method", "backprop", "--json", "-"]) == 0
    from_file = report_of(capsys)
    assert main(["estimate", "digits-dense", *SMALL[1:5], "--method", "backprop", "--json", "-"]) == 0
    assert from_file.results == report_of(capsys).results


def test_the_table_has_units_and_words(capsys):
    assert main(["run", *TIMED]) == 0
    captured = capsys.readouterr()
    assert "KiB" in captured.out
    assert "ms" in captured.out or "µs" in captured.out
    assert "digits agree" in captured.out
    assert "at most 1e-05, as float32 allows" in captured.out
    assert "predicted" not in captured.out.lower()
    assert captured.err == ""


def test_an_estimates_table_says_predicted(capsys):
    assert main(["estimate", *SMALL]) == 0
    shown = capsys.readouterr().out
    assert "Peak, predicted" in shown
    assert "nothing was computed" in shown
    assert "Step time" not in shown


def test_what_is_too_large_leaves_the_others_standing(tmp_path, monkeypatch, capsys):
    assert main(["estimate", "digits-revnet", "--depth", "4", *SMALL[5:], "--json", "-"]) == 0
    backprop, moonwalk = (result.peak_bytes for result in report_of(capsys).results)
    monkeypatch.setenv("MOONVIZ_MAX_BYTES", str((backprop + moonwalk) // 2))
    out = tmp_path / "out.json"
    assert main(["run", "digits-revnet", "--depth", "4", *SMALL[5:], "--repeats", "1", "--json", str(out)]) == 1
    large, fine = Report.from_json(out.read_bytes()).results
    assert (large.status, fine.status) == ("too_large", "ok")
    assert fine.peak_bytes == moonwalk
    shown = capsys.readouterr().out
    assert "does not fit" in shown
    assert "raise MOONVIZ_MAX_BYTES" in shown


@pytest.mark.parametrize(("rate", "says"), [(1.0, "This run would take at least"), (None, "This was stopped after")])
def test_a_run_over_time_is_refused_or_stopped_in_one_line(rate, says, monkeypatch, capsys):
    monkeypatch.setenv("MOONVIZ_MAX_SECONDS", "1e-6")
    monkeypatch.setattr("moonviz.jobs.compute._flops_per_second", lambda device: rate)
    assert main(["run", *TIMED, "--json", "-"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"Error: {says}")
    assert captured.err.count("\n") == 1


def test_an_interrupted_run_says_so(monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("moonviz.cli.work.run_methods", interrupt)
    assert main(["run", *TIMED]) == 1
    assert capsys.readouterr().err == "Error: interrupted\n"


def test_a_full_disk_is_told_after_the_table(tmp_path, monkeypatch, capsys):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    assert main(["estimate", *SMALL, "--json", str(tmp_path / "out.json")]) == 1
    captured = capsys.readouterr()
    assert "moonwalk-mixed" in captured.out
    assert captured.err == "Error: [Errno 28] No space left on device\n"


def test_a_noisy_estimate_is_called_so_however_well_it_agrees(monkeypatch):
    result = Result(method="projforward", label="projforward", gradient=_agreement(0.0))
    monkeypatch.setitem(METHODS, "projforward", _Noisy)
    assert verdict(result, "float32") == "noisy estimate, cosine 0.98"


@pytest.mark.parametrize(("error", "word"), [(1e-7, "same"), (1e-3, "drifting"), (3.0, "not the gradient")])
def test_agreement_is_told_in_words(error, word):
    result = Result(method="moonwalk-mixed", label="moonwalk-mixed", gradient=_agreement(error))
    assert verdict(result, "float32").startswith(word)


def test_times_taken_beside_other_work_are_marked(capsys):
    spoilt = Result(method="backprop", label="backprop", shared_machine=True)
    assert any("Other work ran on this machine" in note for note in footnotes(_report(spoilt)))


def test_progress_is_for_terminals_only():
    for is_terminal in (True, False):
        screen = io.StringIO()
        with ProgressBar(Console(file=screen, force_terminal=is_terminal)) as bar:
            bar.stage("trace", 1, 2, "backprop")
            bar.tick()
            assert ("trace: backprop" in screen.getvalue()) is is_terminal
        assert is_terminal or screen.getvalue() == ""


def test_the_process_itself_keeps_standard_output_pure_and_gives_the_code(tmp_path):
    run = [sys.executable, "-m", "moonviz", "run", *TIMED, "--json", "-"]
    done = subprocess.run(run, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Report.from_json(done.stdout).results[1].status == "ok"
    assert "moonwalk-mixed" in done.stderr
    refused = [sys.executable, "-m", "moonviz", "run", "nothing", "--method", "backprop", "--json", "-"]
    done = subprocess.run(refused, check=False, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.cuda
def test_a_run_on_cuda_shows_the_allocators_peak(capsys):
    assert main(["run", *TIMED, "--device", "cuda", "--json", "-"]) == 0
    report = report_of(capsys)
    assert report.environment.device == "cuda"
    assert all(result.allocator_peak_bytes >= result.peak_bytes for result in report.results)


class _Noisy:
    exact = False


def _agreement(error: float) -> Agreement:
    return Agreement(
        reference="float64 autograd",
        relative_error=error,
        cosine=0.98,
        max_abs_error=error,
        relative_error_to_backprop=error,
    )


def _report(*results: Result) -> Report:
    here = {"python": "3.11", "torch": "2.13.0", "moonviz": "0.1.0", "system": "Linux", "machine": "a machine"}
    here |= {"device": "cpu", "cores": 2, "threads": 1, "memory_bytes": 2**30}
    spec = preset("digits-dense").model_dump(mode="json")
    return Report(environment=here, network={"spec": spec}, results=results)
