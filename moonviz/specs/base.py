"""What all specs share: frozen, strict, plain data, with errors a person can act on."""

from __future__ import annotations

import json
import math
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from moonviz.errors import InvalidSpec

MAX_TEXT_BYTES = 1_000_000
"""Longest JSON text that is parsed at all."""


def explain(error: ValidationError) -> str:
    """Say in one line per fault which field is wrong, what it was, and what is allowed."""
    faults = []
    for fault in error.errors(include_url=False, include_context=False)[:5]:
        place = ".".join(str(part) for part in fault["loc"]) or "the whole"
        says = fault["msg"].removeprefix("Value error, ")
        given = (
            "" if fault["type"] in ("missing", "value_error", "json_invalid") else f" (given: {_short(fault['input'])})"
        )
        faults.append(f"`{place}`: {says[0].lower()}{says[1:]}{given}")
    more = error.error_count() - len(faults)
    return "; ".join(faults) + (f"; and {more} more" if more > 0 else "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


class Spec(BaseModel):
    """Base of every spec: immutable, unknown keys refused, wrong types refused, JSON round trip the identity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Read JSON text.

        Raises:
            InvalidSpec: Naming the field and what is allowed.
        """
        if len(json_data) > MAX_TEXT_BYTES:
            raise InvalidSpec(f"the JSON text is {len(json_data):,} bytes long; at most {MAX_TEXT_BYTES:,} are read")
        try:
            return super().model_validate_json(json_data, **options)
        except ValidationError as error:
            raise InvalidSpec(explain(error)) from None

    @classmethod
    def read(cls, data: object) -> Self:
        """Read plain data (as `json.loads` gives it).

        Raises:
            InvalidSpec: Naming the field and what is allowed.
        """
        try:
            return cls.model_validate_json(json.dumps(data))
        except (TypeError, RecursionError) as error:
            raise InvalidSpec(f"not plain data: {error}") from None

    def canonical(self) -> str:
        """JSON with sorted keys and no spaces: equal specs give equal text, so it serves as a cache key."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def drop_non_finite(node: Any, place: str, lost: list[str]) -> Any:
    """Replace non-finite floats by None, in place, noting where they stood."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list | tuple) else ()
    kept = {}
    for key, value in list(pairs):
        here = f"{place}.{key}" if place else str(key)
        if isinstance(value, float) and not math.isfinite(value):
            if (name := here if isinstance(node, dict) else place) not in lost[-1:]:
                lost.append(name)
            kept[key] = None
        elif isinstance(value, dict | list | tuple):
            kept[key] = drop_non_finite(value, here, lost)
    if isinstance(node, tuple):
        return tuple(kept.get(n, value) for n, value in enumerate(node))
    for key, value in kept.items():
        node[key] = value
    return node
