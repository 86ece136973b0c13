from __future__ import annotations

import re

import pytest

from moonviz.building import LayerFacts, Place
from moonviz.figures.inside import condition, inside, jacobian_svg, kept_words, lost_outputs, numbers, taps
from moonviz.probing import LayerProbe, Picture


def probe(**more) -> LayerProbe:
    facts = {
        "number": 3, "title": "layer 3 (conv)", "kind": "conv", "in_shape": (1, 4), "out_shape": (1, 3),
        "capability": "fragmental", "reason": "so", "examples": 1, "rank": 2, "sigma_min": 0.5, "sigma_max": 2.0,
        "jacobian": Picture(rows=3, columns=4, cell=(1, 1), values=((1, 0, 0, 0), (0, 0.25, 0, 0), (0, 0, 0, 0))),
        "erased": 1, "lost": (0.0, 0.25, 1.0), "fragment": 2, "kept": (2,), "rebuilt": 5e-16,
    }  # fmt: skip
    return LayerProbe(**(facts | more))


def test_the_picture_is_a_square_for_every_entry_that_is_not_zero_darker_the_larger():
    drawn = jacobian_svg(probe().jacobian)
    assert 'viewBox="0 0 4 3"' in drawn
    shades = {
        place: float(share) for place, share in re.findall(r'd="(M\d \d)h1v1h-1z"[^>]*fill-opacity="([\d.]+)"', drawn)
    }
    assert shades == {"M0 0": 1.0, "M1 1": 0.5}
    assert "<path" not in jacobian_svg(Picture(rows=1, columns=1, cell=(1, 1), values=((0.0,),)))


def test_the_condition_has_the_layers_own_numbers():
    assert condition(probe()) == "J is 3×4: 3 outputs by 4 inputs. Its rank is 2, so h·J loses 1 direction of h."
    whole = probe(rank=3, erased=0, fragment=0, lost=(), kept=None)
    assert condition(whole).endswith("Its rank is 3, all outputs, so h·J loses nothing of h.")
    assert kept_words(whole) == "It keeps nothing of h. Rebuilt from h·J, a random h is off by 5.0·10⁻¹⁶."
    assert kept_words(probe()).startswith("It keeps 2 numbers of h, 1 more than are erased.")
    assert kept_words(probe(fragment=None, rebuilt=None)) == ""


def test_rank_and_conditioning_are_named():
    assert numbers(probe()) == [
        ("Rank", "2 of 3"), ("σ max", "2.00"), ("σ min, above 0", "0.500"), ("σ max ÷ σ min", "4.00"),
    ]  # fmt: skip
    assert len(numbers(probe(sigma_min=None))) == 2


def test_what_the_stack_shows_says_that_it_was_measured():
    shown = inside(probe(), "body.0.2")
    assert shown["key"] == "body.0.2"
    assert "Measured at the first example of the batch, in float64." in shown["words"]
    folded = probe(jacobian=Picture(rows=6, columns=8, cell=(2, 2), values=((1.0,),)))
    assert "Each square of the picture stands for 2×2 entries." in inside(folded, "")["words"]


@pytest.mark.parametrize(("capability", "solved"), [("fragmental", False), ("ordinary", True)])
def test_a_smaller_twin_is_told_from_the_layer_itself(capability, solved):
    place = Place(part="body", layer=0)
    whole = LayerFacts(
        place=place, number=3, title="Conv", in_shape=(64, 8, 8), out_shape=(64, 4, 4), capability=capability
    )
    words = inside(probe(), "body.0.0", whole)["words"]
    assert "own Jacobian, 1,024×4,096, is too large to write out: this is the same layer on a random input of 1×4." in (
        words
    )
    assert "first example" not in words
    assert ("at its own size it breaks the walk" in words) == solved


@pytest.mark.parametrize(
    ("pivot", "order", "says"), [(1, "lower", "tap 1 is the pivot"), (None, None, "no pivot: so it is")]
)
def test_taps_are_judged_along_each_axis(pivot, order, says):
    axis = {
        "size": 4, "outputs": 3, "pivot": pivot, "order": order, "why_not": "" if pivot else "so it is",
        "taps": [{"place": n, "inside": n > 0, "order": "lower" if n else None} for n in range(3)],
    }  # fmt: skip
    drawn = taps(probe(axes=[axis, axis]))
    assert drawn.count(says) == 2
    assert re.findall(r'class="(pivot|could|no)"', drawn)[:3] == ["no", "pivot" if pivot else "could", "could"]
    assert taps(probe()) == ""


def test_erased_outputs_are_squares_and_kept_ones_are_ringed():
    drawn = lost_outputs(probe())
    assert re.findall(r'<i class="(\w*)" style="--a:([\d.]+)"', drawn) == [("", "0.00"), ("", "0.25"), ("kept", "1.00")]
    assert lost_outputs(probe(lost=())) == ""
