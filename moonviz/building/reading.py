"""Layers from plain data."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from moonviz.errors import InvalidSpec
from moonviz.specs import layers as specs
from moonviz.specs.base import explain

LAYER: TypeAdapter[specs.LayerSpec] = TypeAdapter(specs.LayerSpec)
_CLASSES: tuple[Any, ...] = specs.LayerSpec.__args__[0].__args__


def read_layer(data: dict[str, Any]) -> specs.LayerSpec:
    """A layer from plain data.

    Raises:
        InvalidSpec: Naming the field and what is allowed.
    """
    try:
        return LAYER.validate_json(json.dumps(data))
    except ValidationError as error:
        raise InvalidSpec(explain(error).replace(f"`{data.get('kind')}.", "`")) from None
    except (TypeError, RecursionError) as error:
        raise InvalidSpec(f"not plain data: {error}") from None


def fields_of(kind: str) -> set[str]:
    """The numbers that a kind of layer has; none for a kind there is not."""
    kinds = {name: cls for cls in _CLASSES for name in cls.model_fields["kind"].annotation.__args__}
    return set(kinds[kind].model_fields) - {"kind"} if kind in kinds else set()
