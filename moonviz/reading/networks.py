"""Network files from outside: JSON read within bounds. No torch here."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from moonviz.errors import InvalidSpec
from moonviz.specs.base import MAX_TEXT_BYTES
from moonviz.specs.network import NetworkSpec
from moonviz.specs.sources import SOURCES, is_own

MAX_VALUES = 100_000
MAX_KEYS = 32
MAX_KEY_LETTERS = 60
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_network(data: bytes) -> NetworkSpec:
    """Read a network from a JSON file: a network's own, or a result, whose network is taken.

    Args:
        data: The file's bytes.

    Raises:
        InvalidSpec: If the file is too large or is no network; names the place and what is allowed.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if len(data) > MAX_TEXT_BYTES:
        raise InvalidSpec(f"the file is {len(data):,} bytes long; at most {MAX_TEXT_BYTES:,} are read as a network")
    try:
        plain = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidSpec(f"the file is not strict JSON ({error}). Choose a file that `copy as JSON` gave") from None
    if not isinstance(plain, dict):
        raise InvalidSpec("the file is JSON, but not an object with a network's fields, such as `body`")
    inner = plain.get("network")
    if "body" not in plain and isinstance(inner, dict):
        plain = inner.get("spec", inner)
    _bounded(plain)
    network = NetworkSpec.read(plain)
    if is_own(network.data):
        raise InvalidSpec(
            "`data` names someone's own data, which stay with the tab that brought them. Write one of "
            f"{', '.join(f'`{name}`' for name in SOURCES)} instead, and bring your data apart"
        )
    return network


def _bounded(plain: Any) -> None:
    """Refuse what would take long to check: too many values, or objects with too many keys."""
    stack, count = [plain], 0
    while stack:
        node = stack.pop()
        if isinstance(node, dict) and len(node) > MAX_KEYS:
            raise InvalidSpec(f"the file holds an object with {len(node):,} keys; a network's have at most {MAX_KEYS}")
        if isinstance(node, dict) and any(len(key) > MAX_KEY_LETTERS for key in node):
            raise InvalidSpec(f"the file holds a key of more than {MAX_KEY_LETTERS} letters; a network's are shorter")
        if isinstance(node, dict | list):
            count += len(node)
            stack.extend(node.values() if isinstance(node, dict) else node)
        if count > MAX_VALUES:
            raise InvalidSpec(f"the file holds more than {MAX_VALUES:,} values; use `repeat` for equal blocks")
