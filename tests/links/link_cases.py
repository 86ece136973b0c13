"""Random states, drawn from the specs' own JSON schemas, and links whose checksum is right whatever they hold."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from moonviz.errors import InvalidSpec
from moonviz.links import PrecisionChoice, State, TrainingChoice, WhatifChoice, decode, encode
from moonviz.links.first import WORDS
from moonviz.specs import METHODS, PRESETS, NetworkSpec
from moonviz.specs.layers import LayerSpec

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.json"))
LETTERS = st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="<>&`")


def values(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a JSON schema allows; of an object, any of its optional keys may be left out."""
    if "$ref" in schema:
        return values(defs[schema["$ref"].rsplit("/", 1)[-1]], defs)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return st.one_of([values(one, defs) for one in schema[several]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if schema["type"] == "integer":
        step = schema.get("multipleOf", 1)
        low, high = schema.get("minimum", 0), schema["maximum"]
        return st.integers(-(-low // step), high // step).map(lambda n: n * step)
    if schema["type"] == "number":
        low, high = (schema.get(f"exclusive{name.capitalize()}", schema.get(name)) for name in ("minimum", "maximum"))
        shut = {"exclude_min": "exclusiveMinimum" in schema, "exclude_max": "exclusiveMaximum" in schema}
        return st.floats(low, high, **shut)
    if schema["type"] == "object":
        required = set(schema.get("required", ())) | ({"kind"} & schema["properties"].keys())
        parts = {name: values(one, defs) for name, one in schema["properties"].items()}
        given = {name: parts.pop(name) for name in required}
        return st.fixed_dictionaries(given, optional=parts)
    return {"boolean": st.booleans(), "null": st.none()}[schema["type"]]


def made(kind: Any) -> st.SearchStrategy[Any]:
    schema = TypeAdapter(kind).json_schema()
    return values(schema, schema.get("$defs", {}))


LAYERS = st.lists(made(LayerSpec), min_size=1, max_size=4)
BLOCKS = st.fixed_dictionaries({"layers": LAYERS}, optional={"repeat": st.integers(1, 1_000)})
NETWORKS = st.fixed_dictionaries(
    {"body": st.lists(BLOCKS, min_size=1, max_size=4)},
    optional={
        "name": st.text(LETTERS, min_size=1, max_size=80),
        "stem": LAYERS,
        "head": LAYERS,
        **{
            name: values(NetworkSpec.model_json_schema()["properties"][name], {}) for name in ("data", "batch", "dtype")
        },
    },
)
CHOICES = st.sampled_from(list(METHODS)).flatmap(
    lambda name: made(METHODS[name].options).map(lambda options: {"name": name, "options": options})
)
METHOD_LISTS = st.lists(CHOICES, max_size=5, unique_by=lambda one: one["name"])


def group(kind: type, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A part of a state; names are drawn from the lists that they stand for."""
    schema = kind.model_json_schema()
    drawn = {
        name: parts[name] if name in parts else values(one, schema.get("$defs", {}))
        for name, one in schema["properties"].items()
        if name in parts or one.get("type") != "array"
    }
    return st.fixed_dictionaries({}, optional=drawn)


PRECISION = group(
    PrecisionChoice,
    network=st.sampled_from(list(PRESETS)),
    methods=METHOD_LISTS,
    depths=st.lists(st.integers(1, 256), max_size=12),
    dtypes=st.lists(st.sampled_from(["float64", "float32", "bfloat16", "float16"]), max_size=4),
)
TRAINING = group(TrainingChoice, first=st.sampled_from(list(METHODS)), second=st.sampled_from(list(METHODS)))
WHATIF = group(
    WhatifChoice,
    device=st.sampled_from(["gpu", "memory", "GeForce RTX 4090", "Tesla T4 (Colab)"]),
    methods=st.lists(st.sampled_from(list(METHODS)), max_size=5, unique=True),
)
OTHERS = {
    "page": st.sampled_from(["race", "build", "methods", "precision", "whatif"]),
    "own": st.none() | NETWORKS,
    "methods": METHOD_LISTS,
    "device": st.sampled_from(["auto", "cpu", "cuda", "mps"]),
    "repeats": st.integers(1, 101),
    "batch_seed": st.integers(0, 2**32 - 1),
    "precision": PRECISION,
    "training": TRAINING,
    "whatif": WHATIF,
}
STATES = st.sampled_from(list(PRESETS)).flatmap(
    lambda name: st.fixed_dictionaries(
        {"preset": st.just(name)}, optional={"settings": made(PRESETS[name].settings), **OTHERS}
    ).map(State.read)
)


def signed(packed: bytes) -> str:
    """A link around any bytes, its checksum made as the format says."""
    whole = (zlib.crc32(packed) & 0xFFFF).to_bytes(2, "big") + packed
    return "1" + urlsafe_b64encode(whole).decode().rstrip("=")


def squeezed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, WORDS)
    return packer.compress(data) + packer.flush()


def link(said: Any) -> str:
    """A link that says anything that is JSON."""
    return signed(squeezed(json.dumps(said).encode()))


def harmless(text: str) -> bool:
    """Read a link that may be anything. Whether it was read; a refusal has words, a state makes a link again."""
    try:
        state, notices = decode(text)
    except InvalidSpec as error:
        refusal = str(error)
    else:
        return _whole(state, notices)
    assert 10 < len(refusal) < 2_000
    return False


def _whole(state: State, notices: tuple[str, ...]) -> bool:
    assert isinstance(state, State)
    assert all(isinstance(line, str) and len(line) < 2_000 for line in notices)
    assert len(notices) <= 20
    assert decode(encode(state)) == (state, ())
    return True
