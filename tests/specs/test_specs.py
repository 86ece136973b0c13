from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moonviz.errors import InvalidSpec
from moonviz.specs import METHODS, PRESETS, Block, MethodChoice, NetworkSpec, RunSpec, layers, method_options, preset


@pytest.mark.parametrize("name", PRESETS)
def test_the_json_round_trip_is_the_identity(name: str) -> None:
    spec = preset(name, depth=5, batch=7, dtype="float64", seed=3)
    assert NetworkSpec.model_validate_json(spec.model_dump_json()) == spec
    assert NetworkSpec.read(json.loads(spec.canonical())) == spec
    # `conv-pyramid` counts the blocks of a stage, and each of its three stages begins with one more
    assert spec.depth == (18 if name == "conv-pyramid" else 5)
    assert (spec.batch, spec.dtype, spec.seed) == (7, "float64", 3)


@given(depth=st.integers(1, 10_000), batch=st.integers(1, 1_000_000), slope=st.floats(0, 1, exclude_min=True))
def test_equal_specs_and_only_those_have_one_canonical_text(depth: int, batch: int, slope: float) -> None:
    spec = preset("digits-dense", depth=depth, batch=batch, slope=slope)
    same = NetworkSpec.model_validate_json(json.dumps(json.loads(spec.model_dump_json()), indent=3, sort_keys=True))
    assert same.canonical() == spec.canonical()
    assert spec.changed(seed=spec.seed + 1).canonical() != spec.canonical()


def test_specs_that_differ_only_in_a_nested_type_have_different_texts() -> None:
    one, other = ((Block(layers=(layer,)),) for layer in (layers.Flatten(), layers.GlobalMeanPool()))
    assert NetworkSpec(body=one).canonical() != NetworkSpec(body=other).canonical()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_it_is_and_what_to_notice(name: str) -> None:
    chosen = PRESETS[name]
    assert chosen.title
    assert chosen.about.endswith(".")
    assert chosen.notice.endswith(".")
    assert set(chosen.settings.model_fields) >= {"depth", "batch", "dtype", "seed"}
    assert preset(name).name == name


def test_default_presets_are_the_promised_ones() -> None:
    revnet, photo, dense = preset("digits-revnet"), preset("photo-revnet"), preset("digits-dense")
    assert (revnet.depth, photo.depth, dense.depth) == (32, 128, 16)
    assert (photo.batch, photo.stem[0].channels, photo.data) == (8, 64, "photos")
    assert dense.body[0].layers[1].slope == 0.5


GOOD = json.loads(preset("digits-dense").model_dump_json())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wibble": 1}, ["`wibble`", "not permitted"]),
        ({"batch": 0}, ["`batch`", "greater than or equal to 1", "0"]),
        ({"batch": 10**9}, ["`batch`", "less than or equal to 1000000"]),
        ({"batch": "8"}, ["`batch`", "integer"]),
        ({"batch": 8.5}, ["`batch`", "integer"]),
        ({"dtype": "float8"}, ["`dtype`", "float64"]),
        ({"data": "/etc/passwd"}, ["`data`", "digits"]),
        ({"body": []}, ["`body`", "at least 1"]),
        ({"version": 2}, ["`version`", "1"]),
        ({"seed": -1}, ["`seed`"]),
        ({"body": [{"layers": [{"kind": "dense", "width": 10**6}]}]}, ["width", "65536"]),
        ({"body": [{"layers": [{"kind": "warp"}]}]}, ["warp", "leaky_relu"]),
        ({"body": [{"layers": [{"kind": "leaky_relu", "slope": 0}]}]}, ["slope", "greater than 0"]),
        ({"body": [{"layers": [{"kind": "leaky_relu"}], "repeat": 10**9}]}, ["repeat", "10000"]),
        ({"body": [{"layers": [{"kind": "leaky_relu"}] * 3, "repeat": 9000}]}, ["27,000 layers", "20,000"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_network_names_the_field_and_what_is_allowed(change: dict, words: list[str]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        NetworkSpec.read(GOOD | change)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"body": NaN}', "[" * 5000, "\x00"])
def test_text_that_is_no_network_is_an_error_not_a_crash(text: str) -> None:
    with pytest.raises(InvalidSpec):
        NetworkSpec.model_validate_json(text)


def test_long_text_is_not_parsed_at_all() -> None:
    with pytest.raises(InvalidSpec, match="2,000,000 bytes"):
        NetworkSpec.model_validate_json(" " * 2_000_000)


def test_specs_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        preset("digits-dense").batch = 3


def test_depth_sets_the_only_repeated_block() -> None:
    one = preset("digits-revnet", depth=4)
    assert one.with_depth(9) == preset("digits-revnet", depth=9)
    block, repeated = {"layers": [{"kind": "leaky_relu"}]}, {"layers": [{"kind": "leaky_relu"}], "repeat": 3}
    mixed = NetworkSpec.read(GOOD | {"body": [block, repeated]})
    assert [b.repeat for b in mixed.with_depth(7).body] == [1, 7]
    for body, words in (([block, block], "no repeated"), ([repeated, repeated], "2 repeated")):
        with pytest.raises(InvalidSpec, match=words):
            NetworkSpec.read(GOOD | {"body": body}).with_depth(7)


def test_unknown_presets_and_settings_list_the_known_ones() -> None:
    with pytest.raises(InvalidSpec, match="photo-revnet"):
        preset("resnet")
    with pytest.raises(InvalidSpec, match=r"`channels`.*its settings: .*`width`"):
        preset("digits-dense", channels=4)
    with pytest.raises(InvalidSpec, match="multiple of 2"):
        preset("digits-revnet", channels=3)


def test_methods_and_their_options() -> None:
    in_teaching_order = "backprop checkpointing revbackprop forward projforward moonwalk-pure moonwalk-mixed"
    assert list(METHODS) == in_teaching_order.split()
    assert method_options("moonwalk-mixed").needed == "fragmental"
    assert method_options("moonwalk-mixed", {"phase_one": "inverse"}).needed == "invertible"
    assert method_options("moonwalk-mixed", {"phase_one": "inverse"}).label == "moonwalk-mixed:phase_one=inverse"
    assert method_options("moonwalk-mixed").label == "moonwalk-mixed"
    assert MethodChoice(name="moonwalk-mixed", options={"phase_one": "residuals"}).label == "moonwalk-mixed"
    with pytest.raises(InvalidSpec, match=r"`backprop`.*`moonwalk-mixed`"):
        method_options("moonwalk")
    with pytest.raises(InvalidSpec, match=r"`anchor`.*`phase_one`"):
        method_options("moonwalk-mixed", {"anchor": 3})


def test_a_run_names_each_method_once() -> None:
    network = preset("digits-dense").model_dump()
    twice = [{"name": "moonwalk-mixed"}, {"name": "moonwalk-mixed", "options": {"phase_one": "residuals"}}]
    with pytest.raises(InvalidSpec, match="twice"):
        RunSpec.read({"network": network, "methods": twice})
    with pytest.raises(InvalidSpec, match="`repeats`"):
        RunSpec.read({"network": network, "methods": twice[:1], "repeats": 0})
