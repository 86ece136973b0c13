from __future__ import annotations

from itertools import product

import pytest
from race_cases import fell, gradient, race, result, seconds

from moonviz.figures.frontier import frontier
from moonviz.figures.frontier_places import beats, cost_of, far_apart, frontier_of, places
from moonviz.figures.style import in_mib

GUESS = {"method": "projforward", "label": "projforward"}


def labels(found):
    return [one.result.label for one in found]


def test_places_are_in_units_of_backprop():
    found = {one.result.label: one for one in places(race())}
    assert found["backprop"].x == 1
    ratio = result("moonwalk-mixed").seconds.median / result("backprop").seconds.median
    assert found["moonwalk-mixed"].x == pytest.approx(ratio)
    assert found["moonwalk-mixed"].spread[0] <= ratio <= found["moonwalk-mixed"].spread[1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["backprop", "moonwalk-mixed"]),
        ({"moonwalk_mixed": {"peak_bytes": 10**9}}, ["backprop"]),
        ({"moonwalk_mixed": seconds(1e-9)}, ["moonwalk-mixed"]),
        ({"moonwalk_mixed": gradient(1e-3)}, ["backprop"]),
        ({"moonwalk_mixed": gradient(None)}, ["backprop"]),
        ({"moonwalk_mixed": GUESS}, ["backprop"]),
    ],
)
def test_only_true_gradients_that_nobody_beats_are_on_the_frontier(changes, expected):
    assert labels(frontier_of(places(race(**changes)))) == expected


def test_the_frontier_is_what_brute_force_finds():
    report = race()
    grid = [
        report.results[0].model_copy(
            update={"label": f"{t},{m}", "peak_bytes": 10**6 * m} | seconds(0.01 * t, "backprop")
        )
        for t, m in product((3, 1, 2, 5), (4, 1, 3))
    ]
    found = places(report.model_copy(update={"results": tuple(grid)}))
    best = {a.result.label for a in found if not any(beats(b, a) for b in found)}
    assert set(labels(frontier_of(found))) == best == {"1,1"}


def test_stairs_go_through_the_best_and_never_rise():
    figure = frontier(race(), "light").figure
    (stairs,) = (trace for trace in figure.data if trace.name == "frontier")
    assert list(stairs.x) == sorted(stairs.x)
    assert list(stairs.y) == sorted(stairs.y, reverse=True)
    corners = set(zip(stairs.x, stairs.y, strict=True))
    assert {(one.x, in_mib(one.peak)) for one in places(race())} <= corners


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_axes_say_what_they_show(scale):
    figure = frontier(race(), "light", scale).figure
    assert figure.layout.xaxis.title.text == "time of one step (backprop = 1)"
    assert figure.layout.yaxis.title.text == "MiB at the peak"
    assert (figure.layout.yaxis.type == "log") == (scale == "log")
    assert {"backprop", "moonwalk-mixed"} <= {trace.name for trace in figure.data}


def test_marks_whose_gradient_does_not_count_are_hollow_and_named():
    chart = frontier(race(moonwalk_mixed=gradient(1e-3)), "light")
    (mark,) = (trace for trace in chart.figure.data if trace.name == "moonwalk-mixed")
    assert mark.marker.symbol.endswith("-open")
    assert "Hollow, and not ranked: moonwalk-mixed (drifting, only 3 digits agree with backprop)." in chart.caption
    assert any("only 3 digits agree" in note.text for note in chart.figure.layout.annotations)


def test_who_is_beaten_and_by_how_much():
    more = result("backprop").peak_bytes * 2
    caption = frontier(race(moonwalk_mixed={"peak_bytes": more}), "light").caption
    ratio = result("moonwalk-mixed").seconds.median / result("backprop").seconds.median
    assert f"Moonwalk is beaten by backprop: it takes 2.00× the memory and {ratio:.2f}× the time" in caption


def test_without_times_work_is_the_price():
    report = race(backprop={"seconds": None}, moonwalk_mixed={"seconds": None})
    assert cost_of(report) == "work"
    assert frontier(report, "light").figure.layout.xaxis.title.text == "work of one step, counted (backprop = 1)"


def test_without_backprop_the_axis_has_units():
    chart = frontier(race(backprop=None), "light")
    assert chart.figure.layout.xaxis.title.text == "time of one step (seconds)"


def test_what_did_not_finish_is_said():
    assert "Not drawn: backprop (does not fit)." in frontier(race(backprop=fell("too_large")), "light").caption
    assert frontier(race(backprop=fell("lost"), moonwalk_mixed=fell("lost")), "light") is None


def test_far_apart_asks_for_a_log_scale():
    assert not far_apart(race())
    assert far_apart(race(moonwalk_mixed=seconds(100.0)))


def test_the_twin_carries_work_and_agreement():
    table = frontier(race(), "light").table
    assert table["work (FLOP)"] == [result("backprop").flops, result("moonwalk-mixed").flops]
    assert table["on the frontier"] == ["yes", "yes"]
    assert table["gradient"][1].startswith("same, ")


def test_one_interrupted_pass_does_not_press_the_marks_together():
    long = seconds(2.0)["seconds"].model_copy(update={"max": 60.0})
    right = frontier(race(moonwalk_mixed={"seconds": long}), "light").figure.layout.xaxis.range[1]
    (mark,) = (one.x for one in places(race(moonwalk_mixed={"seconds": long})) if one.result.label == "moonwalk-mixed")
    assert mark < right < 2 * mark
