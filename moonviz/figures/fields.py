"""The fields of a layer or a network that a person may change, from their JSON schema with its ranges."""

from __future__ import annotations

from functools import cache
from typing import Any

from moonviz.specs import NetworkSpec
from moonviz.specs.layers import LayerSpec

NETWORK = "network"
"""The form of a network's own settings."""
_NETWORK_FIELDS = ("name", "data", "batch", "dtype", "seed")
_CLASSES: tuple[Any, ...] = LayerSpec.__args__[0].__args__
_NAMES = {
    "bias": "Bias",
    "block": "Block of positions",
    "dtype": "Number format",
    "inside.kind": "Inside",
    "inside.last_scale": "Scale of last map",
    "last_scale": "Scale of last map",
    "kind": "Function",
    "bounded": "Bounded taps",
    "seed": "Seed of the weights",
}


def form_of(kind: str) -> str:
    """Which form a kind of layer is edited with: kinds of one class share theirs."""
    return next(cls.__name__ for cls in _CLASSES if kind in cls.model_fields["kind"].annotation.__args__)


@cache
def forms() -> dict[str, list[dict[str, Any]]]:
    """All forms by name. A field: its path, label, type, range, and when it is there."""
    found = {cls.__name__: _fields(cls.model_json_schema()) for cls in _CLASSES}
    schema = NetworkSpec.model_json_schema()
    own = {"properties": {name: schema["properties"][name] for name in _NETWORK_FIELDS}, "$defs": schema["$defs"]}
    return found | {NETWORK: _fields(own)}


def values_of(spec: dict[str, Any], within: str = "") -> dict[str, Any]:
    """The values of a spec's fields by path: ``{"inside.kernel": 3}``."""
    values: dict[str, Any] = {}
    for name, value in spec.items():
        if isinstance(value, dict):
            values |= values_of(value, f"{within}{name}.")
        elif not isinstance(value, list | tuple):
            values[within + name] = value
    return values


def with_value(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The parameters that change one field: an inner one comes with its whole part, another kind of part alone."""
    name, _, rest = path.partition(".")
    if not rest:
        return {name: value}
    part = spec.get(name) or {}
    return {name: {"kind": value} if rest == "kind" else part | {rest: value}}


def _fields(schema: dict[str, Any], within: str = "", when: tuple[str, str] | None = None) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    for name, one in schema["properties"].items():
        path = within + name
        if "discriminator" in one:
            listed += _part(one, path, schema.get("$defs", {}))
        elif "const" not in one:
            kinds = [option for option in one.get("anyOf", [one]) if option.get("type") != "null"]
            if len(kinds) == 1:
                field = _field(kinds[0], path) | {"optional": len(kinds) < len(one.get("anyOf", [one]))}
                listed.append(field | ({"when": when} if when else {}))
    return listed


def _part(schema: dict[str, Any], path: str, defs: dict[str, Any]) -> list[dict[str, Any]]:
    """A part that is one of several kinds: which one, and the fields of each."""
    kinds = schema["discriminator"]["mapping"]
    chosen = f"{path}.kind"
    listed = [{"path": chosen, "label": _label(chosen), "type": "choice", "options": list(kinds)}]
    for kind, target in kinds.items():
        inner = defs[target.rpartition("/")[2]]
        fields = _fields(inner | {"$defs": defs}, f"{path}.", (chosen, kind))
        listed += [one for one in fields if one["path"] != chosen]
    return listed


def _field(schema: dict[str, Any], path: str) -> dict[str, Any]:
    field = {"path": path, "label": _label(path)}
    if "enum" in schema:
        return field | {"type": "choice", "options": schema["enum"]}
    match schema.get("type"):
        case "boolean":
            return field | {"type": "bool"}
        case "string":
            return field | {"type": "text", "max": schema.get("maxLength", 80)}
        case "integer":
            low, high = schema.get("minimum", 0), schema.get("maximum")
            return field | {"type": "int", "min": low, "max": high, "step": schema.get("multipleOf", 1)}
        case _:
            low = schema.get("minimum", schema.get("exclusiveMinimum"))
            return field | {"type": "float", "min": low, "max": schema.get("maximum", schema.get("exclusiveMaximum"))}


def _label(path: str) -> str:
    return _NAMES.get(path) or path.rpartition(".")[2].replace("_", " ").capitalize()
