from __future__ import annotations

import pytest

from moonviz.specs import PRESETS, preset
from moonviz.specs.presets.recognise import recognise


def others(name):
    """Settings that all differ from the preset's own."""
    schema = PRESETS[name].settings.model_json_schema()["properties"]
    found = {}
    for key, value in PRESETS[name].settings().model_dump().items():
        if "enum" in schema[key]:
            found[key] = next(one for one in schema[key]["enum"] if one != value)
        elif schema[key]["type"] == "integer":
            step = schema[key].get("multipleOf", 1)
            found[key] = next(one for one in (value + 3 * step, value - step) if one <= schema[key]["maximum"])
        else:
            found[key] = round(value * 0.7, 3)
    return found


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_recognised_with_its_settings(name):
    own = PRESETS[name].settings().model_dump()
    for settings in (own, others(name), own | {"depth": others(name)["depth"]}):
        assert recognise(preset(name, **settings)) == (name, settings)


def test_what_is_not_quite_a_preset_is_none():
    network = preset("digits-dense")
    assert recognise(network.changed(name="mine")) is None
    body = [block.model_dump() for block in network.body] * 2
    assert recognise(network.changed(body=body)) is None
