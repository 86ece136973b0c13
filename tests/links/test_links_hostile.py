from __future__ import annotations

import time
import tracemalloc
import zlib

import pytest
from link_cases import harmless, link, signed, squeezed

from moonviz.errors import InvalidSpec
from moonviz.links import MAX_LETTERS, State, decode, encode
from moonviz.links.codec import MAX_BYTES, MAX_NODES
from moonviz.specs import NetworkSpec, preset

SECONDS = 1.0
BYTES = 50_000_000


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
