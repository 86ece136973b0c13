"""Bad input and refused pairs: exit code 2, one clear line, no work done, standard output empty."""

from __future__ import annotations

import json

import pytest

from moonviz.cli import main
from moonviz.specs.base import MAX_TEXT_BYTES

RUN = ["run", "digits-revnet", "--method", "backprop"]


def refused(capsys, *arguments: str) -> str:
    """The one line that refuses; nothing else is said."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: ")
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.fixture(autouse=True)
def _no_work(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("work was begun")

    monkeypatch.setattr("moonviz.cli.work.run_methods", fail)
    monkeypatch.setattr("moonviz.cli.work.estimate_methods", fail)


@pytest.fixture
def network_file(tmp_path):
    def write(body, **fields) -> str:
        path = tmp_path / "net.json"
        data = {"name": "mine", "stem": [{"kind": "flatten"}, {"kind": "dense", "width": 8}], "body": body}
        path.write_text(json.dumps(data | {"head": [{"kind": "dense", "width": 10}]} | fields))
        return str(path)

    return write


def dense(repeat: int = 1) -> dict:
    return {"layers": [{"kind": "dense", "width": 8}, {"kind": "leaky_relu"}], "repeat": repeat}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "digits-revnte", "--method", "backprop"], "`digits-revnte` is neither a preset nor a JSON file"),
        (["run", "digits-revnet", "--method", "bakprop"], "there is no method `bakprop`; the methods are `backprop`"),
        (["run", "digits-revnet"], "Missing option '--method'"),
        ([*RUN, "--method", "backprop"], "`backprop` is asked for twice"),
        (["run", "digits-revnet", "--method", "backprop:phase=1"], "options of `backprop`: `phase`"),
        (["run", "digits-revnet", "--method", "moonwalk-mixed:phase_one=sideways"], "'residuals'"),
        (["run", "digits-revnet", "--method", "moonwalk-mixed:phase_one"], "takes `key=value`, not `phase_one`"),
        (["run", "digits-revnet", "--method", "moonwalk-mixed:"], "takes `key=value`"),
        (["run", "digits-revnet", "--method", "moonwalk-mixed:phase_one=a,phase_one=b"], "gives `phase_one` twice"),
        ([*RUN, "--set", "colour=3"], "its settings: `depth`"),
        ([*RUN, "--set", "slope"], "`--set` takes `key=value`, not `slope`"),
        ([*RUN, "--set", "slope=2"], "`slope`: input should be less than or equal to 1 (given: 2)"),
        ([*RUN, "--set", "slope=NaN"], "`slope`"),
        ([*RUN, "--set", "slope=steep"], "`slope`"),
        ([*RUN, "--set", "slope=0.2", "--set", "slope=0.3"], "`--set` gives `slope` twice"),
        ([*RUN, "--depth", "0"], "`depth`: input should be greater than or equal to 1 (given: 0)"),
        ([*RUN, "--depth", "10001"], "`depth`: input should be less than or equal to 10000"),
        ([*RUN, "--depth", "many"], "Invalid value for '--depth'"),
        ([*RUN, "--depth", "4", "--set", "depth=5"], "`depth` is given twice"),
        ([*RUN, "--batch", "0"], "`batch`"),
        ([*RUN, "--dtype", "float8"], "`dtype`"),
        ([*RUN, "--seed", "-1"], "`seed`"),
        ([*RUN, "--repeats", "0"], "`repeats`"),
        ([*RUN, "--device", "tpu"], "`device`"),
        ([*RUN, "--speed", "9"], "No such option"),
        (["rum"], "No such command"),
        (["describe", "digits-revnet", "--depth", "0"], "`depth`"),
        (["estimate", "digits-revnet", "--method", "bakprop"], "there is no method `bakprop`"),
    ],
)
def test_bad_arguments(arguments, says, capsys):
    assert says in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not strict JSON"),
        ("{", "not strict JSON"),
        ("[" * 5000, "is not a network"),
        ("[]", "is not a network"),
        ("\x00", "is not a network"),
        ('{"body": []}', "`body`"),
        ('{"body": [{"layers": [{"kind": "dense", "width": NaN}]}]}', "not strict JSON"),
        (
            '{"data": "own:00000000000000000000000000000000:4:2:20", "body": [{"layers": [{"kind": "permute"}]}]}',
            "own data",
        ),
        ('{"body": [{"layers": [{"kind": "dense", "width": "8"}]}]}', "width`: input should be a valid integer"),
        ('{"body": [{"layers": [{"kind": "dense", "width": 8}]}], "colour": 1}', "`colour`"),
        ('{"body": [{"layers": [{"kind": "pickle"}]}]}', "`body"),
    ],
)
def test_bad_files(text, says, tmp_path, capsys):
    path = tmp_path / "net.json"
    path.write_text(text)
    line = refused(capsys, "estimate", str(path), "--method", "backprop")
    assert says in line
    assert "net.json` is not a network" in line


def test_a_huge_file_is_not_read(tmp_path, capsys):
    path = tmp_path / "huge.json"
    path.write_bytes(b" " * (MAX_TEXT_BYTES + 1))
    assert "is longer than 1,000,000 bytes" in refused(capsys, "describe", str(path))


@pytest.mark.parametrize("net", ["/dev/zero", ".", "no/such/file.json"])
def test_what_is_no_file_is_no_network(net, capsys):
    assert "is neither a preset nor a JSON file" in refused(capsys, "describe", net)


def test_a_name_that_no_file_can_have(capsys):
    assert "cannot be read" in refused(capsys, "describe", "x" * 5000)


def test_a_file_that_is_not_text(tmp_path, capsys):
    path = tmp_path / "net.json"
    path.write_bytes(b'{"name": "\xff\xfe"}')
    assert "is not a network" in refused(capsys, "describe", str(path))


def test_layers_that_do_not_fit_together(network_file, capsys):
    path = network_file([{"layers": [{"kind": "conv", "channels": 4}]}])
    assert "layer 1 (conv)" in refused(capsys, "run", path, "--method", "backprop")


@pytest.mark.parametrize(
    ("body", "found"),
    [([dense(), dense()], "no repeated blocks"), ([dense(2), dense(), dense(3)], "2 repeated blocks")],
)
def test_depth_needs_one_repeated_block(body, found, network_file, capsys):
    assert found in refused(capsys, "describe", network_file(body), "--depth", "4")


@pytest.mark.parametrize("body", [[dense(3)], [dense(1)], [dense(), dense(3)]])
def test_depth_sets_the_only_repeated_block(body, network_file, capsys):
    assert main(["describe", network_file(body), "--depth", "4", "--json", "-"]) == 0
    spec = json.loads(capsys.readouterr().out)["network"]["spec"]
    assert [block["repeat"] for block in spec["body"]] == [4] if len(body) == 1 else [1, 4]


def test_a_file_takes_changes_but_no_settings(network_file, capsys):
    path = network_file([dense(2)])
    assert "`--set` changes a preset's settings" in refused(capsys, "describe", path, "--set", "slope=0.5")
    assert main(["describe", path, "--batch", "5", "--dtype", "float64", "--seed", "7", "--json", "-"]) == 0
    spec = json.loads(capsys.readouterr().out)["network"]["spec"]
    assert (spec["batch"], spec["dtype"], spec["seed"]) == (5, "float64", 7)


@pytest.mark.parametrize("command", ["run", "estimate"])
def test_a_refused_pair_is_told_before_any_work(command, tmp_path, capsys):
    conv = {"layers": [{"kind": "conv", "channels": 24}]}
    stem, head = [{"kind": "conv", "channels": 16}], [{"kind": "global_mean_pool"}, {"kind": "dense", "width": 10}]
    path = tmp_path / "plain.json"
    path.write_text(json.dumps({"stem": stem, "body": [conv], "head": head}))
    out = tmp_path / "out.json"
    methods = ["--method", "backprop", "--method", "moonwalk-mixed"]
    line = refused(capsys, command, str(path), *methods, "--json", str(out))
    assert "`moonwalk-mixed` needs every layer of the body to be fragmental, but layer 1 (conv) is not" in line
    assert "Jacobian of 1,536×1,024, too large" in line
    assert "Use `backprop`" in line
    assert not out.exists()


@pytest.mark.parametrize(
    ("target", "says"), [("no/such/out.json", "there is no folder"), (".", "it is a folder"), ("", "it is a folder")]
)
@pytest.mark.parametrize("command", [RUN, ["presets"], ["doctor"]], ids=lambda words: words[0])
def test_json_that_cannot_be_written(command, target, says, capsys):
    assert says in refused(capsys, *command, "--json", target)


def test_a_readonly_place_is_found_before_any_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "permission denied" in refused(capsys, *RUN, "--json", str(tmp_path / "out.json"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [RUN, ["doctor"]], ids=lambda words: words[0])
def test_cuda_without_cuda(command, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "device `cuda` is not on this machine; it has" in refused(capsys, *command, "--device", "cuda")


def test_limits_that_cannot_be_read(capsys, monkeypatch):
    monkeypatch.setenv("MOONVIZ_MAX_BYTES", "plenty")
    assert "`MOONVIZ_MAX_BYTES` is 'plenty'" in refused(capsys, *RUN)


def test_a_demos_limits_hold_here_too(capsys, monkeypatch):
    monkeypatch.setenv("MOONVIZ_DEMO", "1")
    assert "`depth` is 300; this demo runs at most 256" in refused(capsys, *RUN, "--depth", "300")


def test_a_message_is_one_line_whatever_the_input_holds(capsys):
    assert "first second" in refused(capsys, "describe", "first\nsecond")
