from __future__ import annotations

import json
import math

import pytest

from moonviz.errors import InvalidSpec
from moonviz.results import Agreement, Environment, NetworkCard, ParameterAgreement, Report, Result, Seconds


def agreement(error: float | None) -> Agreement:
    parameter = ParameterAgreement(
        name="w", layer=1, shape=(2, 3), relative_error=error, cosine=0.5, max_abs_error=math.inf
    )
    return Agreement(
        reference="float64 autograd",
        relative_error=error,
        cosine=1.0,
        max_abs_error=0.0,
        relative_error_to_backprop=error,
        per_parameter=(parameter,),
    )


def report(*results: Result) -> Report:
    machine = Environment(
        python="3", torch="2", moonviz="0", system="s", machine="m", device="cpu", cores=2, threads=2, memory_bytes=9
    )
    return Report(environment=machine, network=NetworkCard(spec={"name": "n"}), results=results)


def test_json_round_trip() -> None:
    whole = report(
        Result(method="m", label="m", loss=1.5, seconds=Seconds(median=1, min=1, max=2, repeats=3)),
        Result(method="m", label="m:x=1", status="failed"),
    )
    assert Report.from_json(whole.to_json()) == whole
    assert json.loads(whole.to_json())["schema"] == 1


def test_numbers_that_are_not_finite_are_null_and_named() -> None:
    text = report(Result(method="m", label="m", loss=math.inf, gradient=agreement(math.nan))).to_json()
    data = json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    (result,) = data["results"]
    assert result["loss"] is None
    assert result["gradient"]["per_parameter"][0]["relative_error"] is None
    assert set(result["non_finite"]) == {
        "loss",
        "gradient.relative_error",
        "gradient.relative_error_to_backprop",
        "gradient.per_parameter.0.relative_error",
        "gradient.per_parameter.0.max_abs_error",
    }
    assert Report.from_json(text).results[0].agreement("float32") == "not the gradient"


@pytest.mark.parametrize(
    ("error", "dtype", "words"),
    [
        (1e-9, "float64", "same"),
        (1.1e-9, "float64", "drifting"),
        (1e-5, "float32", "same"),
        (2e-5, "float32", "drifting"),
        (0.99, "float32", "drifting"),
        (1.0, "float32", "not the gradient"),
        (math.nan, "float32", "not the gradient"),
        (2e-2, "bfloat16", "same"),
        (None, "float32", None),
    ],
)
def test_agreement_in_words(error: float | None, dtype: str, words: str | None) -> None:
    assert Result(method="m", label="m", gradient=agreement(error)).agreement(dtype) == words


def test_without_a_gradient_there_are_no_words() -> None:
    assert Result(method="m", label="m").agreement("float32") is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 2}', '{"schema": 1, "results": 3}', "[" * 9999])
def test_what_is_no_result_is_an_error(text: str) -> None:
    with pytest.raises(InvalidSpec, match="not a moonviz result"):
        Report.from_json(text)


def test_additive_keys_of_a_newer_version_are_ignored() -> None:
    data = json.loads(report(Result(method="m", label="m")).to_json())
    data["results"][0]["certificate"] = None
    assert Report.from_json(json.dumps(data)).results[0].label == "m"
