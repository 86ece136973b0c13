from __future__ import annotations

import re

import pytest

from moonviz.jobs.admission import Limits
from moonviz.specs import PRESETS
from moonviz.ui import controls


@pytest.mark.parametrize("preset", PRESETS)
def test_every_setting_of_every_preset_has_a_control(preset):
    values = PRESETS[preset].settings().model_dump()
    for name, schema in controls.fields(preset).items():
        if "enum" in schema:
            assert values[name] in schema["enum"]
        else:
            low, high, step = controls.bounds(name, schema)
            assert low <= values[name] <= high
            assert step > 0


def test_a_demo_caps_the_ranges(monkeypatch):
    monkeypatch.setattr(controls, "limits", lambda: Limits.from_environment({"MOONVIZ_DEMO": "1"}))
    schemas = controls.fields("photo-revnet")
    assert controls.bounds("depth", schemas["depth"])[1] == 256
    assert controls.bounds("batch", schemas["batch"])[1] == 256
    assert controls.bounds("channels", schemas["channels"])[1] == 4096


def test_titles_do_not_promise_a_number_that_can_be_changed():
    assert not [one.title for one in PRESETS.values() if re.search(r"\d", one.title.removeprefix("CIFAR-10's"))]
    assert len({one.title for one in PRESETS.values()}) == len(PRESETS)
    assert controls.menu("photo-revnet") == "Photographs, coupling layers · photo-revnet"


def test_devices_offered_are_some_that_may_be_there():
    assert controls.DEVICES[0] == "auto"
    assert "cpu" in controls.DEVICES
