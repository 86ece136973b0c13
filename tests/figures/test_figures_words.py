from __future__ import annotations

from math import floor, log10

import pytest
from race_cases import gradient, race, result

from moonviz.figures.words import agreement_words, one_line, prose, provenance


def test_network_and_origin_in_one_line():
    assert one_line(race()) == "digits-revnet: 32 couplings, batch 64, float32"
    assert provenance(race(), stored=True).startswith("Stored result: ")
    here = provenance(race(moonwalk_mixed={"shared_machine": True}), stored=False)
    assert here.startswith("Measured here: ")
    assert "Other work ran on this machine" in here


def test_prose_escapes_everything_but_names():
    assert prose("`a` < <b>") == "<code>a</code> &lt; &lt;b&gt;"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (0.0, ("same", "every bit agrees with backprop")),
        (3e-7, ("same", "6 digits agree with backprop")),
        (1e-5, ("same", "5 digits agree with backprop")),
        (2e-3, ("drifting", "only 2 digits agree with backprop")),
        (2e-2, ("drifting", "only 1 digit agrees with backprop")),
        (0.9, ("drifting", "no digit agrees with backprop")),
        (1.0, ("not the gradient", "")),
        (None, ("not checked", "too large to check against backprop")),
    ],
)
def test_agreement_in_words(error, words):
    walk = result("moonwalk-mixed").model_copy(update=gradient(error))
    assert agreement_words(walk, "float32") == words


def test_what_only_float64_could_judge_says_what_that_says():
    alone = result("moonwalk-mixed").gradient.model_copy(update={"relative_error_to_backprop": None})
    walk = result("moonwalk-mixed").model_copy(update={"gradient": alone})
    count = floor(-log10(alone.relative_error))
    said = f"against float64, {count} digits agree"
    assert agreement_words(walk, "float32") == ("not checked", f"too large to check against backprop; {said}")


def test_a_gradient_with_lost_numbers_is_not_the_gradient():
    walk = result("moonwalk-mixed").model_copy(update={"non_finite": ("gradient.relative_error",)})
    assert agreement_words(walk, "float32")[0] == "not the gradient"


def test_backprop_is_the_reference_and_says_how_true_it_is():
    for error, words in (
        (8e-7, "against float64, 6 digits agree"),
        (0.0, "against float64, every bit agrees"),
        (None, ""),
    ):
        own = gradient(error, "backprop")["gradient"].model_copy(update={"relative_error_to_backprop": 0.0})
        backprop = result("backprop").model_copy(update={"gradient": own})
        assert agreement_words(backprop, "float32") == ("reference", words)
