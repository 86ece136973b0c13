"""Own data from files: what numpy wrote comes back, and what is wrong is named before it costs anything."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from array_files import csv, examples, npz

from moonviz.errors import InvalidSpec
from moonviz.reading import archive, arrays, table
from moonviz.reading.arrays import read_arrays


@pytest.mark.parametrize("shape", [(5,), (2, 7), (1, 8, 8)])
@pytest.mark.parametrize("packed", [False, True], ids=["stored", "packed"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "uint8", "int64", ">f4"])
def test_what_numpy_wrote_comes_back(shape: tuple[int, ...], packed: bool, dtype: str) -> None:
    given = examples(*shape)
    x = (100 + 20 * given["x"]).astype(dtype)
    read = read_arrays(npz(packed, x=x, y=given["y"]), "mine.NPZ")
    assert np.array_equal(read.x, x.astype(np.float32))
    assert np.array_equal(read.y, given["y"])
    assert (read.x.dtype, read.y.dtype, read.classes) == (np.float32, np.int64, 2)


def test_columns_first_is_read_right() -> None:
    given = examples(3, 4)
    x = np.asfortranarray(given["x"].astype(np.float32))
    assert np.array_equal(read_arrays(npz(x=x, y=given["y"]), "a.npz").x, x)


@pytest.mark.parametrize(("inputs", "labels"), [("X", "labels"), ("images", "target"), ("data", "targets")])
def test_usual_names_are_found(inputs: str, labels: str) -> None:
    given = examples(4)
    assert len(read_arrays(npz(**{inputs: given["x"], labels: given["y"]}), "a.npz").y) == 20


@pytest.mark.parametrize(
    ("labels", "classes", "notes"),
    [
        (np.arange(20) % 3 + 1, 3, "1, 2, 3"),
        ((np.arange(20) % 2).astype(bool), 2, None),
        (np.where(np.arange(20) % 2, -5.0, 7.0), 2, "-5, 7"),
        ((np.arange(20) % 4)[:, None], 4, None),
        (np.arange(20), 20, None),
        (np.arange(20) * 2, 20, "and 12 more"),
    ],
)
def test_classes_are_numbered_from_0(labels: np.ndarray, classes: int, notes: str | None) -> None:
    read = read_arrays(npz(x=examples(4)["x"], y=labels), "a.npz")
    assert read.classes == classes
    assert np.array_equal(np.unique(read.y), np.arange(classes))
    order = np.argsort(labels.reshape(-1), kind="stable")
    assert (np.diff(read.y[order]) >= 0).all()
    assert [note for note in read.notes if "order" in note] == ([] if notes is None else [read.notes[-1]])
    assert notes is None or notes in read.notes[-1]


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "a,b,c,label", "a,b,c,anything"])
def test_a_table_is_read(between: str, header: str) -> None:
    text = csv(header=header.replace(",", between), between=between)
    read = read_arrays(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"), "table.csv")
    rows = text.decode().splitlines()[1 if header else 0 :]
    wanted = np.array([[float(field) for field in row.split(between)] for row in rows])
    assert np.array_equal(read.x, wanted[:, :-1].astype(np.float32))
    assert np.array_equal(read.y, wanted[:, -1])


def test_the_label_column_may_stand_anywhere_and_hold_names() -> None:
    text = "a,Label,b\n" + "\n".join(f"{n},{'cat' if n % 2 else 'ant'},{n * n}" for n in range(20))
    read = read_arrays(text.encode(), "t.csv")
    assert read.x[3].tolist() == [3, 9]
    assert read.y.tolist() == [n % 2 for n in range(20)]
    assert read.notes == (
        "The classes are read from column 2 (`Label`).",
        "The classes are numbered in this order: ant, cat.",
    )


def _zipped(name: str, raw: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as written:
        written.writestr(name, raw)
        written.writestr("y.npy", _npy(np.arange(20) % 2))
    return file.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _header(text: str) -> bytes:
    padded = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode()


def _lying() -> bytes:
    """An archive that says an array is short; it is not."""
    raw = _zipped("x.npy", _npy(np.zeros((20, 50_000), np.float64)))
    size = struct.pack("<I", 8_000_128)
    assert raw.count(size) == 2
    return raw.replace(size, struct.pack("<I", 2_000))


GOOD = examples(4)
PICKLED = np.array([{"a": 1}] * 20, dtype=object)
WRONG: dict[str, tuple[bytes, str, str]] = {
    "another file": (b"hello", "a.txt", "`.npz` or a `.csv`"),
    "no archive": (b"PK nothing", "a.npz", "no intact `.npz`"),
    "cut off": (npz(**GOOD)[:-30], "a.npz", "no intact `.npz`"),
    "too large": (b"0" * (arrays.MAX_FILE_BYTES + 1), "a.npz", "at most 32,000,000"),
    "no labels": (npz(x=GOOD["x"]), "a.npz", "holds `x.npy`, but no `y`"),
    "pickled": (npz(x=PICKLED, y=GOOD["y"]), "a.npz", "no array of plain numbers"),
    "complex": (npz(x=GOOD["x"] * 1j, y=GOOD["y"]), "a.npz", "complex"),
    "names in an archive": (npz(x=GOOD["x"], y=np.array(["a", "b"] * 10)), "a.npz", "of type <U1"),
    "a bomb": (_zipped("x.npy", b"\0" * 70_000_000), "a.npz", "unpacks to 70,000,000 bytes"),
    "a lie": (_lying(), "a.npz", "unpacks to more than it says|no intact|are not those of"),
    "packed oddly": (_zipped("x.npy", _npy(GOOD["x"]), zipfile.ZIP_LZMA), "a.npz", "packed in an unusual way"),
    "huge shape": (
        _zipped("x.npy", _header("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 1000)}") + b"0" * 80),
        "a.npz", "80 bytes are not those of 10000000000×1000",
    ),
    "negative shape": (
        _zipped("x.npy", _header("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -5)}") + b"0" * 80),
        "a.npz", "are not those of",
    ),
    "code in a header": (_zipped("x.npy", _header("__import__('os').system('true')")), "a.npz", "no array of plain"),
    "deep header": (_zipped("x.npy", _header("(" * 100)), "a.npz", "no array of plain numbers"),
    "one number": (npz(x=1.0, y=GOOD["y"]), "a.npz", "`x` is a single number"),
    "five axes": (npz(x=np.ones((20, 1, 1, 1, 1)), y=GOOD["y"]), "a.npz", "it takes \\[N, numbers\\]"),
    "too wide": (npz(x=np.zeros((10, 70_000), np.uint8), y=np.arange(10) % 2), "a.npz", "1 to 65,536 numbers"),
    "too few": (npz(**examples(3, count=9)), "a.npz", "9 examples are too few"),
    "no match": (npz(x=GOOD["x"], y=GOOD["y"][1:]), "a.npz", "`x` has 20 examples, but `y` is 19"),
    "not finite": (npz(x=np.where(GOOD["x"] > 1, np.nan, 0), y=GOOD["y"]), "a.npz", "infinite, missing"),
    "too large for 32 bits": (npz(x=GOOD["x"] * 1e300, y=GOOD["y"]), "a.npz", "too large for 32 bits"),
    "all equal": (npz(x=np.ones((20, 3)), y=GOOD["y"]), "a.npz", "all numbers of `x` are equal"),
    "one class": (npz(x=GOOD["x"], y=np.zeros(20, int)), "a.npz", "1 different classes; it takes 2"),
    "fractions": (npz(x=GOOD["x"], y=np.linspace(0, 1, 20)), "a.npz", "with a fraction"),
    "empty table": (b"\n\n", "a.csv", "the table is empty"),
    "only names": (b"a,b,label", "a.csv", "no rows with numbers"),
    "long table": (b"1,2\n" * 1_000_000, "a.csv", "at most 2,500,000"),
    "rows": (b"1,2\n" * (table.MAX_ROWS + 2), "a.csv", "more than 100,000 rows"),
    "columns": (b"1," * 5_000 + b"1", "a.csv", "5,001 columns; it takes 2 to 4,097"),
    "one column": (b"1\n2\n", "a.csv", "1 columns; it takes 2"),
    "ragged": (b"1,2,0\n1,2\n", "a.csv", "line 2 has 2 columns, but the first has 3"),
    "no number": (b"a,b,label\n1,2,0\n1,x,0\n", "a.csv", "line 3, `b`: 'x' is no number"),
    "no text": (b"\xff\xfe1,2", "a.csv", "not UTF-8 text"),
    "quoted": (b'"' + b"1," * 200_000, "a.csv", "cannot be read"),
    "nameless": (b"1,a\n1,\n", "a.csv", "a class has no name"),
    "missing": (b"1,2,0\nnan,2,1\n" * 20, "a.csv", "infinite, missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_costs_little(name: str) -> None:
    data, file, says = WRONG[name]
    tracemalloc.start()
    try:
        with pytest.raises(InvalidSpec, match=says):
            read_arrays(data, file)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_a_list_of_very_many_arrays_is_not_even_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for n in range(2_000):
            written.writestr(f"{n}.npy", b"")
    with pytest.raises(InvalidSpec, match="no intact"):
        read_arrays(file.getvalue(), "a.npz")
    many = npz(**{f"a{n}": 0 for n in range(archive.MAX_MEMBERS + 1)})
    with pytest.raises(InvalidSpec, match="33 arrays; at most 32"):
        read_arrays(many, "a.npz")
