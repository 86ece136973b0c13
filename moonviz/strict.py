"""What strict JSON cannot hold. No torch here."""

from __future__ import annotations

import math
from typing import Any


def drop_non_finite(node: Any, place: str, lost: list[str]) -> Any:
    """Replace non-finite floats by None, in place, noting where they stood.

    Args:
        node: Plain data: dicts, lists, tuples and what JSON can hold.
        place: Where `node` stands, dotted; empty at the top.
        lost: Gets each place, of a list's numbers the list's, once in a row.

    Returns:
        The same node, or a tuple in its stead.
    """
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list | tuple) else ()
    kept = {}
    for key, value in list(pairs):
        here = f"{place}.{key}" if place else str(key)
        if isinstance(value, float) and not math.isfinite(value):
            name = here if isinstance(node, dict) else place
            if name not in lost[-1:]:
                lost.append(name)
            kept[key] = None
        elif isinstance(value, dict | list | tuple):
            kept[key] = drop_non_finite(value, here, lost)
    if isinstance(node, tuple):
        return tuple(kept.get(n, value) for n, value in enumerate(node))
    for key, value in kept.items():
        node[key] = value
    return node
