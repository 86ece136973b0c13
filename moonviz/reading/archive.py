"""Arrays from a `.npz` file. Sizes are known before anything is unpacked, and pickles are refused. No torch here."""

from __future__ import annotations

import io
import re
import struct
import tokenize
import warnings
import zipfile
import zlib
from math import prod
from typing import NoReturn

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from moonviz.errors import InvalidSpec
from moonviz.specs.sources import MOST_OWN_NUMBERS

INPUTS = ("x", "X", "images", "data", "inputs")
LABELS = ("y", "Y", "labels", "target", "targets")
MAX_MEMBERS = 32
MAX_HEADER = 10_000
MAX_DIRECTORY = 8_192
"""The most bytes of the list of an archive's members."""
_LARGEST_NUMBER = 8
_BAD_ARCHIVE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError)
# numpy reads a header as a Python literal, and if need be in Python 2's spelling: each has its ways to fail.
_BAD_HEADER = (
    ValueError, SyntaxError, tokenize.TokenError, TypeError, EOFError, RecursionError, MemoryError, UserWarning,
)  # fmt: skip
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_archive(data: bytes) -> tuple[NDArray, NDArray, tuple[str, ...]]:
    """(x, y, what was decided) of a `.npz` file.

    Raises:
        InvalidSpec: If it is none, or an array is missing, too large, or not of plain numbers.
    """
    try:
        with zipfile.ZipFile(_plausible(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise InvalidSpec(f"the file holds {len(members):,} arrays; at most {MAX_MEMBERS} are looked at")
            inputs, labels = (_find(members, names) for names in (INPUTS, LABELS))
            return _array(archive, inputs), _array(archive, labels), ()
    except InvalidSpec:
        raise
    except _BAD_ARCHIVE as error:
        raise InvalidSpec(f"the file is no intact `.npz` ({str(error)[:120]}). Write it with `numpy.savez`") from None


def _plausible(data: bytes) -> io.BytesIO:
    """Refuse a list of members that would take long to read, before it is read."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if at < 0 or int.from_bytes(data[at + 12 : at + 16], "little") > MAX_DIRECTORY:
        raise zipfile.BadZipFile("it has no list of arrays, or a very long one")
    return io.BytesIO(data)


def _find(members: list[zipfile.ZipInfo], names: tuple[str, ...]) -> zipfile.ZipInfo:
    by_name = {member.filename: member for member in members}
    found = next((by_name[f"{name}.npy"] for name in names if f"{name}.npy" in by_name), None)
    if found is None:
        given = ", ".join(f"`{re.sub(r'[^ -~]', '?', name)[:30]}`" for name in list(by_name)[:8]) or "nothing"
        raise InvalidSpec(f"the file holds {given}, but no `{names[0]}`. Write it with `numpy.savez(file, x=…, y=…)`")
    return found


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray:
    name, most = member.filename, MOST_OWN_NUMBERS * _LARGEST_NUMBER + MAX_HEADER
    if member.file_size > most:
        raise InvalidSpec(f"`{name}` unpacks to {member.file_size:,} bytes; at most {most:,}")
    if member.compress_type not in _PLAIN or member.flag_bits & 1:
        raise InvalidSpec(f"`{name}` is encrypted or packed in an unusual way. Write it with `numpy.savez`")
    with archive.open(member) as stream:
        raw = stream.read(member.file_size)  # never more than was declared, whatever is in it
        if stream.read(1):
            raise InvalidSpec(f"`{name}` unpacks to more than it says. Write it with `numpy.savez`")
    return _from_npy(raw, name)


def _from_npy(raw: bytes, name: str) -> NDArray:
    def refuse(why: object) -> NoReturn:
        raise InvalidSpec(f"`{name}` is no array of plain numbers ({str(why)[:120]}). Write it with `numpy.savez`")

    stream = io.BytesIO(raw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            version = npy.read_magic(stream)
            if version not in ((1, 0), (2, 0)):
                refuse(f"its format is version {version[0]}.{version[1]}")
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, by_columns, dtype = read(stream, max_header_size=MAX_HEADER)
    except _BAD_HEADER as error:
        refuse(error)
    if dtype.kind not in "buif" or dtype.itemsize > _LARGEST_NUMBER:
        refuse(f"its numbers are of type {dtype}")
    if any(size < 0 for size in shape) or prod(shape) * dtype.itemsize != len(raw) - stream.tell():
        refuse(f"its {len(raw) - stream.tell():,} bytes are not those of {'×'.join(map(str, shape))} numbers")
    if not prod(shape):
        refuse("it is empty")
    found = np.frombuffer(raw, dtype, offset=stream.tell())
    return found.reshape(shape, order="F" if by_columns else "C")
