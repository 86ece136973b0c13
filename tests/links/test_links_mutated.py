from __future__ import annotations

import json
import random
import string
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from link_cases import CORPUS, harmless, link, signed, squeezed

from moonviz.links import State, encode
from moonviz.links.first import written
from moonviz.specs import PRESETS, preset

SECONDS = 1.0
ODD = [
    None,
    True,
    -1,
    0,
    2**31,
    10**30,
    -(10**400),
    1e308,
    "",
    "x" * 3_000,
    "<script>",
    "\x00",
    [],
    {},
    [[]],
    {"kind": {}},
]
ODD += [
    [0] * 500,
    {"": {"": {}}},
    "backprop",
    ["moonwalk-mixed", {"anchor_every": []}],
    {"kind": "conv"},
    1.5,
    "9" * 400,
]


TEXTS = [json.loads(path.read_text("utf-8"))["link"] for path in CORPUS]
TEXTS += [encode(State(own=preset(name))) for name in PRESETS] + [encode(State())]


def slip(text: str, rng: random.Random) -> str:
    """A few letters changed, left out, doubled, or a piece of another link put in."""
    letters = list(text)
    for _ in range(rng.randint(1, 4)):
        at, act = rng.randrange(len(letters) + 1), rng.randrange(5)
        if act == 0 and at < len(letters):
            letters[at] = rng.choice(string.printable)
        elif act == 1:
            del letters[at : at + rng.randint(1, 9)]
        elif act == 2:
            letters[at:at] = letters[at : at + 40]
        elif act == 3:
            letters = letters[:at]
        else:
            letters[at:at] = rng.choices(string.ascii_letters + string.digits + "-_", k=rng.randint(1, 30))
    return "".join(letters)


def flip(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, and a piece moved."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        out[rng.randrange(len(out))] = rng.randrange(256)
    if rng.random() < 0.3:
        at = rng.randrange(len(out))
        out[at:at] = out[: rng.randrange(len(out))]
    return bytes(out)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(value, dict | list):
            yield from places(value)


def twist(said: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Values replaced by odd ones, keys added, elements left out."""
    said = json.loads(json.dumps(said))
    for _ in range(rng.randint(1, 5)):
        found = [(said, rng.choice("pnsmodrbqtz")), *places(said)]
        node, key = rng.choice(found)
        act = rng.randrange(4)
        if act == 0 and isinstance(node, dict):
            node[rng.choice([*"pnsmodrbqtz", "kind", "depth", "foo", "<b>"])] = deepcopy(rng.choice(ODD))
        elif act == 1 and (key in node if isinstance(node, dict) else True):
            del node[key]
        else:
            node[key] = deepcopy(rng.choice(ODD))
    return said


MUTATIONS: dict[str, Callable[[random.Random], str]] = {
    "letters": lambda rng: slip(rng.choice(TEXTS), rng),
    "noise": lambda rng: "1" + "".join(rng.choices(string.ascii_letters + string.digits + "-_", k=rng.randint(0, 400))),
    "bytes": lambda rng: signed(flip(squeezed(json.dumps(written(State(own=preset("glow-tiny")))).encode()), rng)),
    "json": lambda rng: signed(squeezed(flip(json.dumps(written(State(own=preset("conv-pyramid")))).encode(), rng))),
    "values": lambda rng: link(twist(written(State(own=preset(rng.choice(["glow-tiny", "relu-net"])))), rng)),
    "choices": lambda rng: link(
        twist({"n": "digits-dense", "s": {"depth": 3}, "m": ["backprop"], "q": {"depths": [4]}}, rng)
    ),
}


COUNTS = {"letters": 1_000, "noise": 500, "bytes": 800, "json": 700, "values": 1_000, "choices": 1_000}


@pytest.mark.parametrize(("kind", "count"), list(COUNTS.items()))
def test_a_mutated_link_is_read_or_refused_in_words(kind: str, count: int) -> None:
    rng, made = random.Random(kind), MUTATIONS[kind]
    slowest, read = 0.0, 0
    for _ in range(count):
        text = made(rng)
        start = time.process_time()
        read += harmless(text)
        slowest = max(slowest, time.process_time() - start)
    assert slowest < SECONDS
    if kind in ("values", "choices"):
        assert read > count / 4  # the mutations get past the gate
