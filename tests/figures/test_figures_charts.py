from __future__ import annotations

import pytest
from race_cases import fell, race, result

from moonviz.figures.layers import layer_times
from moonviz.figures.memory import clock, kinds_in, memory
from moonviz.figures.style import KINDS_DRAWN, bytes_text, in_mib, seconds_text
from moonviz.figures.sweeps import phase_seconds, sweep_times

LABELS = ("backprop", "moonwalk-mixed")
NAMES = {drawn.name: kind for kind, drawn in KINDS_DRAWN.items()}


def untimed(method):
    return {"steps": tuple(step.model_copy(update={"seconds": None}) for step in result(method).steps)}


@pytest.mark.parametrize("label", LABELS)
def test_memory_stacks_its_kinds_up_to_the_curve(label):
    figure = memory(race(), label, "light").figure
    steps = result(label).steps
    areas = {trace.name: trace.y for trace in figure.data if trace.stackgroup}
    (total,) = (trace for trace in figure.data if trace.name == "in all")
    assert set(areas) <= set(NAMES)
    assert len(total.x) == len(steps) + 1
    inside = areas.pop("alive only inside a step")
    for n, step in enumerate(steps, start=1):
        held = sum(area[n] for area in areas.values())
        assert held == pytest.approx(in_mib(step.live_bytes))
        assert held + inside[n] == pytest.approx(in_mib(step.peak_bytes))
        assert total.y[n] == pytest.approx(in_mib(step.peak_bytes))


def test_memory_shares_its_axes_and_shows_backprops_outline():
    backprop, moonwalk = (memory(race(), label, "light").figure for label in LABELS)
    assert backprop.layout.xaxis.range == moonwalk.layout.xaxis.range
    assert backprop.layout.yaxis.range == moonwalk.layout.yaxis.range
    assert "outline of backprop" in {trace.name for trace in moonwalk.data}
    assert "outline of backprop" not in {trace.name for trace in backprop.data}
    own = memory(race(), "moonwalk-mixed", "light", shared=False).figure
    assert own.layout.yaxis.range[1] < moonwalk.layout.yaxis.range[1] / 2
    assert "outline of backprop" not in {trace.name for trace in own.data}


def test_memory_names_its_units_and_its_peak():
    chart = memory(race(), "backprop", "light")
    assert chart.figure.layout.yaxis.title.text == "MiB"
    assert chart.figure.layout.xaxis.title.text == "milliseconds of work"
    peak = bytes_text(result("backprop").peak_bytes)
    assert f"<b>peak {peak}</b>" in {note.text for note in chart.figure.layout.annotations}
    assert f"at most {peak}" in chart.alt
    assert {len(column) for column in chart.table.values()} == {len(result("backprop").steps)}


def test_memory_goes_by_steps_where_nothing_was_timed():
    report = race(backprop=untimed("backprop"))
    assert not clock(report.results).timed
    assert memory(report, "moonwalk-mixed", "light").figure.layout.xaxis.title.text == "step"


def test_the_key_lists_kinds_in_stacking_order():
    kinds = kinds_in(race().results)
    assert kinds[0] == "gradient"
    assert kinds[-1] == "temporary"
    assert "residual" in kinds


def test_sweeps_add_up_to_the_steps():
    chart = sweep_times(race(), "dark")
    walk = result("moonwalk-mixed")
    assert list(phase_seconds(walk)) == ["forward", "reverse", "advance"]
    assert sum(phase_seconds(walk).values()) == pytest.approx(sum(step.seconds for step in walk.steps))
    assert {trace.name for trace in chart.figure.data} == {
        "backprop, forward", "backprop, backward",
        "moonwalk-mixed, forward", "moonwalk-mixed, backward", "moonwalk-mixed, forward again",
    }  # fmt: skip
    assert chart.figure.layout.xaxis.title.text == "milliseconds of work"


def whole(method, factor):
    """The step as a whole, so many times as long as its parts sum to."""
    total = sum(step.seconds for step in result(method).steps)
    return {"seconds": result(method).seconds.model_copy(update={"median": factor * total})}


@pytest.mark.parametrize("factor", [0.9, 0.97, 1.0, 1.04, 1.06, 4.0])
def test_figures_of_time_say_when_medians_do_not_add_up(factor):
    report = race(backprop=whole("backprop", factor), moonwalk_mixed=whole("moonwalk-mixed", 1.0))
    took = seconds_text(report.results[0].seconds.median)
    told = f"Sums of each step’s median; the whole step took backprop {took} (median)"
    for caption in (sweep_times(report, "light").caption, memory(report, "backprop", "light").caption):
        assert (told in caption) is (factor not in (0.97, 1.0, 1.04))
        assert ("since other work on the machine interrupts it" in caption) is (factor > 1.05)
    assert "Sums of" not in memory(report, "moonwalk-mixed", "light").caption


def test_the_shortest_is_that_of_whole_steps():
    four = [result("backprop").model_copy(update={"label": f"b{n}"} | whole("backprop", 5 - n)) for n in range(4)]
    report = race()
    caption = sweep_times(report.model_copy(update={"results": tuple(four)}), "light").caption
    longest, shortest = (seconds_text(one.seconds.median) for one in (four[0], four[3]))
    assert caption.startswith(f"Longest: b0, {longest}; shortest: b3, {shortest}. Sums of")


def test_times_by_layer():
    chart = layer_times(race(), "light")
    assert {trace.name: len(trace.x) for trace in chart.figure.data} == dict.fromkeys(LABELS, 34)
    assert chart.figure.layout.yaxis.title.text == "milliseconds"


def test_no_time_figures_without_times():
    report = race(backprop=untimed("backprop"), moonwalk_mixed=fell("lost"))
    assert sweep_times(report, "light") is None
    steps = result("backprop").steps
    partly = (*steps[:-1], steps[-1].model_copy(update={"seconds": None}))
    assert phase_seconds(result("backprop").model_copy(update={"steps": partly})) == {}
    assert layer_times(report, "light") is None


def test_schemes_differ_in_colour_only():
    light, dark = (memory(race(), "backprop", scheme).figure.to_dict() for scheme in ("light", "dark"))
    assert light["data"][0]["fillcolor"] != dark["data"][0]["fillcolor"]
    assert [trace["name"] for trace in light["data"]] == [trace["name"] for trace in dark["data"]]
