from __future__ import annotations

import json
import random
import string
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from link_cases import CORPUS, link, signed, squeezed

from moonviz.errors import InvalidSpec
from moonviz.links import MAX_LETTERS, State, decode, encode
from moonviz.links.codec import MAX_BYTES, MAX_NODES
from moonviz.links.first import written
from moonviz.specs import PRESETS, NetworkSpec, preset

SECONDS = 1.0
BYTES = 50_000_000
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


def open_stream(data: bytes) -> bytes:
    """All of the data, in a stream that says that more follows."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


BOMBS = {
    "zeros": signed(squeezed(b"\x00" * 3_000_000)),
    "a long text": signed(squeezed(b'{"p":"' + b"a" * (MAX_BYTES - 10) + b'"}')),
    "nested lists": signed(squeezed(b'{"o":' + b"[" * 90_000 + b"]" * 9_000 + b"}")),
    "nested objects": signed(squeezed(b'{"o":' * 15_000 + b"1" + b"}" * 15_000)),
    "many empty blocks": link({"o": {"body": [[]] * (MAX_NODES - 5)}}),
    "many blocks": link({"o": {"body": [["relu"]] * (MAX_NODES // 2 - 5)}}),
    "many bad layers": link({"o": {"body": [[{"kind": "conv"}] * 64] * 120}}),
    "many unknown keys": link({"s": {f"k{n}": n for n in range(2_000)}}),
    "many methods": link({"m": ["backprop", "foo"] * 5_000}),
    "many bad options": link({"m": [["moonwalk-mixed", {f"k{n}": n for n in range(40)}]] * 64}),
    "many repeats": link({"o": {"body": [[10_000, "relu", "relu"]] * 512}}),
    "a huge number": signed(squeezed(b'{"r":' + b"9" * 90_000 + b"}")),
    "many values": link({"q": {"depths": [0] * (MAX_BYTES // 4)}}),
    "many depths": link({"q": {"depths": [10**9] * 15_000}}),
    "too many letters": "1" + "A" * (MAX_LETTERS * 100),
    "half a stream": signed(squeezed(b" " * 90_000 + b"{}")[:-3]),
    "an open stream": signed(open_stream(b"{}")),
    "something behind": signed(squeezed(b"{}") + b"more"),
    "zlib's own header": signed(zlib.compress(b"{}")),
    "two names": signed(squeezed(b'{"n":"relu-net","n":"digits-dense"}')),
    "nan": signed(squeezed(b'{"s":{"slope":NaN},"t":{"learning_rate":Infinity}}')),
    "half a letter": signed(squeezed(b'{"o":{"name":"\\ud800","body":[["relu"]]}}')),
    "a list": link([1, 2, 3]),
    "nothing": "1",
    "not even a version": "",
    "letters of another alphabet": "1йцукен",
    "spaces": "1 AAAA\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_link_costs_little_time_and_memory(name: str) -> None:
    harmless(encode(State()))  # what is loaded once is not the link's
    tracemalloc.start()
    try:
        start = time.process_time()
        harmless(BOMBS[name])
        seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < BYTES
    assert seconds < 3 * SECONDS  # tracing slows it


REFUSALS = {
    "zeros": "unpacks to more than 100,000 bytes",
    "many values": "holds more than 20,000 values",
    "too many letters": "600,001 letters long; at most 6,000",
    "nested lists": "damaged",
    "half a stream": "damaged or cut short",
    "an open stream": "damaged or cut short",
    "an open stream": signed(open_stream(b"{}")),
    "something behind": "damaged",
    "zlib's own header": "damaged",
    "nan": "damaged",
    "a list": "damaged",
    "nothing": "damaged",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_no_link_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(InvalidSpec, match=REFUSALS[name]):
        decode(BOMBS[name])


def test_a_bomb_is_not_unpacked() -> None:
    tracemalloc.start()
    try:
        harmless(BOMBS["zeros"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * MAX_BYTES  # whole, it is 30 times as much


def test_the_largest_network_of_a_link_is_read_within_the_bounds() -> None:
    body = [{"layers": [{"kind": "conv", "channels": 1 + n % 7}], "repeat": 2} for n in range(512)]
    state = State(own=NetworkSpec.read({"body": body}))
    start = time.process_time()
    assert decode(encode(state)) == (state, ())
    assert time.process_time() - start < SECONDS


def test_one_slip_is_always_noticed() -> None:
    text = encode(State(preset="digits-dense", settings={"depth": 77}))
    others = {text[:at] + letter + text[at + 1 :] for at in range(len(text)) for letter in "AbZ09_-"} - {text}
    # Letters behind the last whole byte carry nothing, so a few slips there change nothing.
    seen = [other for other in others if harmless(other)]
    assert all(decode(other) == decode(text) for other in seen)
    assert len(seen) <= 3


@pytest.mark.parametrize("at", range(0, 49, 7))
def test_a_link_cut_short_says_so(at: int) -> None:
    with pytest.raises(InvalidSpec, match="damaged or cut short"):
        decode(encode(State(own=preset("photo-revnet"), page="build"))[:at])


def test_a_later_version_is_named() -> None:
    with pytest.raises(InvalidSpec, match="of version 2, and this moonviz reads version 1"):
        decode("2" + encode(State())[1:])
