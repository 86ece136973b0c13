"""A noisy estimate never looks or reads like a gradient."""

from __future__ import annotations

from race_cases import gradient, race, result

from moonviz.figures.layers import layer_times
from moonviz.figures.memory import memory
from moonviz.figures.style import LOOKS
from moonviz.figures.sweeps import sweep_times
from moonviz.figures.words import agreement_words

AS_GUESS = {"method": "projforward", "label": "projforward"}


def guess(**more):
    return result("moonwalk-mixed").model_copy(update=AS_GUESS | more)


def test_it_is_never_called_the_same_nor_drifting():
    for error in (1e-9, 1e-3, 30.0):
        words, rest = agreement_words(guess(**gradient(error)), "float32")
        assert words == "a noisy estimate"
        assert rest.startswith("expected cosine 0.00")


def test_more_directions_promise_more():
    one, many = (agreement_words(guess(options={"directions": k}), "float32")[1] for k in (1, 10_000))
    assert float(one.split()[2].strip(",")) < float(many.split()[2].strip(","))


def test_its_bars_are_hatched_and_its_lines_dashed():
    report = race(moonwalk_mixed=AS_GUESS)
    bars = [bar for bar in sweep_times(report, "light").figure.data if bar.name.startswith("projforward")]
    assert bars
    assert all(bar.marker.pattern.shape == "/" for bar in bars)
    (line,) = (one for one in layer_times(report, "light").figure.data if one.name == "projforward")
    assert line.line.dash == "dash"
    assert line.line.color == LOOKS["projforward"].colour[0]


def test_tangents_take_their_methods_hue():
    steps = tuple(
        step.model_copy(update={"by_category": {"tangent": step.live_bytes}}) for step in result("moonwalk-mixed").steps
    )
    figure = memory(race(moonwalk_mixed=AS_GUESS | {"steps": steps}), "projforward", "light").figure
    (area,) = (trace for trace in figure.data if trace.name == "tangents")
    assert area.fillpattern.fgcolor == LOOKS["projforward"].colour[0]


def test_many_methods_share_a_short_caption():
    report = race()
    copies = tuple(
        report.results[0].model_copy(update={"label": f"copy {n}", "method": "checkpointing"}) for n in range(4)
    )
    report = report.model_copy(update={"results": (*report.results, *copies)})
    assert sweep_times(report, "light").caption.startswith("Longest: ")
