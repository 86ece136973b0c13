from __future__ import annotations

import pytest
from train_cases import BOTH, points, trained, training

from moonviz.figures.style import LOOKS
from moonviz.figures.train import accuracy_curves, difference_curve, loss_curves, memory_bars
from moonviz.figures.train_words import train_headline, train_provenance


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_losses_are_drawn_by_step_in_the_methods_colours(scheme):
    chart = loss_curves(points(), BOTH, 20, scheme)
    lines = {trace.name: trace for trace in chart.figure.data}
    assert set(lines) == set(BOTH)
    assert list(lines["backprop"].x) == list(range(1, 21)), "before the first step there is no loss"
    assert list(lines["backprop"].y) == [1 + 1 / step for step in range(1, 21)]
    for method, line in lines.items():
        assert line.line.color == LOOKS[method].colour[scheme == "dark"]
        assert line.line.dash == "solid"
    assert [trace.name for trace in chart.figure.data][-1] == "backprop", "the thin line lies on the wide one"
    assert chart.figure.layout.yaxis.type == "log"
    assert chart.figure.layout.yaxis.title.text == "loss"
    assert chart.caption == "After 20 steps: Backprop 1.05, Moonwalk 1.55."
    assert list(chart.table) == ["step", "backprop, loss", "moonwalk-mixed, loss"]
    assert len(chart.table["step"]) == 20


def test_both_lines_are_named_beside_their_ends():
    for chart in (loss_curves(points(), BOTH, 20, "light"), accuracy_curves(points(), BOTH, 20, "light")):
        names = [note.text for note in chart.figure.layout.annotations]
        assert sorted(name.rsplit(" ", 1)[1] for name in names) == sorted(BOTH)


def test_a_noisy_method_is_dashed_and_one_method_twice_is_told_apart():
    noisy = loss_curves(points(), {"backprop": "backprop", "projforward": "projforward"}, 20, "light").figure
    assert {trace.name: trace.line.dash for trace in noisy.data} == {"backprop": "solid", "projforward": "dash"}
    inverse = "moonwalk-mixed:phase_one=inverse"
    twice = loss_curves(points(), {"moonwalk-mixed": "moonwalk-mixed", inverse: "moonwalk-mixed"}, 20, "light").figure
    assert {trace.name: trace.line.dash for trace in twice.data} == {"moonwalk-mixed": "solid", inverse: "dot"}


def test_accuracy_is_drawn_where_it_was_looked_at_in_percent():
    chart = accuracy_curves(points(), BOTH, 20, "light")
    (line,) = [trace for trace in chart.figure.data if trace.name == "moonwalk-mixed"]
    assert (list(line.x), list(line.y)) == ([0, 10, 20], [0, 20, 40])
    assert chart.caption == "After 20 steps: Backprop 20.0 %, Moonwalk 40.0 %."
    assert "held-out images" in chart.alt


def test_the_difference_is_drawn_on_a_log_axis_and_zero_is_said():
    chart = difference_curve(points(apart=1e-9), 20, "light")
    (line,) = chart.figure.data
    assert list(line.x) == list(range(1, 21)), "zero has no place on a log axis"
    assert list(line.y) == pytest.approx([step * 1e-9 for step in range(1, 21)])
    assert chart.caption == "At most 2.0·10⁻⁸ after 20 steps."
    assert chart.table["largest difference"][0] == 0
    assert chart.table["relative difference"][-1] == pytest.approx(1e-8)
    assert difference_curve(points(apart=0.0), 20, "light").caption == "Equal bit for bit, after 20 steps."


@pytest.mark.parametrize("count", [0, 1])
def test_the_first_moments_can_be_drawn(count):
    for chart in (
        loss_curves(points()[:count], BOTH, 20, "dark"),
        accuracy_curves(points()[:count], BOTH, 20, "dark"),
        difference_curve(points()[:count], 20, "dark"),
    ):
        assert chart.figure.layout.xaxis.range == (0, 20.2)
        assert chart.alt.endswith(".")


def test_memory_is_a_bar_each_with_its_bytes():
    chart = memory_bars([trained("backprop", 0.9, 260.0), trained("projforward", 0.1, 17.0)], "light")
    bars = {trace.name: trace for trace in chart.figure.data}
    assert list(bars["backprop"].x) == [260]
    assert "17.0 MiB" in bars["projforward"].text[0]
    assert bars["projforward"].marker.pattern.shape == "/"
    assert chart.caption == "Backprop holds 15 times as much as projforward."
    assert chart.table["peak with weight gradients in MiB"] == [261, 18]


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (
            training(0.9722, 0.9722, 1.5e-6),
            "After 20 steps both reach 97.2 % on images never trained on; their weights differ by at most 3.0·10⁻⁵; "
            "backprop held 260 MiB besides weights and gradients, Moonwalk 17.0 MiB.",
        ),
        (
            training(0.2, 0.4, 0.0),
            "After 20 steps backprop reaches 20.0 % and Moonwalk 40.0 % on images never trained on; "
            "their weights are equal bit for bit;",
        ),
        (training(None, 0.4), "Backprop stopped at step 12; Moonwalk reaches 40.0 % on images never trained on;"),
        (training(None, None), "Backprop stopped at step 12; Moonwalk stopped at step 12; backprop held 260 MiB"),
    ],
)
def test_the_headline_is_computed(report, says):
    assert train_headline(report).text.startswith(says)


def test_the_line_below_says_why_they_differ():
    assert "In float32 each method rounds in its own way" in train_headline(training()).under
    assert "Choose float64" in train_headline(training()).under
    assert "Choose float64" not in train_headline(training(dtype="float64")).under
    assert "rounds" not in train_headline(training(apart=0.0)).under
    noisy = train_headline(training(methods=("backprop", "projforward"))).under
    assert "Projforward only guesses the gradient" in noisy
    assert "rounds" not in noisy
    assert "Take a smaller learning rate." in train_headline(training(None, 0.4)).under
    assert "learning rate 0.05." in train_headline(training()).under
    assert "learning rate 0.05, momentum 0.9." in train_headline(training(momentum=0.9)).under


def test_the_footnote_names_the_machine_and_the_images():
    says = train_provenance(training())
    assert "a machine" in says
    assert "1,437 images are trained on, 360 others" in says
