from __future__ import annotations

import subprocess
import sys

import pytest

from moonviz.data.stored import stored, stored_names
from moonviz.errors import InvalidSpec
from moonviz.specs import RunSpec
from moonviz.ui.cache import digest, key_of
from moonviz.ui.shown import Shown
from moonviz.ui.state import FIRST, MOST_KEPT, Tab, defaults

BOTH = ("backprop", "moonwalk-mixed")


def test_an_untouched_tab_shows_the_stored_race():
    tab = Tab.fresh()
    assert tab.preset == FIRST
    assert tab.shown.stored
    assert tab.shown.report is stored(FIRST, BOTH)
    assert not tab.stale()


def test_other_settings_make_the_result_stale_and_the_same_ones_mend_it():
    tab = Tab.fresh()
    tab.settings["depth"] = 7
    tab.settle()
    assert tab.shown.report is stored(FIRST, BOTH)
    assert tab.stale()
    tab.settings["depth"] = 128
    assert not tab.stale()


def test_another_preset_brings_its_own_stored_race():
    tab = Tab.fresh()
    tab.preset, tab.settings = "digits-revnet", defaults("digits-revnet")
    tab.settle()
    assert tab.shown.report is stored("digits-revnet", BOTH)
    assert not tab.stale()


def test_how_often_it_is_timed_does_not_make_the_stored_race_another():
    tab = Tab.fresh()
    tab.repeats = 3
    tab.settle()
    assert not tab.stale()
    tab.batch_seed = 1
    tab.settle()
    assert tab.stale()


def test_results_come_back_with_their_settings():
    tab = Tab.fresh()
    tab.settings["depth"] = 4
    mine = Shown(stored("digits-dense", BOTH), tab.run())
    tab.show(mine)
    tab.settings["depth"] = 128
    tab.settle()
    assert tab.shown.stored
    tab.settings["depth"] = 4
    tab.settle()
    assert tab.shown is mine


def test_a_tab_keeps_a_few_results_only():
    tab = Tab.fresh()
    for depth in range(1, MOST_KEPT + 3):
        tab.settings["depth"] = depth
        tab.show(Shown(stored("digits-dense", BOTH), tab.run()))
    assert len(tab.kept) == MOST_KEPT


def test_settings_that_cannot_be_raced_are_named():
    tab = Tab.fresh()
    tab.methods = ()
    with pytest.raises(InvalidSpec, match="no method is chosen"):
        tab.run()
    assert tab.stale()
    tab.settle()  # leaves the page as it is
    tab.methods, tab.settings["channels"] = ("backprop",), 3
    with pytest.raises(InvalidSpec, match="channels"):
        tab.run()


def test_a_run_reads_back_as_itself():
    run = Tab.fresh().run()
    assert RunSpec.model_validate_json(run.model_dump_json()) == run


def test_an_unknown_stored_result_names_the_known_ones():
    with pytest.raises(InvalidSpec, match="`photo-revnet`"):
        stored("nothing")
    assert FIRST in stored_names()


def test_figures_are_kept_by_what_the_report_says():
    report = stored("digits-dense", BOTH)
    nested = report.network.model_copy(update={"spec": report.network.spec | {"seed": 1}})
    assert digest(report) != digest(report.model_copy(update={"network": nested}))
    assert digest(report) == digest(report.model_copy()) == key_of(report)


def test_drawing_the_page_leaves_torch_out():
    code = """
import sys
from streamlit.testing.v1 import AppTest
import moonviz.ui.engine as engine
engine.PAINT_SECONDS = 3600
at = AppTest.from_file("app.py", default_timeout=60).run()
assert not at.exception, at.exception
assert "torch" not in sys.modules
engine.engine().close()
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_stored_race_answers_for_any_of_its_methods():
    tab = Tab.fresh()
    tab.methods = ("checkpointing", "revbackprop")
    tab.settle()
    assert [one.label for one in tab.shown.report.results] == ["checkpointing", "revbackprop"]
    assert tab.shown.stored
    tab.methods = ("backprop", "forward")
    tab.settle()
    assert tab.stale()
