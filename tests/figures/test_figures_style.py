from __future__ import annotations

import pytest

from moonviz.events import KINDS
from moonviz.figures.css import css_variables, mark
from moonviz.figures.style import (
    KINDS_DRAWN,
    LOOKS,
    TOKENS,
    anchor,
    blend,
    bytes_text,
    contrast,
    error_text,
    factor_text,
    flops_text,
    look,
    pick,
    seconds_text,
    significant,
)
from moonviz.specs import METHODS

MIB = 2**20


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (bytes_text(0), "0 B"),
        (bytes_text(1000), "1,000 B"),
        (bytes_text(32 * 1024), "32.0 KiB"),
        (bytes_text(MIB // 2), "0.500 MiB"),
        (bytes_text(1029 * MIB), "1,029 MiB"),
        (bytes_text(24 * 1024 * MIB), "24.0 GiB"),
        (bytes_text(64 * 1024, beside=MIB), "0.0625 MiB"),
        (seconds_text(3.861), "3.86 s"),
        (seconds_text(0.0123), "12.3 ms"),
        (seconds_text(4.56e-5), "45.6 µs"),
        (flops_text(1.16e11), "116 GFLOP"),
        (flops_text(950), "950 FLOP"),
        (factor_text(1.6612), "1.66"),
        (factor_text(7.24), "7.2"),
        (factor_text(20.9), "21"),
        (error_text(5.23e-7), "5.2·10⁻⁷"),
        (error_text(9.99e-7), "10⁻⁶"),
        (error_text(0.0), "0"),
        (error_text(None), "not measured"),
        (significant(99.96), "100"),
        (anchor(0.5), "center"),
        (anchor(0.95), "right"),
    ],
)
def test_numbers_carry_units_and_three_digits(given, text):
    assert given == text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out(scheme):
    page = pick(TOKENS["page"], scheme)
    for name in ("ink", "muted", "warn", "good"):
        assert contrast(pick(TOKENS[name], scheme), page) >= 4.5, name
    assert contrast(pick(TOKENS["warn"], scheme), pick(TOKENS["warn-ground"], scheme)) >= 4.5
    assert contrast(pick(TOKENS["muted"], scheme), pick(TOKENS["panel"], scheme)) >= 4.5
    for name, drawn in LOOKS.items():
        assert contrast(pick(drawn.colour, scheme), page) >= 3, name


def test_contrast_and_blend_know_their_ends():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert blend("#102030", "#ffffff", 1) == "#102030"
    assert blend("#102030", "#ffffff", 0) == "#ffffff"


def test_every_method_and_kind_has_a_look():
    assert set(METHODS) <= set(LOOKS)
    assert set(KINDS) == set(KINDS_DRAWN)


def test_noise_is_dashed_and_hollow_and_so_is_the_unknown():
    for drawn in (look("projforward"), look("nobody knows")):
        assert drawn.hollow
        assert drawn.dash == "dash"
    assert not look("moonwalk-mixed").hollow


def test_stylesheet_follows_both_schemes_by_itself():
    css = css_variables()
    assert "--mv-m-moonwalk-mixed:light-dark(#4b1fc4,#9470fb)" in css
    assert "http" not in css.replace("http%3A//www.w3.org/2000/svg", "")
    assert mark("<x>") == '<span class="mv-mark &lt;x&gt;" aria-hidden="true"></span>'
