from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import moonviz

ROOT = Path(__file__).parents[1]
TORCH_FREE = [
    "preset",
    "PRESETS",
    "METHODS",
    "NetworkSpec",
    "RunSpec",
    "Report",
    "Result",
    "TrainReport",
    "InvalidSpec",
    "UnsupportedPair",
    "SingularLayer",
    "TooLarge",
]
TORCH_BACKED = [
    "check", "build", "gradients", "backward", "run", "walk", "estimate", "check_module", "estimate_module", "train",
]  # fmt: skip


def test_the_public_api_is_what_it_says():
    assert sorted(moonviz.__all__) == sorted(TORCH_FREE + TORCH_BACKED)


@pytest.mark.parametrize("name", TORCH_FREE + TORCH_BACKED)
def test_every_public_name_resolves_and_is_documented(name):
    value = getattr(moonviz, name)
    assert value is getattr(moonviz, name)
    if callable(value):
        assert value.__doc__
    assert name in dir(moonviz)


def test_importing_moonviz_and_its_torch_free_names_leaves_torch_out():
    code = f"import sys, moonviz; [getattr(moonviz, name) for name in {TORCH_FREE}]; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT).strip() == "False"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'bakprop'"):
        moonviz.bakprop  # noqa: B018


def test_the_version_is_the_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "moonviz.__version__"}
    assert moonviz.__version__.count(".") == 2
