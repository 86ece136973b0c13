"""Links of version 1 as plain data: only what differs from the defaults that stood when the first link was made.

`first.json` holds those defaults and the compressor's words. It never changes: links that are out there are read with
it, whatever the defaults of today are. What it does not hold, such as a later preset, is written in full.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from moonviz.links.state import State

_FROZEN = json.loads(Path(__file__).with_name("first.json").read_text("utf-8"))
WORDS: bytes = _FROZEN["words"].encode()
"""What the compressor knows beforehand."""

_KEYS = {"page": "p", "preset": "n", "device": "d", "repeats": "r", "batch_seed": "b"}
_GROUPS = {"precision": "q", "training": "t"}
_LATER = {"whatif": "w"}
_LATER_USUAL: dict[str, dict[str, Any]] = {
    "whatif": {
        "device": "gpu",
        "budget_bytes": 24 * 2**30,
        "optimizer": "momentum",
        "methods": ["backprop", "checkpointing", "revbackprop", "moonwalk-mixed"],
        "error": -3,
        "anchor_every": 8,
    }
}
"""Groups that came after the first link, with the defaults that stood when they came; they never change either."""


def written(state: State) -> dict[str, Any]:
    """What a link says of a state: `read_back` is its inverse."""
    whole, usual = state.model_dump(mode="json"), _FROZEN["state"]
    said = {short: whole[name] for name, short in _KEYS.items() if whole[name] != usual[name]}
    settings = _less(whole["settings"], _FROZEN["presets"].get(state.preset, {}))
    if settings:
        said["s"] = settings
    methods = _short_methods(whole["methods"])
    if methods != usual["methods"]:
        said["m"] = methods
    if whole["own"]:
        said["o"] = _short_network(whole["own"])
    for name, short in _GROUPS.items():
        group = whole[name]
        if "methods" in group:
            group["methods"] = _short_methods(group["methods"])
        less = _less(group, usual[name])
        if less:
            said[short] = less
    for name, short in _LATER.items():
        less = _less(whole[name], _LATER_USUAL[name])
        if less:
            said[short] = less
    return said


def read_back(said: dict[str, Any]) -> dict[str, Any]:
    """A state as plain data, not yet checked; what a link says beyond what it can is kept, to be told of."""
    usual = _FROZEN["state"]
    long = {short: name for name, short in (_KEYS | _GROUPS | _LATER).items()}
    long |= {"s": "settings", "m": "methods", "o": "own"}
    whole = {name: usual[name] for name in _KEYS} | {long.get(key, key): value for key, value in said.items()}
    whole["methods"] = _long_methods(whole.get("methods", usual["methods"]))
    if isinstance(whole["preset"], str):
        whole["settings"] = _more(whole.get("settings", {}), _FROZEN["presets"].get(whole["preset"], {}))
    if "own" in whole:
        whole["own"] = _long_network(whole["own"])
    for name in _GROUPS:
        group = whole[name] = _more(whole.get(name, {}), usual[name])
        if isinstance(group, dict) and "methods" in group:
            group["methods"] = _long_methods(group["methods"])
    for name, usual_then in _LATER_USUAL.items():
        whole[name] = _more(whole.get(name, {}), usual_then)
    return whole


def _less(given: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in usual or usual[key] != value}


def _more(given: Any, usual: dict[str, Any]) -> Any:
    return {**usual, **given} if isinstance(given, dict) else given


def _short_methods(methods: list[dict[str, Any]]) -> list[Any]:
    return [[one["name"], one["options"]] if one["options"] else one["name"] for one in methods]


def _long_methods(methods: Any) -> Any:
    if not isinstance(methods, list):
        return methods
    return [_long_method(one) for one in methods]


def _long_method(one: Any) -> Any:
    if isinstance(one, str):
        one = [one, {}]
    if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str):
        return {"name": one[0], "options": _more(one[1], _FROZEN["methods"].get(one[0], {}))}
    return one


def _short_network(whole: dict[str, Any]) -> dict[str, Any]:
    said = _less(whole, _FROZEN["network"])
    for part in ("stem", "head"):
        if part in said:
            said[part] = [_short_layer(one) for one in said[part]]
    said["body"] = [
        [*([block["repeat"]] if block["repeat"] != 1 else []), *(_short_layer(one) for one in block["layers"])]
        for block in whole["body"]
    ]
    return said


def _long_network(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    whole = _more(said, _FROZEN["network"])
    for part in ("stem", "head"):
        if isinstance(whole[part], list):
            whole[part] = [_long_layer(one) for one in whole[part]]
    if isinstance(whole.get("body"), list):
        whole["body"] = [_long_block(one) for one in whole["body"]]
    return whole


def _long_block(block: Any) -> Any:
    if not isinstance(block, list):
        return block
    repeated = block[:1] if block and not isinstance(block[0], str | dict | list) else []
    return {"repeat": repeated[0] if repeated else 1, "layers": [_long_layer(one) for one in block[len(repeated) :]]}


def _short_layer(layer: dict[str, Any]) -> Any:
    """A layer's kind alone where all is usual; what a coupling has inside is written the same way."""
    kind = layer["kind"]
    less = _less(layer, _FROZEN["layers"].get(kind, {}) | {"kind": kind})
    if "inside" in less:
        inside = less["inside"]
        less["inside"] = _less(inside, _FROZEN["insides"].get(inside["kind"], {})) | {"kind": inside["kind"]}
    return {"kind": kind, **less} if less else kind


def _long_layer(layer: Any) -> Any:
    if isinstance(layer, str):
        layer = {"kind": layer}
    if not isinstance(layer, dict) or not isinstance(layer.get("kind"), str):
        return layer
    whole = _more(layer, _FROZEN["layers"].get(layer["kind"], {}))
    inside = layer.get("inside")
    if isinstance(inside, dict) and isinstance(inside.get("kind"), str):
        whole["inside"] = _more(inside, _FROZEN["insides"].get(inside["kind"], {}))
    return whole
