from __future__ import annotations

import pytest
from whatif_cases import answered, asked, deepest_on_paper

from moonviz.figures.whatif_answer import answers
from moonviz.figures.whatif_cards import cards
from moonviz.figures.whatif_headline import LIMITS, whatif_headline

MIB = 2**20


def told(ask, *labels, **how):
    return whatif_headline(answered(ask, *labels, **how), ask)


def test_the_headline_is_computed():
    ask = asked(100)
    less, more = (deepest_on_paper(label, 100 * MIB, 8) for label in ("backprop", "moonwalk-mixed"))
    line = told(ask, "backprop", "checkpointing", "moonwalk-mixed")
    assert line.text == f"With 100 MiB, backprop stops at {less:,} blocks. Moonwalk goes on to {more:,}."
    assert "A net, batch 8, float32, no optimizer state, counting tensors alone." in line.under


@pytest.mark.parametrize(
    ("mib", "labels", "how", "words"),
    [
        (10**7, ("backprop", "moonwalk-mixed"), {}, "both go to 10,000 blocks, the most a network may have here."),
        (22_000, ("backprop", "moonwalk-mixed"), {}, "Moonwalk goes on to 10,000, the most a network may have here."),
        (2, ("backprop", "moonwalk-mixed"), {}, "not even one block at batch 8 fits: the leanest, Moonwalk, takes"),
        (100, ("backprop",), {}, "backprop reaches"),
        (100, ("revbackprop", "checkpointing"), {}, "revbackprop reaches"),
        (100, ("projforward",), {}, "but its gradient is a noisy guess."),
        (100, ("backprop", "moonwalk-mixed"), {"refuses": "moonwalk-mixed"}, "Moonwalk cannot train this network."),
        (100, ("moonwalk-mixed",), {"refuses": "moonwalk-mixed"}, "Moonwalk cannot train this network."),
        (100, ("backprop", "revbackprop"), {"guesses": ("backprop", "revbackprop")}, "stops at ≈ "),
    ],
)
def test_whichever_way_it_comes_out(mib, labels, how, words):
    assert words in told(asked(mib), *labels, **how).text


def test_a_noisy_method_is_no_winner():
    line = told(asked(100), "backprop", "moonwalk-mixed", "projforward")
    assert "projforward" not in line.text
    assert "Projforward would reach" in line.under
    assert "noisy guess" in line.under


def test_nothing_known_says_so():
    line = whatif_headline(answers(asked(), {"backprop": ()}), asked())
    assert line.text == "How deep can this network go? Dry runs are on their way."


def test_a_network_without_a_depth_is_told_by_its_batch():
    ask = asked(100, deep=False)
    line = told(ask, "backprop", "moonwalk-mixed")
    assert "backprop stops at a batch of" in line.text
    assert "none of them is repeated" in line.under


@pytest.mark.parametrize("busy", [True, False])
def test_cards_say_how_far_and_how_sure(busy):
    ask = asked(100)
    found = answered(ask, "backprop", "moonwalk-mixed", "revbackprop", refuses="revbackprop")
    html = cards(found, ask, busy)
    assert f"{found[1].reach:,} <small>blocks" in html
    assert "Largest batch at 4 blocks: <b>≈ " in html
    assert "Next to run out: the weights themselves; one more takes 2.5 MiB" in html
    assert "Predicted time: 1.67 × backprop’s, by FLOPs" in html
    assert ("being confirmed" in html) == busy
    assert '<p class="v none">refused</p><p><code>revbackprop</code> needs layers' in html


def test_cards_mark_a_guess_of_the_gradient_and_what_is_not_known():
    ask = asked(100)
    assert 'class="mv-big noisy mv-of-projforward"' in cards(answered(ask, "projforward"), ask, busy=False)
    assert "first dry runs are on their way" in cards(answers(ask, {"backprop": ()}), ask, busy=True)


def test_every_part_has_words():
    ask = asked(1_000, cuda=True)
    keys = {term.key for one in answered(ask, "backprop") for term in one.need.terms}
    assert keys <= LIMITS.keys()
