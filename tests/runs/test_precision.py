"""Where "exact" stops, in the orders of magnitude that conditioning predicts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from moonviz.errors import InvalidSpec
from moonviz.precision import PrecisionPoint, PrecisionReport
from moonviz.runs import measure_precision
from moonviz.specs import preset
from moonviz.specs.precision import PrecisionSpec


def ask(slope: float, depths: list[int], methods: list[dict[str, Any]], **fields: Any) -> list[PrecisionPoint]:
    network = preset("digits-dense", slope=slope).model_dump()
    spec = PrecisionSpec.read({"network": network, "depths": depths, "methods": methods, **fields})
    return list(measure_precision(spec).points)


@pytest.mark.parametrize(
    ("slope", "depth", "order"),
    [(0.5, 16, -5), (0.5, 32, -3.7), (0.5, 64, -0.7), (0.2, 8, -3.7), (0.2, 16, -0.7), (0.1, 4, -4.4), (0.1, 16, 3.6)],
)
def test_float32_drifts_as_the_slope_and_depth_say(slope: float, depth: int, order: float) -> None:
    backprop, moonwalk = ask(slope, [depth], [{"name": "backprop"}, {"name": "moonwalk-mixed"}])
    assert backprop.relative_error < 2e-6
    assert abs(math.log10(moonwalk.relative_error) - order) < 1.2


def test_anchors_cure_it() -> None:
    options = [{}, {"anchor_every": 16}, {"anchor_every": 8}, {"anchor_every": 4}, {"anchor_every": 2}]
    points = ask(0.1, [32], [{"name": "moonwalk-mixed", "options": given} for given in options])
    errors = [point.relative_error_to_backprop for point in points]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 1e10
    assert errors[3] <= 1e-4
    kept = [point.activation_peak_bytes for point in points]
    assert kept == sorted(kept), "and they cost memory"


def test_float64_is_two_billionths_of_it() -> None:
    single, double = ask(0.2, [12], [{"name": "moonwalk-mixed"}], dtypes=["float32", "float64"])
    assert 1e-10 < double.relative_error / single.relative_error < 1e-7


def test_refused_methods_keep_their_places() -> None:
    network = preset("relu-net", depth=2, batch=4).model_dump()
    methods = [{"name": "revbackprop"}, {"name": "moonwalk-mixed"}]
    spec = PrecisionSpec.read({"network": network, "depths": [2], "methods": methods})
    refused, fine = measure_precision(spec).points
    assert (refused.status, refused.relative_error) == ("refused", None)
    assert "ReLU" in refused.message
    assert fine.status == "ok"


def test_json_round_trip() -> None:
    network = preset("digits-dense", depth=1, batch=2).model_dump()
    spec = PrecisionSpec.read({"network": network, "depths": [1], "methods": [{"name": "backprop"}], "seeds": 1})
    report = measure_precision(spec)
    assert PrecisionReport.from_json(report.to_json()) == report
    with pytest.raises(InvalidSpec, match="precision report"):
        PrecisionReport.from_json("{}")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depths": list(range(1, 13)), "seeds": 9}, "216 gradients"),
        ({"depths": [0]}, "depths"),
        ({"network": preset("digits-dense", batch=512).model_dump()}, "batch"),
        ({"dtypes": ["int8"]}, "dtypes"),
    ],
)
def test_bad_questions_are_refused(change: dict[str, Any], words: str) -> None:
    good = {
        "network": preset("digits-dense").model_dump(),
        "depths": [4],
        "methods": [{"name": "backprop"}, {"name": "moonwalk-mixed"}],
    }
    with pytest.raises(InvalidSpec, match=words):
        PrecisionSpec.read(good | change)


def test_what_does_not_fit_is_told() -> None:
    network = preset("digits-dense").model_dump()
    spec = PrecisionSpec.read({"network": network, "depths": [4], "methods": [{"name": "backprop"}]})
    with pytest.raises(InvalidSpec, match="MiB"):
        measure_precision(spec, limit_bytes=1000)
