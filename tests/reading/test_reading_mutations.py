"""A thousand files with damage done to them: each is read or refused in words, quickly and within bounds."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from array_files import csv, examples, npz

from moonviz.errors import InvalidSpec
from moonviz.reading.arrays import read_arrays
from moonviz.reading.networks import read_network
from moonviz.reading.sequential import read_sequential
from moonviz.specs import PRESETS, preset

EACH = 250
MOST_SECONDS = 1.0
"""Of computing, so that a busy machine changes nothing."""
MOST_BYTES = 200_000_000

PRINTED = """Sequential(
  (0): Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (1): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  (2): Sequential(
    (0): LeakyReLU(negative_slope=0.01)
    (1): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  )
  (3): Flatten(start_dim=1, end_dim=-1)
  (4): Linear(in_features=128, out_features=32, bias=True)
  (5): GELU(approximate='none')
  (6): Linear(in_features=32, out_features=10, bias=True)
)"""
GOOD: dict[str, tuple[list[bytes], Callable[[bytes], object]]] = {
    "JSON": ([preset(name).model_dump_json().encode() for name in PRESETS], read_network),
    "NPZ": (
        [npz(packed, **examples(*shape)) for packed in (False, True) for shape in ((4,), (2, 5), (1, 3, 3))],
        lambda data: read_arrays(data, "a.npz"),
    ),
    "CSV": (
        [csv(), csv(header="a,b,c,label", ends=("cat", "dog")), csv(between=";", columns=40)],
        lambda data: read_arrays(data, "a.csv"),
    ),
    "Sequential": ([PRINTED.encode()], lambda data: read_sequential(data.decode("utf-8", "replace"))),
}
WORDS = [
    b"null", b"-1", b"1e308", b"9" * 40, b"NaN", b"[[[[[[[[", b"{}", b'"', b"\x00", b"\xff\xfe", b",,,,", b"\n\n",
    b"True", b"0x10", b"\xe2\x80\xae", b"PK\x05\x06", b"__import__('os')", b"Sequential(\n", b")" * 9, b"=" * 9,
    b"1_0", b"()",
]  # fmt: skip


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to four pieces of the bytes changed, cut out, doubled, moved, or replaced by something awkward."""
    for _ in range(chance.randint(1, 4)):
        begin = chance.randrange(len(data) + 1)
        end = min(len(data), begin + chance.choice((1, 2, 8, 64, 512)))
        piece = data[begin:end]
        match chance.randrange(7):
            case 0:
                piece = bytes(chance.randrange(256) for _ in piece)
            case 1:
                piece = b""
            case 2:
                piece *= chance.choice((2, 3, 200))
            case 3:
                piece = chance.choice(WORDS)
            case 4:
                piece = bytes(byte ^ 1 << chance.randrange(8) for byte in piece)
            case 5:
                return data[:begin] or b"\0"
            case 6:
                piece = chance.choice(WORDS) * 2_000
        data = data[:begin] + piece + data[end:]
    return data


@pytest.mark.parametrize("kind", GOOD)
def test_undamaged_files_are_read(kind: str) -> None:
    files, read = GOOD[kind]
    for data in files:
        read(data)


@pytest.mark.parametrize("kind", GOOD)
def test_damaged_files_are_read_or_refused(kind: str) -> None:
    files, read = GOOD[kind]
    chance, refused = random.Random(kind), 0
    tracemalloc.start()
    try:
        for n in range(EACH):
            data = damaged(files[n % len(files)], chance)
            begin = time.process_time()
            try:
                read(data)
            except InvalidSpec as error:
                refused += 1
                words = str(error)
            else:
                words = "read"
            assert time.process_time() - begin < MOST_SECONDS, (n, words)
            assert 0 < len(words) < 2_000, words
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    assert refused > EACH / 3


WORST: dict[str, tuple[Callable[[], bytes], str]] = {
    "every byte a field": (lambda: b"\n".join([b"1," * 4_000 + b"1"] * 310), "CSV"),
    "every row short": (lambda: b"1,2\n" * 99_999, "CSV"),
    "long names": (lambda: b"".join(b"1,%040d\n" % n for n in range(55_000)), "CSV"),
    "one long field": (lambda: b'"' + b"a" * 2_400_000, "CSV"),
    "many values": (lambda: b'{"body":[' + b"0," * 400_000 + b"0]}", "JSON"),
    "many keys": (lambda: b'{"body":[{' + b",".join(b'"%d":0' % n for n in range(90_000)) + b"}]}", "JSON"),
    "deep": (lambda: b'{"body":' + b"[" * 900_000, "JSON"),
    "faults": (lambda: b'{"body":[' + b",".join([b'{"layers":[' + b"{}," * 63 + b"{}]}"] * 512) + b"]}", "JSON"),
    "equal lines": (lambda: b"Sequential(\n" + b"  (0): ReLU()\n" * 4_000 + b")", "Sequential"),
    "nearly equal lines": (
        lambda: b"Sequential(\n" + b"".join(b"  (0): LeakyReLU(0.%d)\n" % (1 + n % 31) for n in range(4_000)) + b")",
        "Sequential",
    ),
    "brackets": (lambda: b"Sequential(\n" + (b"  (0): ReLU(" + b"(" * 380 + b")\n") * 480 + b")", "Sequential"),
    "zeros": (lambda: npz(True, x=np.zeros((7_999, 1_000)), y=np.arange(7_999) % 2), "NPZ"),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_files_are_over_within_bounds(name: str) -> None:
    make, kind = WORST[name]
    data, read = make(), GOOD[kind][1]
    begin = time.process_time()
    try:
        read(data)
    except InvalidSpec as error:
        assert len(str(error)) < 2_000  # noqa: PT017 (being read is as well as being refused)
    assert time.process_time() - begin < MOST_SECONDS


@pytest.mark.parametrize("name", ["every byte a field", "many values", "faults", "zeros"])
def test_the_worst_files_take_little_memory(name: str) -> None:
    make, kind = WORST[name]
    data, read = make(), GOOD[kind][1]
    tracemalloc.start()
    try:
        read(data)
    except InvalidSpec:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MOST_BYTES
