from __future__ import annotations

import pytest
from link_cases import link

from moonviz.links import State, decode
from moonviz.specs import NetworkSpec

LAYERS = {"relu": {"kind": "relu"}, "dense": {"kind": "dense", "width": 9}}


def own(*layers: object, **others: object) -> dict:
    return {"o": {"name": "mine", "body": [list(layers)], **others}}


@pytest.mark.parametrize(
    ("said", "expected", "words"),
    [
        ({"n": "digits-dense", "s": {"depth": 99_999}}, {"preset": "digits-dense", "settings": {"depth": 10_000}},
         "depth 99,999 → 10,000, the most this preset has"),
        ({"n": "dense-pyramid", "s": {"depth": 0}}, {"preset": "dense-pyramid", "settings": {"depth": 1}},
         "depth 0 → 1, the least this preset has"),
        ({"s": {"channels": 7}}, {"settings": {"channels": 6}}, "channels 7 → 6, a multiple of 2"),
        ({"s": {"slope": 0}}, {}, "slope 0 is not allowed and takes its default"),
        ({"s": {"dtype": "float8"}}, {}, "number format “float8” is not allowed and takes its default"),
        ({"s": {"colour": "red"}}, {}, "colour is not known and is left out"),
        ({"s": 3}, {}, "the settings of `photo-revnet` cannot be read and take their defaults"),
        ({"n": "resnet", "s": {"depth": 4}}, {}, "network “resnet” is not known; `photo-revnet` takes its place"),
        ({"m": ["foo", "backprop"]}, {"methods": [{"name": "backprop"}]}, "method “foo” is not known and is left out"),
        ({"m": ["backprop", "backprop"]}, {"methods": [{"name": "backprop"}]},
         "method `backprop` stands in the link twice and enters once"),
        ({"m": [["moonwalk-mixed", {"anchor_every": 0}]]},
         {"methods": [{"name": "moonwalk-mixed", "options": {"anchor_every": 1}}]},
         "moonwalk-mixed: anchor_every 0 → 1, the least this method takes"),
        ({"m": [["projforward", {"sauce": 1}]]}, {"methods": [{"name": "projforward"}]},
         "projforward: sauce is not known and is left out"),
        ({"m": 4}, {}, "the methods cannot be read and are as usual"),
        ({"d": "tpu"}, {}, "device “tpu” is not allowed and takes its default"),
        ({"r": 5_000}, {"repeats": 101}, "timed runs 5,000 → 101, the most there can be"),
        ({"b": -1}, {"batch_seed": 0}, "seed of the batch -1 → 0, the least there can be"),
        ({"p": "<b>"}, {}, "page “<b>” is not allowed and takes its default"),
        ({"q": {"seeds": 99}}, {"precision": {"seeds": 9}}, "Precision: seeds 99 → 9, the most there can be"),
        ({"q": {"depths": [4, 0]}}, {"precision": {"depths": [4, 1]}},
         "Precision: depths 0 → 1, the least there can be"),
        ({"q": {"methods": ["bar"]}}, {"precision": {"methods": []}},
         "Precision: method “bar” is not known and is left out"),
        ({"t": {"first": "foo", "steps": 50}}, {"training": {"steps": 50}},
         "training: first method “foo” is not known and takes its default"),
        ({"zz": 1}, {}, "zz is not known and is left out"),
        (own({"kind": "dense", "width": 9, "gain": 1e9}), {"own": own({**LAYERS["dense"], "gain": 100.0})},
         "block 1, layer 1 (dense), gain 1e+09 → 100, the most it can be"),
        (own("relu", {"kind": "warp"}), {"own": own("relu")}, "block 1, layer 2 (warp) is not known and is left out"),
        (own("relu", "dense"), {"own": own("relu")}, "block 1, layer 2 (dense) has no `width` and is left out"),
        (own("relu", "relu", name="a<b>c"), {"own": own("relu", "relu", name="abc")},
         "the network’s name holds letters that names do not have; it is now “abc”"),
        (own(2_000_000, "relu"), {"own": own(10_000, "relu")},
         "block 1, repeat 2,000,000 → 10,000, the most it can be"),
        (own(9_000, "relu", "relu", "relu"), {"own": own(6_666, "relu", "relu", "relu")},
         "the body of 27,000 layers repeats less often: 20,000 is the most it can have"),
        (own("relu", stem=["flatten"] * 17), {"own": own("relu", stem=["flatten"] * 16)},
         "stem is cut to 16 entries or letters, the most it can have"),
        (own("relu", data="/etc/passwd"), {"own": own("relu")},
         "data “/etc/passwd” is not known and takes its default"),
        (own("relu", data="own:" + "0" * 32 + ":8x8:10:100"), {"own": own("relu")},
         "the network saw somebody’s own data, which no link carries; digits take their place"),
        ({"o": {"body": []}}, {}, "the network of this link cannot be built, and the preset takes its place"),
        ({"o": 7}, {}, "the network of this link cannot be built, and the preset takes its place: it is no network"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_repaired_and_said(said: dict, expected: dict, words: str) -> None:
    state, notices = decode(link(said))
    if "own" in expected:
        expected = {"own": whole(expected["own"]["o"])}
    assert state == State.read(expected)
    assert len(notices) == 1
    assert notices[0].startswith(words)


def whole(said: dict) -> dict:
    """The short form of a network, written out by hand."""
    block = said["body"][0]
    repeat = block.pop(0) if isinstance(block[0], int) else 1
    layers = [{"kind": one} if isinstance(one, str) else one for one in block]
    stem = [{"kind": one} for one in said.get("stem", ())]
    return {"name": said["name"], "stem": stem, "body": [{"layers": layers, "repeat": repeat}]}


def test_a_block_that_loses_all_its_layers_goes_too_and_the_others_stay() -> None:
    state, notices = decode(link({"o": {"body": [["dense"], [3, "relu"], [], ["warp", "tanh"]]}}))
    read = NetworkSpec.read({"body": [{"layers": [{"kind": "relu"}], "repeat": 3}, {"layers": [{"kind": "tanh"}]}]})
    assert state.own == read
    assert "block 1 has no `layers` and is left out" in notices


def test_a_coupling_with_something_unknown_inside_gets_the_usual() -> None:
    state, notices = decode(link(own({"kind": "coupling", "inside": {"kind": "magic", "depth": 4}})))
    assert state.own == NetworkSpec.read({"name": "mine", "body": [{"layers": [{"kind": "coupling"}]}]})
    assert len(notices) == 1


def test_very_many_repairs_are_counted_instead_of_listed() -> None:
    state, notices = decode(link({"m": [f"method-{n}" for n in range(40)]}))
    assert state.methods == ()
    assert len(notices) == 13
    assert notices[-1] == "and 28 more"
