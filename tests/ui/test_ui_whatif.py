from __future__ import annotations

import itertools

import pytest

from moonviz.estimates.points import PeakPoint
from moonviz.estimates.sweeping import dry_point
from moonviz.figures.whatif_answer import Ask, answers
from moonviz.jobs.messages import Failed, Peaks, Queued, ResultMessage
from moonviz.results import Failure
from moonviz.specs import NetworkSpec, method_options, preset
from moonviz.ui.whatif_controls import device_of, grid, nearest
from moonviz.ui.whatif_points import (
    CHECKED_DEPTH,
    CONFIRMED_DEPTH,
    Family,
    Shelf,
    Wanted,
    family_key,
    stored_peaks,
    wanted,
)
from moonviz.ui.whatif_state import GIB, OPENING, Whatif, opening
from moonviz.ui.whatif_sweeps import Sounding, listen, outdated, start
from moonviz.ui.whatif_walls import question, small

OWN = NetworkSpec.read({"name": "mine", "body": [{"layers": [{"kind": "relu"}], "repeat": 3}]})
FIXED = NetworkSpec.read({"name": "fixed", "body": [{"layers": [{"kind": "relu"}]}, {"layers": [{"kind": "relu"}]}]})


def page(name: str = "photo-revnet", **settings) -> Whatif:
    return Whatif(preset=name, settings=opening(name) | settings)


def test_an_untouched_page_shows_what_was_stored_and_another_network_as_it_is():
    one, usual = Whatif(), {"depth": 128, "batch": 8, "channels": 64}
    one.adopt("photo-revnet", preset_settings("photo-revnet"), None)
    assert one.settings == opening("photo-revnet") == preset_settings("photo-revnet") | OPENING["photo-revnet"]
    one.set("depth", 7)
    one.adopt("photo-revnet", preset_settings("photo-revnet"), None)
    assert one.depth == 7  # what was tried here stays
    one.adopt("photo-revnet", preset_settings("photo-revnet") | {"depth": 9}, None)
    assert (one.depth, one.get("batch")) == (9, usual["batch"])


def preset_settings(name: str) -> dict:
    return opening(name) | ({"channels": 64, "batch": 8} if name == "photo-revnet" else {})


def test_a_network_made_by_hand_has_a_depth_where_a_block_is_repeated():
    mine, fixed = Whatif(own=OWN), Whatif(own=FIXED)
    assert (mine.deep, mine.depth, fixed.deep) == (True, 3, False)
    mine.set("depth", 11)
    mine.set("batch", 5)
    assert (mine.network().depth, mine.network().batch) == (11, 5)
    assert mine.elsewhere(batch=2).batch == 2
    assert mine.get("batch") == 5


@pytest.mark.parametrize(
    ("other", "same"),
    [({"depth": 3}, True), ({"batch": 1}, True), ({"channels": 8}, False), ({"dtype": "float64"}, False)],
)
def test_depth_and_batch_stay_in_the_family(other, same):
    assert (family_key(page()) == family_key(page(**other))) == same
    assert family_key(Whatif(own=OWN)) == family_key(Whatif(own=OWN.changed(batch=3).with_depth(8)))


@pytest.mark.parametrize("label", ["backprop", "checkpointing", "revbackprop", "moonwalk-mixed"])
def test_stored_dry_runs_are_todays(label):
    stored = [one for one in stored_peaks("photo-revnet") if one.label == label and not one.books]
    first = min(stored, key=lambda one: one.depth * one.batch)
    network = preset("photo-revnet", **OPENING["photo-revnet"])
    assert dry_point(network, method_options(label), first.depth, first.batch) == first


def test_the_untouched_page_asks_for_nothing_more():
    one, shelf = page(), Shelf()
    found, guesses = shelf.points_of(one, one.methods)
    ask = Ask(device_of(one), one.optimizer, one.depth, one.get("batch"))
    assert not guesses
    answered = answers(ask, found)
    assert not wanted(shelf.family(one), answered, one.depth, one.get("batch"))
    assert answered[0].confirmed
    assert max(off for label in one.methods for off in shelf.family(one).check(label)) == 0


def test_another_width_is_guessed_from_the_nearest_and_asked_for():
    one, shelf = page(), Shelf()
    shelf.family(one)
    wide = page(channels=512)
    found, guesses = shelf.points_of(wide, ["backprop"])
    assert guesses == {"backprop"}
    (answer,) = answers(Ask(device_of(wide), "none", 128, 128), found, guesses)
    truth = dry_point(wide.network(), method_options("backprop"), 8, 128).peak_bytes
    assert answer.here.exact is False
    eight = answers(Ask(device_of(wide), "none", 8, 128), found, guesses)[0].here.peak_bytes
    assert eight == pytest.approx(truth, rel=0.05)
    (first, *_) = wanted(shelf.family(wide), [answer], 128, 128)
    assert (first.label, first.samples) == ("backprop", True)
    assert shelf.points_of(page("relu-net"), ["backprop"]) == ({"backprop": ()}, set())


def test_answers_are_confirmed_where_a_dry_run_is_quick_and_checked_where_it_is_not():
    one, shelf = page(), Shelf()
    family = shelf.family(one)
    ask = Ask(device_of(Whatif(budget_bytes=20 * GIB)), "none", 100, 128)
    found, _ = shelf.points_of(one, ["backprop", "moonwalk-mixed"])
    listed = wanted(family, answers(ask, found), 100, 128)
    back, moon = answers(ask, found)
    assert Wanted("backprop", (back.reach, back.reach + 1), (128,)) == listed[0]
    assert back.reach < CONFIRMED_DEPTH < moon.reach
    assert all(CHECKED_DEPTH not in one.depths for one in listed)  # that one is stored
    assert Wanted("moonwalk-mixed", (100,), (128,)) in listed
    assert Wanted("moonwalk-mixed", (100,), (moon.largest.batch, moon.largest.batch + 1)) in listed
    family.failed["backprop"] = "why"
    assert all(one.label != "backprop" for one in wanted(family, [back, moon], 100, 128))


class Says:
    """An engine with a script."""

    def __init__(self, *script):
        self.script, self.jobs = script, []

    def submit(self, job, tab):
        self.jobs.append((job, tab))
        return "one"

    def messages(self, job, start=0):
        return [message.model_copy(update={"number": n}) for n, message in enumerate(self.script)][start:]


POINT = PeakPoint(label="backprop", method="backprop", depth=2, batch=8, peak_bytes=10)


def test_a_sweep_brings_its_points_and_its_end():
    family = Family("digits-dense", {}, "float32")
    engine = Says(Queued(position=0), Peaks(points=(POINT,)), ResultMessage(data=[]))
    sounding = start(engine, "tab", preset("digits-dense"), family, Wanted("backprop", (8,), (8,), samples=True))
    ((job, tab),) = engine.jobs
    assert (job.kind, job.samples, job.depths, tab) == ("sweep", True, (8,), "tab")
    assert listen(engine, sounding) == (True, True)
    assert family.points == {"backprop": (POINT,)}
    assert family.sampled == {"backprop"}
    assert listen(engine, sounding) == (False, False)


def test_the_same_points_twice_are_kept_once():
    family = Family("digits-dense", {}, "float32")
    engine = Says(Peaks(points=(POINT,)), Peaks(points=(POINT,)))
    assert listen(engine, Sounding("one", family, Wanted("backprop", (2,), (8,)))) == (True, False)
    assert family.points == {"backprop": (POINT,)}
    assert not family.sampled


def test_options_in_a_label_reach_the_engine():
    engine = Says()
    start(
        engine, "tab", preset("digits-dense"), Family("", {}, ""), Wanted("moonwalk-mixed:anchor_every=4", (2,), (8,))
    )
    assert engine.jobs[0][0].methods[0].options == {"anchor_every": 4}


def test_a_sweep_that_fails_is_not_asked_for_again():
    family = Family("digits-dense", {}, "float32")
    end = Failed(reason="failed", error=Failure(message="It broke."))
    listen(Says(end), Sounding("one", family, Wanted("backprop", (2,), (8,))))
    assert family.failed == {"backprop": "It broke."}


def test_a_sweep_that_nobody_asks_for_any_more_is_outdated():
    family, other = Family("a", {}, "float32"), Family("a", {}, "float32")
    one = Wanted("backprop", (2,), (8,))
    sounding = Sounding("one", family, one)
    assert not outdated(sounding, family, [one])
    assert outdated(sounding, other, [one])
    assert outdated(sounding, family, [])


@pytest.mark.parametrize(("low", "high"), [(1, 10_000), (1, 65_536), (64 * 2**20, 2**40)])
def test_sliders_take_small_steps_all_the_way(low, high):
    options = grid(low, high)
    assert (options[0], options[-1]) == (low, high)
    assert all(b / a <= 2 for a, b in itertools.pairwise(options))
    assert len(options) < 120
    assert nearest(options, options[5]) == options[5]


def test_a_catalogued_device_brings_its_memory():
    assert device_of(Whatif(device="gpu")).cuda
    assert not device_of(Whatif(device="memory", budget_bytes=5)).cuda
    assert device_of(Whatif(device="GeForce RTX 4090")).memory_bytes == 24 * GIB


def test_precision_is_asked_of_a_small_network_of_the_same_blocks():
    one = page()
    spec = question(one)
    assert (spec.network.batch, small(one).stem[0].channels) == (4, 8)
    assert spec.dtypes == ("float64", "float32", "float16", "bfloat16")
    assert [choice.label for choice in spec.methods][-1] == "moonwalk-mixed:anchor_every=8"
    assert one.settings == opening("photo-revnet")
