from __future__ import annotations

import pytest
from precision_cases import error, report

from moonviz.figures.conditioning import stretch
from moonviz.figures.lollipops import anchored, formats, ladder
from moonviz.figures.precision import error_by_depth, reach
from moonviz.figures.precision_headline import precision_headline, precision_provenance, stored_headline
from moonviz.specs import preset

THREE = ("couplings", "dense-gentle", "dense-harsh")


def notes(figure):
    return {note.text for note in figure.layout.annotations}


@pytest.mark.parametrize("name", THREE)
def test_panels_share_one_scale_and_draw_every_point(name):
    span = reach([report(one) for one in THREE])
    chart = error_by_depth(report(name), "float32", "light", span)
    lines = {trace.name: trace for trace in chart.figure.data}
    assert set(lines) == {"backprop", "revbackprop", "moonwalk-mixed"}
    depths = list(report(name).spec["depths"])
    assert all(list(trace.x) == depths for trace in lines.values())
    assert chart.table["depth"] == depths
    assert tuple(chart.figure.layout.yaxis.range) == span
    assert chart.figure.layout.yaxis.title.text == "relative error"
    assert {"rounding only", "the gradient is noise"} <= notes(chart.figure)
    assert chart.alt.endswith(".")


def test_a_gradient_that_is_not_finite_stands_at_the_top():
    broken = report(moonwalk_mixed=error(None))
    low, high = reach([broken])
    chart = error_by_depth(broken, "float32", "light", (low, high))
    (line,) = (trace for trace in chart.figure.data if trace.name == "moonwalk-mixed")
    assert set(line.y) == {10.0**high}
    assert "not finite" in chart.alt


def test_a_method_that_was_refused_is_not_drawn():
    chart = error_by_depth(report(revbackprop={"status": "refused"}), "float32", "dark", (-8, 4))
    assert {trace.name for trace in chart.figure.data} == {"backprop", "moonwalk-mixed"}
    every = {name: {"status": "refused"} for name in ("backprop", "revbackprop", "moonwalk_mixed")}
    assert error_by_depth(report(**every), "float32", "dark", (-8, 4)) is None


def test_the_ladder_goes_from_no_anchors_to_backprop_with_its_bytes():
    chart = ladder(report("anchors"), "light")
    rungs = chart.table["anchors"]
    assert rungs == ["no anchors", "every 16 layers", "every 8 layers", "every 4 layers", "every 2 layers", "backprop"]
    kept = chart.table["activation peak (bytes)"]
    assert kept == sorted(kept)
    bars = next(trace for trace in chart.figure.data if trace.name == "kept")
    assert len(bars.x) == len(rungs)
    assert chart.figure.layout.xaxis2.title.text == "MiB kept"
    assert "noise from here" in notes(chart.figure)
    assert ladder(report(), "light") is None


def test_anchors_are_read_from_the_label():
    assert anchored("moonwalk-mixed") is None
    assert anchored("moonwalk-mixed:phase_one=inverse,anchor_every=4") == 4


def test_formats_stand_beside_what_their_rounding_allows():
    chart = formats(report("formats"), "light")
    assert list(chart.figure.layout.yaxis.ticktext) == [
        f"<b>{dtype}</b>" for dtype in ("float64", "float32", "float16", "bfloat16")
    ]
    assert len(chart.figure.data) == len(chart.table["method"]) == 12
    assert len(chart.figure.layout.shapes) == 4
    assert "noise from here" not in notes(chart.figure)
    assert formats(report(), "light") is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (error(3e-7), "In float32, Moonwalk keeps 6 digits through 64 dense layers."),
        (error(2e-4), "In float32, Moonwalk drifts to an error of 2.0·10⁻⁴ at 64 dense layers."),
        (error(30.0), "In float32, Moonwalk is noise from 8 dense layers on."),
        (error(None), "In float32, Moonwalk is noise from 8 dense layers on."),
        (
            {},
            "In float32, Moonwalk only rounds to 16 dense layers and drifts to an error of 1.3·10⁻¹ at 64.",
        ),
        ({"status": "refused", "message": "`x` is in the way."}, "Moonwalk cannot train this network."),
    ],
)
def test_the_headline_tells_what_the_points_say(changes, sentence):
    assert precision_headline(report(moonwalk_mixed=changes)).text == sentence


def test_the_headline_names_what_anchors_cure():
    said = precision_headline(report("anchors")).text
    assert said.endswith("noise from 32 dense layers on; an anchor every 2 layers brings 32 back to 1.5·10⁻⁶.")


def test_the_stored_headline_sets_two_networks_side_by_side():
    said = stored_headline(report("couplings"), report("dense-harsh")).text
    assert said.startswith(
        "The network’s conditioning decides. In float32, Moonwalk keeps 6 digits through 128 couplings"
    )
    assert said.endswith("with dense layers and LeakyReLU 0.1 it is noise from 16 layers on.")
    alike = stored_headline(
        report("couplings", moonwalk_mixed=error(30.0)), report("dense-harsh", moonwalk_mixed=error(30.0))
    )
    assert "conditioning decides" not in alike.text


def test_the_machine_stands_beside():
    assert precision_provenance(report(), stored=True).startswith("Stored result: ")


@pytest.mark.parametrize(
    ("network", "factor", "words"),
    [
        (preset("digits-dense", slope=0.1), 10.0, "over 16 dense layers by up to 10¹⁶"),
        (preset("digits-dense", slope=0.5), 2.0, "by up to 2.0 per layer, and over 16 dense layers by up to 10⁵"),
        (preset("digits-revnet"), 1.0, "Undoing a coupling subtracts"),
        (preset("relu-net"), 1.0, "fragments"),
    ],
)
def test_conditioning_in_plain_words(network, factor, words):
    told = stretch(network, 16, "float32")
    assert told.factor == pytest.approx(factor)
    assert words in told.words


def test_the_headline_names_the_last_that_rounds_and_the_first_that_is_noise():
    kept = report()
    points = tuple(
        one.model_copy(update=error(30.0)) if (one.label, one.depth) == ("moonwalk-mixed", 64) else one
        for one in kept.points
    )
    said = precision_headline(kept.model_copy(update={"points": points})).text
    assert said == "In float32, Moonwalk only rounds to 16 dense layers and is noise from 64 on."


def test_the_lowest_label_stands_clear_of_the_line_above_it():
    chart = error_by_depth(report("couplings"), "float32", "light", (-8, 4))
    side = {note.text: note.yanchor for note in chart.figure.layout.annotations if note.text.startswith("<b>")}
    assert side == {"<b>backprop, moonwalk</b>": "top", "<b>revbackprop</b>": "bottom"}
