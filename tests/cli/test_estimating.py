"""`estimate --fit` and `--depths`: how deep it fits, and what it takes at several depths and batches."""

from __future__ import annotations

import json

import pytest
from test_bad_input import refused

from moonviz.cli import main
from moonviz.cli.question import read_question
from moonviz.estimates.catalogue import find_device
from moonviz.specs import NetworkSpec, preset

ASK = ["estimate", "digits-dense", "--set", "width=8", "--batch", "4", "--method", "backprop"]
SMALL = preset("digits-dense", width=8, batch=4)


def results(capsys, *more: str) -> list[dict]:
    code = main([*ASK, *more, "--json", "-"])
    found = json.loads(capsys.readouterr().out)["results"]
    assert code == (0 if all(one["status"] == "ok" for one in found) else 1)
    return found


def test_the_depth_that_fits_and_the_one_that_does_not(capsys):
    (found,) = results(capsys, "--fit", "40KiB")
    assert found["depth"] == found["fit"]["depth"] > 1
    assert found["fit"]["bytes"] <= 40 * 1024 < found["fit"]["bytes_one_deeper"]
    assert found["exact"]
    (deeper,) = results(capsys, "--depth", str(found["depth"] + 1))
    takes = deeper["peak_bytes"] + deeper["parameter_bytes"] + deeper["input_bytes"]
    assert takes == found["fit"]["bytes_one_deeper"]


def test_an_optimizer_leaves_less_room(capsys):
    (plain,), (adam,) = results(capsys, "--fit", "40KiB"), results(capsys, "--fit", "40KiB", "--optimizer", "adam")
    assert adam["depth"] < plain["depth"]


def test_what_does_not_fit_at_all_is_too_large(capsys):
    (found,) = results(capsys, "--fit", "1KiB")
    assert (found["status"], found["depth"], found["peak_bytes"]) == ("too_large", 0, None)
    assert "Not even one block fits" in found["error"]["message"]


def test_every_depth_at_every_batch(capsys):
    found = results(capsys, "--depths", "1,2,4,…,16", "--batches", "2,3")
    assert [(one["depth"], one["batch"]) for one in found] == [(d, n) for d in (1, 2, 4, 8, 16) for n in (2, 3)]
    (alone,) = results(capsys, "--depth", "8")
    (listed,) = results(capsys, "--depths", "8")
    assert listed["peak_bytes"] == alone["peak_bytes"]


def test_the_table_says_what_is_assumed_and_where_the_memory_is_from(capsys):
    assert main([*ASK, "--device-model", "H200", "--depth", "2", "--fit", "2GiB"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    for part in (
        "Depth that fits",
        "assumed: cuBLAS workspace, 32.0 MiB",
        "CUDA context",
        "https://",
        "One block more",
    ):
        assert part in words
    assert "extrapolated" in words, "ten thousand blocks are not dry-run"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fit", "big"], "such as 24GiB"),
        (["--fit", "0"], "above 0"),
        (["--device-model", "RTX 9999"], "names no one device"),
        (["--device-model", "A100"], "`A100 40 GB` or `A100 80 GB`"),
        (["--optimizer", "adam"], "give `--fit`"),
        (["--fit", "1GiB", "--optimizer", "sgd"], "`momentum`"),
        (["--fit", "1GiB", "--depths", "1,2"], "one at a time"),
        (["--depths", "0,2"], "from 1 to 10,000"),
        (["--depths", "…,2"], "ellipsis"),
        (["--depths", "1,3,4,…,9"], "one step or by one factor"),
        (["--batches", "1,2,…,100"], "at most 64"),
        (["--batches", "two"], "`two`"),
    ],
)
def test_a_question_that_cannot_be_is_refused(options, says, capsys):
    assert says in refused(capsys, *ASK, *options)


def test_a_network_without_a_depth_says_so(tmp_path, capsys):
    path = tmp_path / "net.json"
    path.write_text(without_depth().model_dump_json())
    said = refused(capsys, "estimate", str(path), "--method", "backprop", "--depths", "1,2")
    assert "only repeated block" in said
    assert "--batches" in said


def without_depth() -> NetworkSpec:
    block = SMALL.body[0].model_dump() | {"repeat": 1}
    return SMALL.changed(name="mine", body=[block, block])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,2,4,…,1024", tuple(2**n for n in range(11))),
        ("1,2,3,...,6", (1, 2, 3, 4, 5, 6)),
        ("2,4,…,9", (2, 4, 6, 8, 9)),
        ("3, 9, 27, …, 100", (3, 9, 27, 81, 100)),
        ("8,2,2", (2, 8)),
    ],
)
def test_an_ellipsis_goes_on_as_it_began(text, numbers):
    assert read_question(SMALL, None, None, None, text, None).depths == numbers


def test_no_question_is_none():
    assert read_question(SMALL, None, None, None, None, None) is None
    asked = read_question(SMALL, "2GiB", "rtx 4090", None, None, None)
    assert asked.device == find_device("GeForce RTX 4090").model_copy(update={"memory_bytes": 2 * 2**30})
