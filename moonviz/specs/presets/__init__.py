"""Networks ready to run, each with the settings it offers and what to notice in it."""

from __future__ import annotations

from pydantic import ValidationError

from moonviz.errors import InvalidSpec
from moonviz.specs.base import explain
from moonviz.specs.network import NetworkSpec
from moonviz.specs.presets.convolutions import CONVOLUTIONS
from moonviz.specs.presets.dense import DENSE
from moonviz.specs.presets.flows import FLOWS
from moonviz.specs.presets.revnets import REVNETS
from moonviz.specs.presets.settings import Preset, Settings

_ORDER = (
    "digits-revnet",
    "photo-revnet",
    "digits-dense",
    "dense-pyramid",
    "conv-pyramid",
    "conv1d-fragments",
    "relu-net",
    "glow-tiny",
    "reversible-transformer",
    "paper-revnet",
)
PRESETS: dict[str, Preset] = {name: (REVNETS | DENSE | CONVOLUTIONS | FLOWS)[name] for name in _ORDER}
"""Every preset by name, in teaching order."""


def preset(name: str, **settings: object) -> NetworkSpec:
    """The spec of a preset, with some of its settings changed.

    Args:
        name: One of `PRESETS`.
        **settings: As the preset declares them: `depth`, `batch`, `dtype`, `seed`, and its own.

    Raises:
        InvalidSpec: If there is no such preset or setting, or a value is out of range.
    """
    if name not in PRESETS:
        raise InvalidSpec(f"there is no preset `{name}`; the presets are {', '.join(f'`{p}`' for p in PRESETS)}")
    chosen = PRESETS[name]
    try:
        return chosen(chosen.settings.read(settings))
    except InvalidSpec as error:
        known = ", ".join(f"`{key}`" for key in chosen.settings.model_fields)
        raise InvalidSpec(f"settings of `{name}`: {error} (its settings: {known})") from None
    except ValidationError as error:  # each setting is in its range, but not the network they make together
        raise InvalidSpec(f"settings of `{name}`: {explain(error)}; take a smaller depth") from None


__all__ = ["PRESETS", "Preset", "Settings", "preset"]
