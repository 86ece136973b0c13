from __future__ import annotations

from math import log10, sqrt

import pytest
from older import older
from race_cases import BOTH, race, result

from moonviz.data.stored import stored, stored_names
from moonviz.figures.agreement import agreement
from moonviz.figures.agreement_entries import EPS, deviations, entries, sampled_layers
from moonviz.figures.agreement_marks import is_exact, knows_backprop, marks
from moonviz.figures.agreement_noise import expectations, guesses
from moonviz.figures.style import error_text
from moonviz.results import LayerSample

GUESS = {"method": "projforward", "label": "projforward"}


def changed(method, **fields):
    """The gradient of a result, each weight's numbers replaced."""
    gradient = result(method).gradient
    each = tuple(one.model_copy(update=fields) for one in gradient.per_parameter)
    return {"gradient": gradient.model_copy(update={"per_parameter": each})}


def sampled(**differences):
    """A race whose layer 5 was sampled: true entries 1, −2, 0.5, and what each method has more."""
    truth = (LayerSample(layer=5, values=(1.0, -2.0, 0.5)),)
    fields = {
        name: {"gradient": result(name.replace("_", "-")).gradient.model_copy(
            update={"sample": (LayerSample(layer=5, values=more),)})}
        for name, more in differences.items()
    }  # fmt: skip
    return race(**fields).model_copy(update={"truth_sample": truth})


@pytest.mark.parametrize(
    ("measure", "pick"),
    [
        ("relative error", lambda one: one.relative_error),
        ("angle", lambda one: max(0.0, 1 - one.cosine)),
        ("largest difference", lambda one: one.max_abs_error),
    ],
)
def test_a_layer_is_its_worst_weight(measure, pick):
    each = result("moonwalk-mixed").gradient.per_parameter
    worst = {}
    for one in each:
        worst[one.layer] = max(worst.get(one.layer, 0.0), pick(one))
    line = marks(result("moonwalk-mixed"), "layer", measure, "truth")
    assert {one.layer: one.value for one in line} == worst
    assert len(marks(result("moonwalk-mixed"), "parameter", measure, "truth")) == len(each)


def test_lines_zones_and_axes():
    figure = agreement(race(), "light").figure
    assert {trace.name: len(trace.x) for trace in figure.data} == {"backprop": 34, "moonwalk-mixed": 34}
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.title.text == "relative error"
    assert figure.layout.xaxis.title.text == "layer"
    assert [shape.y1 for shape in figure.layout.shapes] == [1e-5]
    assert "rounding only" in {note.text for note in figure.layout.annotations}


def test_by_weight_each_stands_in_its_layers_column():
    figure = agreement(race(), "light", by="parameter").figure
    line = marks(result("backprop"), "parameter", "relative error", "truth")
    trace = next(trace for trace in figure.data if trace.name == "backprop")
    assert all(abs(x - one.layer) <= 0.3 for x, one in zip(trace.x, line, strict=True))
    assert len(set(trace.x)) == len(line)
    assert trace.mode == "markers"
    inner, outer = (next(one.marker for one in figure.data if one.name == name) for name in reversed(BOTH))
    assert (inner.symbol, outer.symbol) == ("star", "circle-open")
    assert outer.size[0] > inner.size[0]


def test_what_rounding_may_turn_is_half_the_tolerance_squared():
    figure = agreement(race(), "light", measure="angle").figure
    assert figure.layout.yaxis.title.text == "1 − cosine"
    assert [shape.y1 for shape in figure.layout.shapes] == [pytest.approx(1e-10 / 2)]
    assert not agreement(race(), "light", measure="largest difference").figure.layout.shapes


def test_noise_has_its_zone():
    chart = agreement(race(moonwalk_mixed=changed("moonwalk-mixed", relative_error=30.0)), "light")
    assert "the gradient is noise" in {note.text for note in chart.figure.layout.annotations}
    assert 10 ** chart.figure.layout.yaxis.range[1] > 30
    assert "Beyond rounding: moonwalk-mixed at 34 of 34 layers." in chart.caption


def test_equal_bits_stand_at_zero():
    report = race(moonwalk_mixed=changed("moonwalk-mixed", relative_error_to_backprop=0.0))
    assert not knows_backprop(older(race()))
    assert knows_backprop(report)
    chart = agreement(report, "light", against="backprop")
    assert [trace.name for trace in chart.figure.data] == ["moonwalk-mixed"]
    assert chart.figure.layout.yaxis.ticktext[0] == "0"
    assert log10(chart.figure.data[0].y[0]) == chart.figure.layout.yaxis.range[0]
    assert chart.caption == "Nothing differs from backprop in float32, in any bit."


def test_captions_name_the_worst_place_and_spare_what_only_rounds():
    chart = agreement(race(), "light")
    errors = [(p.relative_error, p.layer, m) for m in BOTH for p in result(m).gradient.per_parameter]
    off, layer, method = max(errors)
    assert f"{method}, {error_text(off)} at layer {layer}. " in chart.caption
    assert chart.caption.endswith("All stay within what rounding in float32 allows, 10⁻⁵.")
    beside = agreement(race(), "light", against="backprop").caption
    assert beside.endswith(" Marks at 0: equal in every bit.")
    rough = agreement(race(backprop=changed("backprop", relative_error=1e-3)), "light").caption
    assert "Backprop itself too" in rough


def test_gradients_that_overflowed_are_named():
    places = ("gradient.per_parameter.3.cosine", "gradient.per_parameter.3.max_abs_error", "gradient.cosine")
    caption = agreement(race(moonwalk_mixed={"non_finite": places}), "light").caption
    assert caption.endswith("Not a number, so not drawn: moonwalk-mixed at 1 weight.")


def test_numbers_have_a_twin():
    table = agreement(race(), "light", by="parameter").table
    assert list(table)[:3] == ["layer", "weight", "shape"]
    assert {len(column) for column in table.values()} == {132}


def test_nothing_is_drawn_where_nothing_was_compared():
    report = race(backprop={"gradient": None}, moonwalk_mixed={"gradient": None})
    assert agreement(report, "light") is None
    assert agreement(older(race()), "light", against="backprop") is None
    assert guesses(race(), "light") is None


def test_a_guess_stands_apart_hollow_and_dashed():
    report = race(moonwalk_mixed=GUESS | changed("moonwalk-mixed", relative_error=40.0))
    assert not is_exact(report.results[1])
    assert [trace.name for trace in agreement(report, "light").figure.data] == ["backprop"]
    chart = guesses(report, "light")
    (line,) = chart.figure.data
    assert line.line.dash == "dash"
    assert line.marker.symbol.endswith("-open")
    assert "expected" in chart.caption


def test_what_a_guess_promises():
    one = result("moonwalk-mixed").model_copy(update=GUESS | {"options": {"directions": 4}, "parameter_bytes": 4 * 101})
    assert expectations(one, "float32") == (sqrt(100 / 4), sqrt(4 / 104))
    assert expectations(result("backprop"), "float32") is None


def test_entries_stand_against_the_truth_and_differences_alone():
    report = sampled(backprop=(0.0, 2e-7, None), moonwalk_mixed=(1e-7, -3e-7, 0.0))
    assert sampled_layers(report) == [5]
    found = {trace.name: trace for trace in entries(report, 5, "light").figure.data}
    assert list(found["moonwalk-mixed"].x) == [1.0, -2.0, 0.5]
    assert list(found["moonwalk-mixed"].y) == [1.0 + 1e-7, -2.0 - 3e-7, 0.5]
    assert list(found["backprop"].x) == [1.0, -2.0]
    assert list(found["equal"].x) == list(found["equal"].y) == [-2.0, 1.0]
    apart = deviations(report, 5, "light")
    drawn = {trace.name: trace for trace in apart.figure.data}
    assert list(drawn["moonwalk-mixed"].x) == [1.0, 2.0, 0.5]
    assert list(drawn["moonwalk-mixed"].y)[:2] == [1e-7, 3e-7]
    assert apart.figure.layout.yaxis.ticktext[0] == "0"
    assert apart.table["found − true"] == [0.0, 2e-7, 1e-7, -3e-7, 0.0]
    last = drawn["half of float32’s last digit"]
    assert [y / x for x, y in zip(last.x, last.y, strict=True)] == pytest.approx([EPS["float32"]] * 2)


def test_guessed_entries_are_kept_from_exact_ones():
    report = sampled(backprop=(0.0, 0.0, 0.0), moonwalk_mixed=(5.0, 9.0, -4.0))
    report = report.model_copy(update={"results": (report.results[0], report.results[1].model_copy(update=GUESS))})
    assert {trace.name for trace in entries(report, 5, "light").figure.data} == {"equal", "backprop"}
    assert {trace.name for trace in entries(report, 5, "light", exact=False).figure.data} == {"equal", "projforward"}


def test_older_results_without_entries_have_no_layers():
    report = older(race())
    assert sampled_layers(report) == []
    assert entries(report, 5, "light") is None
    assert deviations(report, 5, "light") is None


@pytest.mark.parametrize("name", stored_names())
def test_every_stored_race_draws_its_entries_and_each_weight_against_backprop(name):
    report = stored(name)
    weights = {label: {p.name for p in one.gradient.per_parameter} for one in report.results for label in [one.label]}
    drawn = agreement(report, "light", by="parameter", against="backprop").figure.data
    assert {trace.name: len(trace.y) for trace in drawn} == {
        label: len(names) for label, names in weights.items() if label != "backprop"
    }
    for layer in sampled_layers(report):
        found = {trace.name: len(trace.x) for trace in entries(report, layer, "light").figure.data}
        told = {one.label: len(report.pairs(one.label, layer)) for one in report.results}
        assert all(told.values())
        assert found == told | {"equal": 2}
    owners = {p.layer for p in report.results[0].gradient.per_parameter}
    assert {0, max(owners)} <= set(sampled_layers(report)) <= owners
