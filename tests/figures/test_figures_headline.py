from __future__ import annotations

from math import floor, log10

import pytest
from race_cases import BOTH, fell, gradient, race, result, seconds

from moonviz.data.stored import stored
from moonviz.figures.headline import headline
from moonviz.figures.style import MIB, bytes_text, error_text
from moonviz.results import TOLERANCE, ParameterAgreement

SMALL, LARGE = {"peak_bytes": 10 * MIB}, {"peak_bytes": 210 * MIB}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"moonwalk_mixed": SMALL, "backprop": LARGE},
            "Moonwalk peaked at 10.0 MiB, 21 times less than backprop’s 210 MiB, and arrived at the same gradient.",
        ),
        (
            {"moonwalk_mixed": SMALL | gradient(2e-4), "backprop": LARGE},
            "Moonwalk peaked at 10.0 MiB, 21 times less than backprop’s 210 MiB, but its gradient is drifting: only "
            "3 digits agree with backprop.",
        ),
        (
            {"moonwalk_mixed": SMALL | gradient(3.0), "backprop": LARGE},
            "Moonwalk peaked at 10.0 MiB against backprop’s 210 MiB, but what it found is not the gradient.",
        ),
        (
            {"moonwalk_mixed": SMALL | gradient(None), "backprop": LARGE},
            "Moonwalk peaked at 10.0 MiB, 21 times less than backprop’s 210 MiB, but its gradient was too large to "
            "check.",
        ),
        (
            {"moonwalk_mixed": {"peak_bytes": 10 * MIB}, "backprop": {"peak_bytes": 10 * MIB}},
            "Moonwalk saved no memory here: it peaked at 10.0 MiB, backprop at 10.0 MiB. It arrived at the same "
            "gradient.",
        ),
        (
            {"moonwalk_mixed": LARGE | gradient(2e-4), "backprop": SMALL},
            "Moonwalk needed more memory here: 210 MiB against backprop’s 10.0 MiB, and its gradient is drifting: only "
            "3 digits agree with backprop.",
        ),
        ({"backprop": None, "moonwalk_mixed": SMALL}, "Moonwalk peaked at 10.0 MiB."),
        ({"backprop": LARGE, "moonwalk_mixed": None}, "Backprop peaked at 210 MiB."),
        (
            {"backprop": fell("too_large"), "moonwalk_mixed": SMALL},
            "Backprop does not fit; Moonwalk peaked at 10.0 MiB.",
        ),
        (
            {"backprop": LARGE, "moonwalk_mixed": fell("refused")},
            "Moonwalk cannot train this network; backprop peaked at 210 MiB.",
        ),
        ({"backprop": fell("failed"), "moonwalk_mixed": fell("lost")}, "No method finished."),
        (
            {
                "backprop": fell("too_large", peak_bytes=210 * MIB),
                "moonwalk_mixed": fell("too_large", peak_bytes=10 * MIB),
            },
            "Nothing fits here. Predicted peaks: Moonwalk 10.0 MiB, backprop 210 MiB.",
        ),
    ],
)
def test_headline_tells_the_race_as_it_was(changes, sentence):
    assert headline(race(**changes)).text == sentence


@pytest.mark.parametrize(
    ("time", "words"), [(2.0, "It paid 2.00× the time."), (1.0, "It took 1.00×"), (0.5, "It was faster, with 0.50×")]
)
def test_line_under_the_headline_names_the_price(time, words):
    own = result("backprop").seconds.median
    assert words in headline(race(moonwalk_mixed=seconds(time * own))).under


def told(name, method, **changes):
    """What the line under a stored race says of one method, some of its numbers replaced."""
    whole = stored(name)
    results = [one.model_copy(update=changes) if one.method == method else one for one in whole.results]
    under = headline(whole.model_copy(update={"results": tuple(results)})).under
    return next((said for said in under.split(". ") if said.startswith(method.capitalize())), "")


def own(name, method="revbackprop"):
    return next(one for one in stored(name).results if one.method == method)


@pytest.mark.parametrize(
    "name", ["photo-revnet", "paper-revnet", "digits-revnet", "glow-tiny", "reversible-transformer"]
)
def test_a_method_that_is_as_lean_and_faster_gets_its_due(name):
    rival, walk, backprop = own(name), own(name, "moonwalk-mixed"), own(name, "backprop")
    assert rival.seconds.median < walk.seconds.median
    share = rival.peak_bytes / walk.peak_bytes
    need = "as little" if share > 1 / 1.05 else f"less, {bytes_text(rival.peak_bytes, walk.peak_bytes)},"
    ratio = rival.seconds.median / backprop.seconds.median
    off = rival.gradient.relative_error_to_backprop
    count = floor(-log10(off))
    end = (
        ", with the same gradient"
        if off <= TOLERANCE["float32"]
        else f", but drifts: only {count} digits agree with backprop"
    )
    if off > TOLERANCE["float32"] and rival.gradient.relative_error <= 3 * backprop.gradient.relative_error:
        true, base = error_text(rival.gradient.relative_error), error_text(backprop.gradient.relative_error)
        end += f" (against float64 it is off by {true}, backprop itself by {base})"
    assert told(name, "revbackprop") == f"Revbackprop needs {need} and is faster, {ratio:.2f}× the time{end}"


def test_a_method_that_moonwalk_beats_on_memory_is_left_to_the_table():
    assert not told("photo-revnet", "checkpointing")


def test_a_rival_that_needs_what_backprop_needs_is_no_news():
    base = own("digits-dense", "backprop").peak_bytes
    assert not told("digits-dense", "checkpointing", peak_bytes=base)
    assert not told("digits-dense", "checkpointing", peak_bytes=int(base * 0.997))
    assert told("digits-dense", "checkpointing", peak_bytes=int(base * 0.99)).startswith("Checkpointing needs less")


def parameter(layer, beside, true=1e-7):
    return ParameterAgreement(
        name="w", layer=layer, shape=(1,), relative_error=true, cosine=1.0, max_abs_error=0.0,
        relative_error_to_backprop=beside,
    )  # fmt: skip


def with_layers(method, *each):
    return {"gradient": result(method).gradient.model_copy(update={"per_parameter": each})}


@pytest.mark.parametrize(
    ("walk", "base", "words"),
    [
        ([parameter(0, 1e-7), parameter(1, 2e-5), parameter(1, 3e-5)], [],
         "1 of 2 layers differs from backprop by more than rounding allows, at most 3.0·10⁻⁵."),
        ([parameter(0, 4e-5), parameter(1, 2e-5)], [],
         "2 of 2 layers differ from backprop by more than rounding allows, at most 4.0·10⁻⁵."),
        ([parameter(0, 1e-5), parameter(1, 1e-7, 9.0)], [], None),
        ([parameter(0, None, 2e-5), parameter(1, None, 5e-5)], [parameter(0, 0.0), parameter(1, 0.0, 6e-5)],
         "1 of 2 layers differs from float64 by more than rounding allows, at most 2.0·10⁻⁵."),
        ([parameter(0, None, 2e-5)], [], None),
        ([], [], None),
    ],
)  # fmt: skip
def test_layers_that_stray_are_told_beside_the_verdict(walk, base, words):
    told_race = race(moonwalk_mixed=with_layers("moonwalk-mixed", *walk), backprop=with_layers("backprop", *base))
    said = headline(told_race)
    assert "the same gradient" in said.text
    assert (words in said.under) if words else "rounding allows" not in said.under


def test_a_rival_is_held_to_the_same_standard_layer_by_layer():
    rival = own("digits-revnet").model_copy(
        update={
            "gradient": result("moonwalk-mixed").gradient.model_copy(update={"per_parameter": [parameter(0, 2e-5)]})
        }
    )
    whole = race()
    under = headline(whole.model_copy(update={"results": (*whole.results, rival)})).under
    assert ", with the same gradient. In its gradient, 1 of 1 layers differs from backprop" in under


def test_what_moonwalk_keeps_is_a_peak_of_its_own():
    assert (
        "must deliver, each at its own peak: 9.09 MiB against 260 MiB" in headline(stored("photo-revnet", BOTH)).under
    )


def test_memory_and_time_of_a_rival_are_weighed_against_each_other():
    rival, slow = own("photo-revnet"), own("photo-revnet", "moonwalk-mixed").seconds
    peak, base = rival.peak_bytes, own("photo-revnet", "backprop").seconds.median
    count = floor(-log10(rival.gradient.relative_error_to_backprop))
    assert told("photo-revnet", "revbackprop", peak_bytes=2 * peak).startswith(
        f"Revbackprop needs more, {2 * peak / MIB:.1f} MiB, but is faster, {rival.seconds.median / base:.2f}× the time"
    )
    same = f"needs as little and is as fast, {slow.median / base:.2f}× the time"
    assert same in told("photo-revnet", "revbackprop", seconds=slow)
    slower = slow.model_copy(update={"median": 4 * base})
    assert "needs as little but is slower, 4.0× the time" in told("photo-revnet", "revbackprop", seconds=slower)
    assert not told("photo-revnet", "revbackprop", seconds=slower, peak_bytes=2 * peak)
    untimed = told("photo-revnet", "revbackprop", seconds=None)
    assert untimed.startswith(
        f"Revbackprop needs as little, but drifts: only {count} digits agree with backprop (against"
    )


def test_a_rival_is_told_where_backprop_did_not_finish():
    whole = stored("photo-revnet")
    fallen = [one.model_copy(update=fell("too_large")) if one.method == "backprop" else one for one in whole.results]
    for results in (fallen, fallen[1:]):
        under = headline(whole.model_copy(update={"results": tuple(results)})).under
        assert "Revbackprop needs as little and is faster, but drifts" in under


def test_a_busy_machine_is_owned_up_to():
    times = result("backprop").seconds
    busy = times.model_copy(update={"median": 2.0, "min": 1.0, "max": 9.0})
    assert "busy: runs of backprop took 1.00 s to 9.00 s" in headline(race(backprop={"seconds": busy})).under
    calm = times.model_copy(update={"median": 1.2, "min": 1.0, "max": 9.0})
    assert "busy" not in headline(race(backprop={"seconds": calm})).under


def test_headline_puts_what_a_method_says_of_itself_as_text():
    said = headline(race(backprop=fell("failed", "<script>`x`</script>"), moonwalk_mixed=None))
    assert "<script>" not in said.under
    assert "<code>x</code>" in said.under


def test_a_gradient_that_only_float64_could_judge_is_not_called_too_large_to_check():
    alone = result("moonwalk-mixed").gradient.model_copy(update={"relative_error_to_backprop": None})
    told = headline(race(moonwalk_mixed=SMALL | {"gradient": alone}, backprop=LARGE)).text
    count = floor(-log10(alone.relative_error))
    assert told.endswith(
        f"but its gradient could not be compared with backprop’s; against float64, {count} digits agree."
    )
