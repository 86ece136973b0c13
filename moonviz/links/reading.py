"""From a link's plain data to a state: what is unknown or out of range is repaired, and every repair is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import from_json, to_json

from moonviz.errors import InvalidSpec
from moonviz.links.mending import Path, mend, shown
from moonviz.links.state import State
from moonviz.specs import METHODS, PRESETS, NetworkSpec, method_options
from moonviz.specs.network import MAX_LAYERS
from moonviz.specs.sources import is_own

MOST_NOTICES = 12
MOST_METHODS = 16
MAX_REPEAT = 10_000
WORDS = {
    "batch_seed": "seed of the batch", "repeats": "timed runs", "dtype": "number format", "dtypes": "number formats",
    "learning_rate": "learning rate", "first": "first method", "second": "second method",
}  # fmt: skip


def read_state(whole: dict[str, Any]) -> tuple[State, list[str]]:
    """Read a state, repaired where it has to be.

    Args:
        whole: As `first.read_back` gives it.

    Returns:
        The state, and one sentence for each repair; of very many, the first ones and how many more there are.

    Raises:
        InvalidSpec: If it cannot be repaired.
    """
    # Defaults of the frozen table stand in it too: nothing here may change them.
    whole = from_json(to_json(whole))
    notices: list[str] = []
    _preset(whole, notices)
    _own(whole, notices)
    whole["methods"] = _methods(whole["methods"], "", notices, State)
    precision = whole["precision"]
    if isinstance(precision, dict):
        precision["methods"] = _methods(precision.get("methods"), "Precision: ", notices, type(State().precision))
    state, more = mend(State, whole, _says, "there can be")
    notices += more
    if len(notices) > MOST_NOTICES:
        notices = [*notices[:MOST_NOTICES], f"and {len(notices) - MOST_NOTICES:,} more"]
    return state, notices


def _preset(whole: dict[str, Any], notices: list[str]) -> None:
    """The preset and its settings."""
    name, settings = whole["preset"], whole.get("settings", {})
    if not isinstance(name, str) or name not in PRESETS:
        usual = State.model_fields["preset"].default
        notices.append(f"network {shown(name)} is not known; `{usual}` takes its place")
        whole["preset"], whole["settings"] = usual, {}
        return
    if not isinstance(settings, dict):
        notices.append(f"the settings of `{name}` cannot be read and take their defaults")
        settings = {}
    try:
        read, more = mend(PRESETS[name].settings, settings, _says, "this preset has")
    except InvalidSpec as error:
        read, more = PRESETS[name].settings(), [f"the settings of `{name}` take their defaults: {error}"]
    whole["settings"] = read.model_dump(mode="json")
    notices += more


def _own(whole: dict[str, Any], notices: list[str]) -> None:
    """The reader's own network; one that cannot be repaired is left out."""
    own = whole.get("own")
    if own is None:
        return
    try:
        if not isinstance(own, dict):
            raise InvalidSpec("it is no network")
        _name(own, notices)
        _data(own, notices)
        _repeats(own, notices)
        spec, more = mend(NetworkSpec, own, _place_in(own), "it can be")
    except InvalidSpec as error:
        notices.append(f"the network of this link cannot be built, and the preset takes its place: {error}")
        del whole["own"]
        return
    whole["own"] = spec.model_dump(mode="json")
    notices += more


def _name(own: dict[str, Any], notices: list[str]) -> None:
    """A name is shown in many places, so it is letters alone: no markup, nothing unprintable."""
    name = own.get("name")
    if not isinstance(name, str):
        return
    clean = "".join(letter for letter in name if letter.isprintable() and letter not in "<>&`").strip() or "untitled"
    if clean != name:
        notices.append(f"the network’s name holds letters that names do not have; it is now {shown(clean)}")
        own["name"] = clean


def _data(own: dict[str, Any], notices: list[str]) -> None:
    """One's own data belong to the tab that took them in: no link leads to them."""
    data = own.get("data")
    if isinstance(data, str) and is_own(data):
        own["data"] = NetworkSpec.model_fields["data"].default
        notices.append(f"the network saw somebody’s own data, which no link carries; {own['data']} take their place")


def _repeats(own: dict[str, Any], notices: list[str]) -> None:
    """Repeat blocks less often where a body would have too many layers."""
    body = own.get("body")
    blocks = [one for one in body if isinstance(one, dict)] if isinstance(body, list) else []
    blocks = [one for one in blocks if type(one.get("repeat")) is int and isinstance(one.get("layers"), list)]
    layers = sum(min(one["repeat"], MAX_REPEAT) * len(one["layers"]) for one in blocks)
    if layers > MAX_LAYERS:
        notices.append(f"the body of {layers:,} layers repeats less often: {MAX_LAYERS:,} is the most it can have")
        for one in blocks:
            one["repeat"] = max(1, min(one["repeat"], MAX_REPEAT) * MAX_LAYERS // layers)


def _methods(given: Any, where: str, notices: list[str], whose: type) -> list[dict[str, Any]]:
    """The methods, each known, each once, each with options that it takes."""
    if not isinstance(given, list):
        notices.append(f"{where}the methods cannot be read and are as usual")
        return [one.model_dump(mode="json") for one in whose().methods]
    kept: dict[str, dict[str, Any]] = {}
    for one in given[: 4 * MOST_METHODS]:
        name, options = (one.get("name"), one.get("options", {})) if isinstance(one, dict) else (one, {})
        if not isinstance(name, str) or name not in METHODS:
            notices.append(f"{where}method {shown(name)} is not known and is left out")
            continue
        if not isinstance(options, dict):
            notices.append(f"{where}the options of `{name}` cannot be read and take their defaults")
            options = {}
        try:
            read, more = mend(
                METHODS[name].options, options, lambda path, n=name: f"{n}: {_says(path)}", "this method takes"
            )
        except InvalidSpec:
            read, more = method_options(name), [f"the options of `{name}` take their defaults"]
        notices += [where + line for line in more]
        if read.label in kept:
            notices.append(f"{where}method `{read.label}` stands in the link twice and enters once")
        kept[read.label] = {"name": name, "options": read.model_dump(mode="json", exclude_defaults=True)}
    if len(kept) > MOST_METHODS or len(given) > 4 * MOST_METHODS:
        notices.append(f"{where}only the first {MOST_METHODS} methods enter")
    return list(kept.values())[:MOST_METHODS]


def _says(path: Path) -> str:
    """A place outside of an own network in words."""
    groups = {"precision": "Precision: ", "training": "training: ", "whatif": "What if: "}
    start = groups.get(str(path[0]), "") if len(path) > 1 else ""
    named = [str(part) for part in path if not isinstance(part, int)][1 if start else 0 :]
    last = named[-1] if named else "the link"
    return start + _word(last)


def _word(name: str) -> str:
    """A field's name for people; what is no name at all is quoted."""
    return WORDS.get(name, name) if name.isidentifier() and len(name) < 30 else shown(name)


def _place_in(own: dict[str, Any]) -> Callable[[Path], str]:
    """Words for a place in a network: which layer of which block, and what of it."""

    def says(path: Path) -> str:
        node, words = own, []
        for part in path:
            node = node.get(part) if isinstance(node, dict) else node[part]
            if isinstance(part, int):
                kind = node.get("kind") if isinstance(node, dict) else None
                words[-1] += f" {part + 1}" + (f" ({kind[:20]})" if isinstance(kind, str) else "")
            else:
                words.append({"body": "block", "layers": "layer"}.get(part) or _word(part))
        return ", ".join(words)

    return says
