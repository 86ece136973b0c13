"""From what was typed to specs. Whatever is wrong here is found before any work is done. No torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.reading.networks import read_network as read_network_file
from moonviz.specs import PRESETS, NetworkSpec, RunSpec, preset
from moonviz.specs.base import MAX_TEXT_BYTES
from moonviz.specs.train import TrainSpec, suggested_rule

_PYTHON_WORDS = {"True": True, "False": False, "None": None}
"""How a result's label writes these, so that a label can be typed as it is shown."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the command line changes in a network; `None` leaves a thing as it is.

    Attributes:
        settings: `key=value` texts, for presets only.
        depth: Number of blocks.
        batch: Examples in the batch.
        dtype: Number format of weights and batch.
        seed: Seed of the weights.
    """

    settings: Sequence[str] = ()
    depth: int | None = None
    batch: int | None = None
    dtype: str | None = None
    seed: int | None = None

    def by_name(self) -> dict[str, Any]:
        """What is changed by an option of its own, `depth` apart."""
        named = {"batch": self.batch, "dtype": self.dtype, "seed": self.seed}
        return {key: value for key, value in named.items() if value is not None}


def read_network(net: str, changes: Changes) -> NetworkSpec:
    """The network that `net` names, a preset or a JSON file, with some things changed.

    Raises:
        InvalidSpec: If there is no such network, the file is not a network's JSON, or a change is not possible.
    """
    settings = _assignments(changes.settings, "--set")
    if net in PRESETS:
        named = changes.by_name() | ({} if changes.depth is None else {"depth": changes.depth})
        if both := sorted(named.keys() & settings.keys()):
            raise InvalidSpec(f"`{both[0]}` is given twice, by `--{both[0]}` and by `--set`; give it once")
        return preset(net, **settings, **named)
    spec = _read_file(net)
    if settings:
        raise InvalidSpec(f"`--set` changes a preset's settings, but `{net}` is a file; change the file instead")
    spec = spec.changed(**changes.by_name())
    return spec if changes.depth is None else spec.with_depth(changes.depth)


def read_run(
    net: str, changes: Changes, methods: Sequence[str], device: str = "auto", repeats: int | None = None
) -> RunSpec:
    """The run that was asked for; a seed seeds both the weights and the choice of the batch.

    Raises:
        InvalidSpec: Naming the part that is wrong, and what is allowed.
    """
    asked: dict[str, Any] = {"device": device}
    if repeats is not None:
        asked["repeats"] = repeats
    if changes.seed is not None:
        asked["batch_seed"] = changes.seed
    chosen = [_read_method(text) for text in methods]
    return RunSpec.read({"network": read_network(net, changes).model_dump(), "methods": chosen, **asked})


def read_train(net: str, changes: Changes, methods: Sequence[str], **rule: Any) -> TrainSpec:
    """The training that was asked for; what of the rule is `None` is as it suits the network.

    Raises:
        InvalidSpec: Naming the part that is wrong, and what is allowed.
    """
    network = read_network(net, changes)
    asked: dict[str, Any] = {"network": network.model_dump(), "methods": [_read_method(text) for text in methods]}
    asked |= suggested_rule(network) | {key: value for key, value in rule.items() if value is not None}
    if changes.seed is not None:
        asked["batch_seed"] = changes.seed
    return TrainSpec.read(asked)


def _read_file(net: str) -> NetworkSpec:
    path = Path(net)
    try:
        if not path.is_file():
            names = ", ".join(f"`{name}`" for name in PRESETS)
            raise InvalidSpec(f"`{net}` is neither a preset nor a JSON file; the presets are {names}")
        with path.open("rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise InvalidSpec(f"`{net}` cannot be read: {error}") from None
    if len(data) > MAX_TEXT_BYTES:
        raise InvalidSpec(f"`{net}` is longer than {MAX_TEXT_BYTES:,} bytes, so it is not read")
    try:
        return read_network_file(data)
    except InvalidSpec as error:
        raise InvalidSpec(f"`{net}` is not a network: {error}") from None


def _read_method(text: str) -> dict[str, Any]:
    """`name` or `name:key=value,key=value`, as a result's label writes it."""
    name, colon, options = text.partition(":")
    return {"name": name, "options": _assignments(options.split(","), f"--method {name}") if colon else {}}


def _assignments(texts: Sequence[str], option: str) -> dict[str, Any]:
    """`key=value` texts as a dict; a value is JSON where it parses as JSON, else text."""
    read: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InvalidSpec(f"`{option}` takes `key=value`, not `{text}`")
        if key in read:
            raise InvalidSpec(f"`{option}` gives `{key}` twice; give it once")
        read[key] = _value(value)
    return read


def _value(text: str) -> Any:
    if text in _PYTHON_WORDS:
        return _PYTHON_WORDS[text]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
