from __future__ import annotations

from math import prod

import pytest
from playing_cases import dry, told

from moonviz.data.stored import stored, stored_names
from moonviz.figures.playing import payload


@pytest.mark.parametrize("name", stored_names())
def test_captions_say_what_the_records_say(name):
    """Bits only where one bit per unit or less is kept; nothing where nothing is; a gradient where one is made."""
    report = stored(name)
    batch, cards = report.network.spec["batch"], report.network.layers
    steps = next(one for one in report.results if one.method == "moonwalk-mixed").steps
    one = told(report, "moonwalk-mixed")[1]
    keys = dict(one["events"]["say"])
    for n, step in enumerate(steps):
        say = one["say"][keys.get(n, step.phase)][0]
        kept = sum(h.bytes for h in step.held_added if (h.kind, h.layer) == ("residual", step.layer))
        if step.phase == "forward" and 0 < step.layer < len(cards) - 1:
            assert ("keep nothing" in say) == (not kept)
            assert ("one bit" in say) == (0 < 8 * kept <= batch * prod(cards[step.layer].out_shape))
        assert ("ake its gradient" in say or "ake the" in say) == any(h.kind == "gradient" for h in step.held_added)
        assert ("fragment" in say) == (step.phase == "advance" and any(h.kind == "fragment" for h in step.held_removed))


EVERY = [
    ("backprop", {}), ("checkpointing", {}), ("projforward", {"directions": 4}), ("forward", {}),
    ("moonwalk-pure", {}), ("moonwalk-mixed", {}), ("moonwalk-mixed", {"anchor_every": 2}),
    ("moonwalk-mixed", {"phase_one": "checkpointed"}),
]  # fmt: skip
UNDOES = [("revbackprop", {}), ("moonwalk-mixed", {"phase_one": "inverse"}),
          ("moonwalk-mixed", {"phase_one": "inverse", "anchor_every": 2})]  # fmt: skip


@pytest.fixture(scope="module")
def every():
    """Every method and variant on small networks."""
    small = [one for one in EVERY if one[0] not in ("moonwalk-pure", "forward")]
    return [
        dry("digits-dense", *EVERY, *UNDOES, depth=4, width=16),
        dry("relu-net", *small, depth=4, width=16),
        dry("conv1d-fragments", *small, depth=4),
        dry("digits-revnet", *small, *UNDOES, depth=4),
        dry("glow-tiny", *small, *UNDOES, depth=2),
        dry("reversible-transformer", *EVERY[:3], *UNDOES, depth=2),
    ]


def test_every_step_of_every_method_has_a_short_sentence_of_its_own(every):
    seen = set()
    for report in every:
        for one in payload(report, id="x")["methods"]:
            seen |= {f"{one['method']} {key.partition(':')[0]}" for key in one["say"]}
            keys = dict(one["events"]["say"])
            assert all(letter for letter in one["events"]["phase"])
            for say, formula in one["say"].values():
                assert len(say.replace("{i}", "512")) <= 72, say
                assert "Work on" not in say
                assert say.endswith(".")
                assert not set("{}") & set(say.replace("{i}", ""))
                assert formula == "" or formula.count("{") == formula.count("}")
            for n in range(one["events"]["n"]):
                assert n not in keys or keys[n] in one["say"]
    for needed in ("reverse+fragment", "reverse+anchor", "invert+anchor", "recompute+bits", "advance+anchor"):
        assert f"moonwalk-mixed {needed}" in seen
    assert {"forward tangent+start", "projforward tangent+head", "moonwalk-pure tangent+stem"} <= seen


def test_directions_are_counted(every):
    pure = told(every[0], "moonwalk-pure")[1]
    assert pure["say"]["tangent"][0] == "Push all 16 input directions through layer {i}, beside x."
    assert pure["sweeps"] == [[0, "1 Directions →"], [10, "2 Forward →"]]
    noisy = told(every[0], "projforward:directions=4")[1]
    assert noisy["noisy"]
    assert noisy["say"]["done"][0] == "Done: the average of 4 random directions. A guess, not the gradient."


def test_loops_stand_for_all_their_passes(every):
    events = told(every[0], "forward")[1]["events"]
    network = every[0].network.spec
    weights = sum(card.parameters for card in every[0].network.layers)
    starts = 0
    passes, keys = dict(events["passes"]), dict(events["say"])
    for n in range(events["n"]):
        starts += passes.get(n, 1) * ("start" in keys.get(n, ""))
    assert starts == weights
    assert network["batch"]
