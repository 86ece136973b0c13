from __future__ import annotations

import pytest

from moonviz.data.stored import stored
from moonviz.figures.capability import BADGES, badge, suffices
from moonviz.figures.methods import LETTERS, OPTIONS, comparison, letters, letters_in, method_card, methods_headline
from moonviz.figures.schedule import LAYERS, picture, schedule
from moonviz.figures.style import KINDS_DRAWN
from moonviz.figures.words import JARGON
from moonviz.specs import METHODS, PRESETS
from moonviz.theory.projforward import expected_cosine

MEASURED = stored("photo-revnet")


@pytest.mark.parametrize("card", METHODS.values(), ids=METHODS)
def test_a_card_says_all_that_is_known_of_its_method(card):
    html = method_card(card)
    for part in (card.idea, card.reference, badge(card.needs)):
        assert part.replace("'", "&#x27;") in html or part in html
    assert f"mv-mark {card.name}" in html
    assert all(f"<code>{name}</code>" in html for name in card.options.model_fields)
    assert ("a noisy estimate" in html) is not card.exact
    assert ("expected cosine" in html.lower()) is not card.exact


@pytest.mark.parametrize("card", METHODS.values(), ids=METHODS)
def test_a_picture_has_one_arrow_per_sweep_in_its_direction(card):
    sweeps = picture(card)
    assert [sweep.words for sweep in sweeps] == [words for _, words in card.schedule]
    backward = [phase in ("reverse", "invert") for phase, _ in card.schedule]
    assert [sweep.backward for sweep in sweeps] == backward
    assert any(sweep.made for sweep in sweeps), "some sweep makes the gradients"
    assert schedule(card).count('class="mv-arrow') == len(sweeps)


def test_pictures_show_what_is_kept():
    kept = {name: [set(sweep.kept.values()) for sweep in picture(card)] for name, card in METHODS.items()}
    assert kept["backprop"] == [{"activation"}, set()]
    assert kept["moonwalk-mixed"] == [{"residual"}, set(), set()]
    assert kept["revbackprop"] == [set(), set()]
    assert len(picture(METHODS["checkpointing"])[0].kept) < LAYERS
    assert "noisy" in schedule(METHODS["projforward"])
    assert "hollow" in schedule(METHODS["projforward"])


def test_every_letter_and_option_is_explained():
    for card in METHODS.values():
        for formula in (card.time, card.memory):
            plain = formula.replace("and more", "")
            for letter in letters_in(formula):
                plain = plain.replace(letter, "")
            assert not any(sign.isalpha() for sign in plain), formula
        assert set(card.options.model_fields) <= set(OPTIONS)
    assert set(LETTERS) == {"h", "L", "C", "A", "r", "P", "n₀", "m", "K"}


def test_the_headline_counts_and_computes():
    said = methods_headline(MEASURED).text
    assert said.startswith("Six methods find the same gradient, one guesses it.")
    assert said.endswith("Moonwalk keeps 43 times less than backprop for 1.67 times its work.")


def test_what_the_race_measures_stands_beside_what_is_predicted():
    backprop, walk = (one for one in MEASURED.results if one.method in ("backprop", "moonwalk-mixed"))
    factor = round(backprop.peak_bytes / walk.peak_bytes)
    under = methods_headline(MEASURED).under
    assert f"The 43 times are of activations alone: the Race page measures {factor} times for the whole peak" in under
    gradients = 128 * 18_496 * 4
    assert gradients < walk.parameter_bytes < gradients + 2**17, "couplings, and a small stem and head"
    assert f"{walk.parameter_bytes / 2**20:.2f} MiB of weight gradients" in under
    alone = MEASURED.model_copy(update={"results": (walk,)})
    assert "Race page" not in methods_headline(alone).under


def test_h_has_one_name():
    assert "the gradient on its way" in letters()
    assert KINDS_DRAWN["cotangent"].name == next(word for word in JARGON if word.startswith("h,"))
    told = [says for word, says in JARGON.items() if not word.startswith("h,")]
    told += [part for card in METHODS.values() for part in (card.idea, *(words for _, words in card.schedule))]
    told += [part for preset in PRESETS.values() for part in (preset.about, preset.notice)]
    told += [look.about for look in KINDS_DRAWN.values()]
    assert not [words for words in told if "cotangent" in words.lower()]
    for name in ("moonwalk-pure", "moonwalk-mixed"):
        assert "h, the gradient on its way," in METHODS[name].idea


def test_the_table_has_every_method_once():
    table = comparison()
    assert all(table.count(f">{name}</span></th>") == 1 for name in METHODS)
    assert table.count("a noisy estimate") == 1


def test_the_cosine_of_a_guess():
    assert expected_cosine(1, 1) == 1
    assert expected_cosine(1, 10_000) == pytest.approx(0.01)
    assert expected_cosine(100, 1) == 1


def test_more_than_needed_will_do():
    assert suffices("invertible", "submersive")
    assert suffices("outside the walk", "invertible")
    assert suffices("ordinary", "any")
    assert not suffices("submersive", "invertible")
    assert not suffices("ordinary", "fragmental")
    assert all(one.icon and one.name for one in BADGES.values())
