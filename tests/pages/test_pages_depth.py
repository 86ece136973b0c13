"""The race in depth, its files, and its figures' buttons, without a browser."""

from __future__ import annotations

from io import StringIO

import pandas as pd
import pytest
from older import older
from streamlit.testing.v1 import AppTest

from moonviz.data.stored import stored
from moonviz.results import LayerSample
from moonviz.specs import preset
from moonviz.ui import parts
from moonviz.ui.keeping import run_of, source
from moonviz.ui.shown import Shown
from moonviz.ui.state import Tab

LABELS = ("backprop", "revbackprop")


def section(report, function):
    """A page of one section."""

    def script(report, function):
        from moonviz.ui import depth

        getattr(depth, function)(report)

    page = AppTest.from_function(script, kwargs={"report": report, "function": function}, default_timeout=60)
    return page.run()


def with_entries():
    report = stored("digits-revnet")
    truth = tuple(LayerSample(layer=n, values=(0.5, -1e-3)) for n in (0, 7))
    more = tuple(LayerSample(layer=n, values=(1e-8, 0.0)) for n in (0, 7))
    results = tuple(
        one.model_copy(update={"gradient": one.gradient.model_copy(update={"sample": more})}) for one in report.results
    )
    return report.model_copy(update={"truth_sample": truth, "results": results})


def test_agreement_switches_its_view_and_measure(text):
    page = section(older(stored("digits-revnet")), "agreement_section")
    assert "Relative error, layer by layer" in text(page)
    assert "Against backprop" not in str([one.proto for one in page.get("button_group")])
    by, measure = page.get("button_group")
    by.set_value("By weight")
    measure.set_value("Angle")
    page.run()
    assert "1 − cosine, weight by weight" in text(page)


def test_entries_are_shown_by_layer_or_their_lack_is_said(text):
    page = section(older(stored("digits-revnet")), "agreement_section")
    assert "run it here to see them" in text(page)
    page = section(with_entries(), "agreement_section")
    assert "2 entries of layer 7 (coupling 7)" in text(page)
    page.selectbox(key="race.entries-layer").set_value(0).run()
    assert "2 entries of layer 0 (stem)" in text(page)
    assert len(page.get("plotly_chart")) == 3


def test_stored_races_are_compared_with_backprop_first_and_show_a_middle_layers_entries(text):
    page = section(stored("photo-revnet"), "agreement_section")
    assert "run it here to see them" not in text(page)
    _, _, reference = page.get("button_group")
    assert reference.value == "Against backprop in float32"
    assert "Furthest from backprop in float32: revbackprop" in text(page)
    reference.set_value("Against float64").run()
    assert "Furthest from the true gradient" in text(page)
    layer = page.selectbox(key="race.entries-layer").value
    assert 0 < layer < 129
    assert f"entries of layer {layer} (coupling {layer})" in text(page)
    assert len(page.get("plotly_chart")) == 3


def test_nothing_compared_is_said(text):
    report = stored("digits-revnet", ("backprop",))
    bare = report.results[0].model_copy(update={"gradient": None})
    page = section(report.model_copy(update={"results": (bare,)}), "agreement_section")
    assert "Not compared" in text(page)
    assert not page.get("plotly_chart")


def test_the_frontier_offers_a_log_scale_and_starts_with_it_where_it_shows_more(text):
    report = stored("digits-revnet")
    page = section(report, "frontier_section")
    (axes,) = page.get("button_group")
    assert axes.value == "Linear"
    slow = report.results[1].model_copy(
        update={"seconds": report.results[1].seconds.model_copy(update={"median": 99.0, "max": 100.0})}
    )
    page = section(report.model_copy(update={"results": (report.results[0], slow)}), "frontier_section")
    assert page.get("button_group")[0].value == "Log"
    assert "Memory against time" in text(page)


def test_every_figure_has_words_a_twin_and_a_way_out():
    for function in ("agreement_section", "frontier_section"):
        page = section(with_entries(), function)
        figures = page.get("plotly_chart")
        assert figures
        assert all(one.proto.alt.endswith(".") for one in figures)
        assert len(page.get("arrow_data_frame")) + len(page.dataframe) == len(figures)
        assert "".join(one.proto.body for one in page.get("html")).count('class="mv-saves"') == len(figures)
        assert len(page.get("download_button")) == len(figures)


def test_numbers_leave_as_csv(monkeypatch):
    asked = []
    monkeypatch.setattr(parts.st, "download_button", lambda *given, **_: asked.append(given))
    chart = parts.Chart("T", "C.", None, "A.", {"layer": [1, 2], "error": [0.5, None]})
    parts.save(chart, "race.some:thing", "T")
    _, data, name, kind = asked[0]
    assert (name, kind) == ("moonviz-race-some-thing.csv", "text/csv")
    assert pd.read_csv(StringIO(data().decode())).to_dict("list")["layer"] == [1, 2]


def test_words_of_a_figure_cannot_break_out_of_its_button(text):
    def script():
        from moonviz.figures.chart import Chart
        from moonviz.ui import parts

        parts.save(Chart("T", 'a"><img src=x>', None, "A.", {"n": [1]}), "race.x", "T")

    assert "&quot;&gt;&lt;img" in text(AppTest.from_function(script).run())


@pytest.mark.parametrize("name", ["digits-revnet", "conv-pyramid"])
def test_an_opened_result_brings_its_settings_and_stays(name):
    tab = Tab.fresh()
    report = stored(name, ("backprop", "moonwalk-mixed"))
    tab.open(report, run_of(report), "some.json")
    assert (tab.preset, tab.methods) == (name, ("backprop", "moonwalk-mixed"))
    tab.settle()
    assert tab.shown.report == report
    assert not tab.stale()
    tab.settings["depth"] = 3
    tab.settle()
    assert tab.stale()


def test_what_was_asked_for_comes_back():
    report = stored("digits-revnet", LABELS)
    asked = report.model_copy(update={"run": {"device": "cuda", "repeats": 3, "batch_seed": 9}})
    run = run_of(asked)
    assert (run.repeats, run.batch_seed, run.device) == (3, 9, "auto")
    assert run_of(report).repeats == report.results[0].seconds.repeats
    assert run_of(report.model_copy(update={"run": {"batch_seed": "many"}})) is None


def test_a_network_that_cannot_be_set_here_leaves_the_settings_alone():
    tab = Tab.fresh()
    before = (tab.preset, dict(tab.settings), tab.methods)
    report = stored("digits-revnet", LABELS)
    odd = preset("digits-revnet").changed(name="mine").model_dump(mode="json")
    report = report.model_copy(update={"network": report.network.model_copy(update={"spec": odd})})
    tab.open(report, run_of(report), "mine.json")
    assert (tab.preset, dict(tab.settings), tab.methods) == before
    tab.settle()
    assert tab.shown.report == report
    assert not tab.stale()
    assert "cannot be set here" in source(tab.shown)
    tab.methods = ("backprop",)
    tab.settle()
    assert tab.shown.stored


def test_where_an_opened_result_comes_from_is_said_as_text():
    report = stored("digits-revnet", LABELS)
    machine = report.environment.model_copy(update={"machine": "<b>Fast</b>"})
    said = source(Shown(report.model_copy(update={"environment": machine}), None, loaded="<x>.json"))
    assert said.startswith("<b>Loaded from a file</b> (&lt;x&gt;.json), measured on &lt;b&gt;Fast&lt;/b&gt;")


def test_a_file_with_anchors_that_the_menu_does_not_have_can_be_set():
    tab = Tab.fresh()
    report = stored("digits-revnet", ("backprop", "moonwalk-mixed"))
    odd = report.results[1].model_copy(
        update={"options": {"anchor_every": 3}, "label": "moonwalk-mixed:anchor_every=3"}
    )
    report = report.model_copy(update={"results": (report.results[0], odd)})
    tab.open(report, run_of(report), "odd.json")
    assert tab.anchor_every == 3
    assert tab.shown.run is not None
