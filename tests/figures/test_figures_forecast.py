from __future__ import annotations

import re

import pytest

from moonviz.figures.forecast import about, forecast


def said(*given):
    return re.sub(r"<[^>]+>", "", forecast(*given)).replace("&nbsp;", " ")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3e-5, "1 ms"), (0.0123, "12 ms"), (0.04, "40 ms"), (0.96, "1 s"), (1.4, "1 s"), (14.2, "14 s"), (34, "30 s"),
     (58, "1 min"), (190, "3 min"), (3 * 3_600, "3 h"), (1.1 * 86_400, "1 day"), (2.2 * 86_400, "2 days"),
     (4_321 * 86_400, "4,000 days")],
)  # fmt: skip
def test_a_predicted_time_has_the_digits_it_deserves(seconds, words):
    assert about(seconds) == words


def test_every_method_is_told_and_the_race_is_their_sum():
    assert said({"backprop": 0.5, "moonwalk-mixed": 1.0}, (), 7, 600) == (
        "Predicted for one step: backprop 500 ms, moonwalk-mixed 1 s. The race takes 7 of each, about 10 s."
    )


def test_what_is_left_out_takes_no_part_in_the_sum():
    told = said({"backprop": 1.0, "forward": 2 * 86_400.0}, {"forward"}, 7, 600)
    assert told == (
        "Predicted for one step: backprop 1 s, forward 2 days (too slow: estimate only). "
        "The race takes 7 of each, about 7 s."
    )


def test_a_race_that_would_be_stopped_says_so():
    assert said({"forward": 120.0}, (), 7, 600).endswith("about 14 min. It would be stopped after 10 min.")


def test_nothing_known_is_nothing_said_and_names_are_text():
    assert forecast({}, (), 7, 600) == ""
    assert "<i>" not in forecast({"<i>x": 1.0}, (), 7, 600)
