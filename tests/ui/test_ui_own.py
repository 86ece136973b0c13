"""A network made by hand in place of a preset."""

from __future__ import annotations

from moonviz.building import Place, blank, edits
from moonviz.data.stored import stored
from moonviz.specs import preset
from moonviz.ui import remedies
from moonviz.ui.keeping import run_of
from moonviz.ui.shown import Shown
from moonviz.ui.state import FIRST, Tab

BOTH = ("backprop", "moonwalk-mixed")


def test_a_network_of_ones_own_takes_the_presets_place():
    tab = Tab.fresh()
    own = edits.duplicate(blank(), Place(part="body", layer=0))
    tab.draft = tab.draft.then(own)
    assert tab.network() == preset(FIRST), "a draft is nobody else's business until it is taken along"
    tab.own = tab.draft.present
    tab.settle()
    assert tab.network() == tab.run().network == own
    assert tab.stale()
    tab.own = None
    tab.settle()
    assert tab.network() == preset(FIRST)
    assert not tab.stale()


def test_results_of_ones_own_network_come_back_with_it():
    tab = Tab.fresh()
    tab.own = blank()
    mine = Shown(stored("digits-dense", BOTH), tab.run())
    tab.show(mine)
    tab.own = edits.settings(blank(), batch=7)
    tab.settle()
    assert tab.stale()
    tab.own = blank()
    tab.settle()
    assert tab.shown is mine
    assert not tab.stale()


def test_a_preset_made_by_hand_is_answered_by_its_stored_race():
    tab = Tab.fresh()
    tab.own = preset(FIRST)
    tab.settle()
    assert tab.shown.stored
    assert not tab.stale()


def test_an_opened_result_brings_its_preset_in_place_of_ones_own_network():
    tab = Tab.fresh()
    tab.own = blank()
    report = stored("digits-revnet", BOTH)
    tab.open(report, run_of(report), "some.json")
    assert tab.own is None
    assert tab.network() == preset("digits-revnet")


def test_an_opened_result_of_ones_own_network_keeps_it():
    tab = Tab.fresh()
    tab.own = blank()
    report = stored("digits-revnet", BOTH)
    card = report.network.model_copy(update={"spec": tab.own.model_dump(mode="json")})
    tab.methods = ("backprop",)
    tab.open(report.model_copy(update={"network": card}), run_of(report.model_copy(update={"network": card})), "a.json")
    assert tab.own == blank()
    assert tab.methods == BOTH
    assert not tab.stale()


def test_a_race_that_is_too_large_is_offered_with_half_the_batch():
    tab = Tab.fresh()
    tab.own = blank()
    (smaller,) = remedies._smaller(tab)
    assert smaller.label == "Take batch 32 instead of 64"
    assert smaller.changes == {"own": edits.settings(blank(), batch=32)}
    tab.own = edits.settings(blank(), batch=1)
    assert not remedies._smaller(tab)
