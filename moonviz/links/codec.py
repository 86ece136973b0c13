"""A state as the text of a link's one parameter, and back within bounds.

The text is the version's digit and then, in base64 for URLs, two bytes of checksum and compressed JSON. Reading costs
at most what `MAX_LETTERS` and `MAX_BYTES` allow, whatever stands in the text; nothing in it is ever run.
"""

from __future__ import annotations

import binascii
import json
import re
import zlib
from base64 import b64decode, urlsafe_b64encode
from typing import Any

from pydantic_core import from_json

from moonviz.errors import InvalidSpec
from moonviz.links.first import WORDS, read_back, written
from moonviz.links.reading import read_state
from moonviz.links.state import State
from moonviz.specs.sources import is_own

VERSION = "1"
MAX_LETTERS = 6_000
"""Longest text that is written or read: servers on the way pass on addresses of about 8,000."""
MAX_BYTES = 100_000
"""Most bytes that a text is unpacked to."""
MAX_NODES = 20_000
"""Most values in what was unpacked."""

_LETTERS = re.compile(r"[A-Za-z0-9_-]*")
_DAMAGED = "this link is damaged or cut short; ask for it again, or copy it whole"


def encode(state: State) -> str:
    """A state as text of the letters that a URL carries as they are.

    Raises:
        InvalidSpec: If it would be longer than `MAX_LETTERS`, or its network sees data that no link may carry.
    """
    if state.own and is_own(state.own.data):
        raise InvalidSpec(
            "this network sees your own data, which stay in this tab; choose one of moonviz’s data to share the network"
        )
    data = json.dumps(written(state), separators=(",", ":"), ensure_ascii=False).encode()
    packed = min((_pack(data, plan) for plan in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED)), key=len)
    text = VERSION + urlsafe_b64encode(_checksum(packed) + packed).decode().rstrip("=")
    if len(text) > MAX_LETTERS or len(data) > MAX_BYTES:
        raise InvalidSpec(
            f"this network is too large for a link ({len(text):,} letters; at most {MAX_LETTERS:,}). "
            "Save it as JSON instead"
        )
    return text


def decode(text: str) -> tuple[State, tuple[str, ...]]:
    """The state of a link, and a notice for everything in it that had to be repaired.

    Raises:
        InvalidSpec: If the text is no link, was damaged, or was made by a later version.
    """
    if len(text) > MAX_LETTERS:
        raise InvalidSpec(f"this link is {len(text):,} letters long; at most {MAX_LETTERS:,} are read")
    if not text or not _LETTERS.fullmatch(text):
        raise InvalidSpec(_DAMAGED)
    if text[0] != VERSION:
        raise InvalidSpec(
            f"this link is of version {text[0]}, and this moonviz reads version {VERSION}. "
            "Open it with the moonviz it was made with"
        )
    state, notices = read_state(read_back(_plain(_unpack(text[1:]))))
    return state, tuple(notices)


def _checksum(packed: bytes) -> bytes:
    """Two bytes, so that a slip in copying is noticed instead of giving another network."""
    return (zlib.crc32(packed) & 0xFFFF).to_bytes(2, "big")


def _pack(data: bytes, plan: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, plan, WORDS)
    return packer.compress(data) + packer.flush()


def _unpack(text: str) -> bytes:
    """The bytes behind the letters, of which at most `MAX_BYTES` are ever made."""
    try:
        whole = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise InvalidSpec(_DAMAGED) from None
    packed = whole[2:]
    if whole[:2] != _checksum(packed) or not packed:
        raise InvalidSpec(_DAMAGED)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS, WORDS)
    try:
        data = unpacker.decompress(packed, MAX_BYTES + 1)
    except zlib.error:
        raise InvalidSpec(_DAMAGED) from None
    if len(data) > MAX_BYTES:
        raise InvalidSpec(f"this link unpacks to more than {MAX_BYTES:,} bytes, which no link of moonviz does")
    if not unpacker.eof or unpacker.unused_data:
        raise InvalidSpec(_DAMAGED)
    return data


def _plain(data: bytes) -> dict[str, Any]:
    """The JSON object in the bytes, with no more values than can be checked quickly."""
    try:
        plain = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise InvalidSpec(_DAMAGED) from None
    if not isinstance(plain, dict):
        raise InvalidSpec(_DAMAGED)
    waiting, count = [plain], 0
    while waiting:
        node = waiting.pop()
        inner = list(node.values()) if isinstance(node, dict) else node
        count += len(inner)
        if count > MAX_NODES:
            raise InvalidSpec(f"this link holds more than {MAX_NODES:,} values, which no link of moonviz does")
        waiting += [one for one in inner if isinstance(one, dict | list)]
    return plain
