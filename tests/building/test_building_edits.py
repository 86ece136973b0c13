from __future__ import annotations

import pytest

from moonviz.building import History, Place, blank, edits
from moonviz.building.history import MOST_KEPT
from moonviz.building.reading import read_layer
from moonviz.building.words import NAMES, subtitle, title
from moonviz.errors import InvalidSpec
from moonviz.specs import SOURCES, NetworkSpec
from moonviz.specs import layers as specs

RELU = specs.ReLU()


def network(*blocks: tuple[str, int], head: str = "z") -> NetworkSpec:
    """A network of dense layers whose widths are letters: `("ab", 3)` is a block of two, three times."""

    def layers(word: str) -> list[dict[str, object]]:
        return [{"kind": "dense", "width": ord(letter)} for letter in word]

    body = [{"layers": layers(word), "repeat": repeat} for word, repeat in blocks]
    return NetworkSpec.read({"stem": layers("s"), "body": body, "head": layers(head)})


def told(made: NetworkSpec) -> str:
    """The network in the letters of `network`, with `!` for a ReLU: `"s|ab*3 c|z"`."""

    def word(layers: tuple[specs.LayerSpec, ...]) -> str:
        return "".join(chr(layer.width) if layer.kind == "dense" else "!" for layer in layers)

    blocks = (word(block.layers) + (f"*{block.repeat}" if block.repeat > 1 else "") for block in made.body)
    return f"{word(made.stem)}|{' '.join(blocks)}|{word(made.head)}"


def at(key: str) -> Place:
    return Place.of(key)


@pytest.mark.parametrize(
    ("after", "want", "landing"),
    [
        ("stem.0.-1", "!s|ab*3 c|z", "stem.0.0"),
        ("stem.0.0", "s!|ab*3 c|z", "stem.0.1"),
        ("body.0.-1", "s|!ab*3 c|z", "body.0.0"),
        ("body.0.0", "s|a!b*3 c|z", "body.0.1"),
        ("body.0.1", "s|ab!*3 c|z", "body.0.2"),
        ("body.0.2", "s|ab*3 ! c|z", "body.1.0"),
        ("body.1.0", "s|ab*3 c!|z", "body.1.1"),
        ("head.0.0", "s|ab*3 c|z!", "head.0.1"),
    ],
)
def test_a_layer_is_put_after_a_place(after: str, want: str, landing: str) -> None:
    before = network(("ab", 3), ("c", 1))
    assert told(edits.insert(before, at(after), RELU)) == want
    assert edits.landing(before, at(after)).key == landing


@pytest.mark.parametrize("key", ["body.2.0", "body.0.3", "stem.0.1", "head.0.5"])
def test_no_layer_is_put_where_there_is_no_place(key: str) -> None:
    with pytest.raises(InvalidSpec, match=key):
        edits.insert(network(("ab", 3), ("c", 1)), at(key), RELU)


@pytest.mark.parametrize("after", [-1, 0, 40, 63])
def test_a_full_block_makes_room_and_a_repeated_one_says_that_it_has_none(after: int) -> None:
    word = "abcdefgh" * 8
    made = edits.insert(network((word, 1)), Place(part="body", layer=after), RELU)
    assert told(made).replace(" ", "") == f"s|{word[: after + 1]}!{word[after + 1 :]}|z"
    where = edits.landing(network((word, 1)), Place(part="body", layer=after))
    assert made.body[where.block].layers[where.layer] == RELU
    with pytest.raises(InvalidSpec, match="no room"):
        edits.insert(network((word, 2)), Place(part="body", layer=after), RELU)


def test_a_removed_block_is_gone_and_the_last_layer_stays() -> None:
    made = edits.remove(network(("ab", 3), ("c", 1)), at("body.1.0"))
    assert told(made) == "s|ab*3|z"
    assert told(edits.remove(made, at("stem.0.0"))) == "|ab*3|z"
    with pytest.raises(InvalidSpec, match=r"layer 1 \(dense\) cannot be removed: the body needs at least one layer"):
        edits.remove(network(("a", 1)), at("body.0.0"))


@pytest.mark.parametrize(
    ("place", "after", "want"),
    [
        ("body.0.0", "body.0.1", "s|bac de|z"),
        ("body.0.2", "body.0.-1", "s|cab de|z"),
        ("body.0.1", "body.0.1", "s|abc de|z"),
        ("body.0.1", "body.1.0", "s|ac dbe|z"),
        ("body.1.1", "head.0.-1", "s|abc d|ez"),
        ("head.0.0", "body.1.2", "s|abc de z|"),
        ("stem.0.0", "body.0.0", "|asbc de|z"),
    ],
)
def test_a_layer_moves(place: str, after: str, want: str) -> None:
    assert told(edits.move(network(("abc", 1), ("de", 1)), at(place), at(after))) == want


def test_the_only_layer_of_the_body_stays_in_it() -> None:
    with pytest.raises(InvalidSpec, match="the body needs at least one layer"):
        edits.move(network(("a", 1)), at("body.0.0"), at("head.0.0"))
    with pytest.raises(InvalidSpec, match=r"layer 1 \(dense\) cannot be moved: there is no place `body.4.0`"):
        edits.move(network(("a", 1)), at("body.0.0"), at("body.4.0"))


def test_layers_are_doubled_repeated_grouped_and_taken_apart() -> None:
    before = network(("ab", 1), ("c", 1), ("de", 1))
    assert told(edits.duplicate(before, at("body.0.0"))) == "s|aab c de|z"
    assert told(edits.repeat(before, 1, 9)) == "s|ab c*9 de|z"
    grouped = edits.group(before, at("body.0.1"), at("body.2.0"))
    assert told(grouped) == "s|a bcd e|z"
    assert told(edits.group(before, at("body.0.1"), at("body.0.1"))) == "s|a b c de|z"
    assert told(edits.ungroup(grouped, 1)) == "s|a b c d e|z"
    assert told(edits.ungroup(edits.repeat(grouped, 1, 2), 1)) == "s|a bcd bcd e|z"
    with pytest.raises(InvalidSpec, match="Take the block apart first"):
        edits.group(edits.repeat(before, 0, 2), at("body.0.0"), at("body.1.0"))
    with pytest.raises(InvalidSpec, match=r"layer 1 \(dense\).*`repeat`"):
        edits.repeat(before, 0, 0)


def test_numbers_change_and_what_is_out_of_range_names_the_layer() -> None:
    before = network(("ab", 3), ("c", 1))
    assert edits.change(before, at("body.1.0"), width=5).body[1].layers[0].width == 5
    with pytest.raises(InvalidSpec, match=r"layer 7 \(dense\): `width`"):
        edits.change(before, at("body.1.0"), width=0)
    with pytest.raises(InvalidSpec, match=r"stem layer 1 \(dense\): `hue`"):
        edits.change(before, at("stem.0.0"), hue=1)
    conv = edits.insert(before, at("head.0.0"), specs.Conv(channels=4, kernel=5, stride=2))
    pool = edits.change(conv, at("head.0.1"), kind="max_pool").head[1]
    assert pool == specs.Pool(kind="max_pool", kernel=5, stride=2, padding=1)


def test_undo_and_redo_walk_the_same_steps() -> None:
    history = History(blank())
    steps = [blank().changed(batch=batch) for batch in range(1, MOST_KEPT + 50)]
    for step in steps:
        history = history.then(step)
    assert history.then(steps[-1]) is history
    assert len(history.past) == MOST_KEPT
    for step in reversed(steps[-MOST_KEPT - 1 : -1]):
        history = history.undo()
        assert history.present == step
    assert history.undo() is history
    for step in steps[-MOST_KEPT:]:
        history = history.redo()
        assert history.present == step
    assert history.redo() is history
    assert history.undo().then(blank()).future == ()


@pytest.mark.parametrize("data", SOURCES)
def test_every_data_source_has_a_blank(data: str) -> None:
    made = blank(data)
    assert NetworkSpec.model_validate_json(made.model_dump_json()) == made
    assert made.data == data


def test_every_kind_of_layer_has_a_name() -> None:
    kinds = {
        name for cls in specs.LayerSpec.__args__[0].__args__ for name in cls.model_fields["kind"].annotation.__args__
    }
    assert set(NAMES) == kinds
    assert title(specs.Conv(channels=128), (64, 8, 8)) == "Conv 64 → 128"
    assert title(specs.Conv(channels=128)) == "Conv → 128"
    assert subtitle(specs.Conv(channels=1, stride=2, bounded=True)) == "kernel 3, stride 2, padding 1, bounded"


@pytest.mark.parametrize("data", [{"kind": "conv"}, {"kind": "nothing"}, {}, {"kind": "conv", "channels": {1, 2}}])
def test_what_is_no_layer_is_refused_in_words(data: dict) -> None:
    with pytest.raises(InvalidSpec):
        read_layer(data)
    with pytest.raises(InvalidSpec, match="is no place"):
        Place.of("body.x")
