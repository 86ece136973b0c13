from __future__ import annotations

import pytest

from moonviz.building import Check, LayerFacts, Place, blank, edits
from moonviz.figures.folding import MANY_ROWS, runs
from moonviz.figures.stack import payload, places
from moonviz.specs import Block
from moonviz.specs.layers import Conv, LeakyReLU


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ("aaaa", [(0, 1, 4)]),
        ("aaa", []),
        ("xababababy", [(1, 2, 4)]),
        ("aaaabababababb", [(0, 1, 4), (4, 2, 4)]),
        ("aabaabaabaab", [(0, 3, 4)]),
        ("abc" * 3 + "abcdabcdabcdabcd", [(0, 3, 4)]),
        ("aa.aa.aa.aa.", []),
        ("", []),
    ],
)
def test_runs_are_found_from_left_to_right_the_one_that_hides_most(looks, found):
    assert runs([None if one == "." else one for one in looks]) == found


def written_out(pairs: int):
    """A blank network with so many pairs of a convolution and an activation, each in a block of its own."""
    body = tuple(Block(layers=(Conv(channels=1), LeakyReLU())) for _ in range(pairs))
    return blank("digits").model_copy(update={"body": body})


def folds(network) -> list:
    rows = payload(network, None)["rows"]
    rows = [row if "like" not in row else rows[row["like"]] | row for row in rows]  # as the page does
    return [None if row["fold"] is None else (row["fold"]["at"], row["fold"]["count"]) for row in rows]


def test_a_long_network_folds_and_a_short_one_does_not():
    assert set(folds(written_out((MANY_ROWS - 3) // 2))) == {None}
    long = folds(written_out(20))
    assert long[:3] == [None, (0, 20), (1, 20)]
    assert long[-3:] == [(39, 20), None, None]


def test_an_edited_layer_stands_apart_and_both_sides_fold():
    edited = edits.change(written_out(20), Place(part="body", block=9, layer=1), slope=0.5)
    parts = folds(edited)
    assert parts[1] == (0, 9)
    assert parts[1 + 19] is None  # the activation that was changed
    ids = [row["fold"]["id"] for row in payload(edited, None)["rows"] if row["fold"]]
    assert len(set(ids)) == 1  # a run that was opened stays open on both sides


def test_a_run_keeps_its_name_when_facts_come():
    network = written_out(20)
    layers = [
        LayerFacts(place=place, number=n, title=f"Known {place.layer}", in_shape=(1, 8, 8), out_shape=(1, 8, 8))
        for n, place in enumerate(places(network))
    ]
    before, after = (payload(network, known)["rows"][1] for known in (None, Check(network={}, layers=tuple(layers))))
    assert before["title"] != after["title"]
    assert before["fold"] == after["fold"]


def test_a_row_of_a_run_says_only_what_is_other():
    rows = payload(written_out(20), None)["rows"]
    assert set(rows[3]) == {"like", "key", "label", "after", "into", "fold", "above"}
    assert (rows[3]["like"], rows[4]["like"]) == (1, 2)
    whole = rows[rows[3]["like"]] | rows[3]
    assert (whole["key"], whole["title"]) == ("body.1.0", "Conv → 1")


def test_what_is_repeated_already_does_not_fold():
    network = written_out(20)
    repeated = network.model_copy(update={"body": tuple(one.model_copy(update={"repeat": 2}) for one in network.body)})
    assert set(folds(repeated)) == {None}
