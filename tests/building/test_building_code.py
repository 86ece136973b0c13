"""Networks copied as Python: running the text gives the same network."""

from __future__ import annotations

import subprocess
import sys

import pytest

from moonviz.building.code import as_python
from moonviz.specs import PRESETS, Block, NetworkSpec, layers, preset

ODD = NetworkSpec(
    name='it\'s "quoted"\n\\ — ünïcode',
    dtype="bfloat16",
    seed=2**32 - 1,
    stem=(layers.Flatten(),),
    body=(
        Block(layers=(layers.Dense(width=12, gain=0.1 + 0.2), layers.Gated(kind="silu", threshold=1e-3))),
        Block(layers=(layers.Norm(kind="rms_norm", epsilon=1e-05), layers.Dropout(probability=1 / 3)), repeat=9),
        Block(layers=(layers.Coupling(form="affine", inside=layers.MlpInside(hidden=None, slope=0.7)),)),
        Block(layers=tuple([layers.Dense(width=12, bias=False, init="triangular")] * 9)),
    ),
    head=(layers.Dense(width=10),),
)
NETWORKS = {**{name: preset(name) for name in PRESETS}, "odd": ODD, "deep": preset("glow-tiny", depth=64)}


def test_running_the_text_gives_the_same_network() -> None:
    """One process for all of them: it prints each network as canonical JSON."""
    script = "\n".join(as_python(spec) + "print(spec.canonical())" for spec in NETWORKS.values())
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [spec.canonical() for spec in NETWORKS.values()]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_text_is_short_and_says_decisions_only(name: str) -> None:
    text = as_python(NETWORKS[name])
    assert max(map(len, text.splitlines())) <= 120
    assert text.isprintable() or all(line.isprintable() for line in text.splitlines())
    assert "version=" not in text
    assert "loss=" not in text
    assert len(text.splitlines()) < 60


def test_a_small_network_reads_like_one() -> None:
    spec = NetworkSpec(
        name="small", stem=(layers.Flatten(),), head=(layers.Dense(width=10),),
        body=(Block(layers=(layers.Dense(width=64), layers.LeakyReLU()), repeat=8),),
    )  # fmt: skip
    assert as_python(spec) == (
        "import moonviz\n"
        "from moonviz.specs import Block\n"
        "from moonviz.specs.layers import Dense, Flatten, LeakyReLU\n"
        "\n"
        "spec = moonviz.NetworkSpec(\n"
        "    name='small',\n"
        "    stem=(Flatten(),),\n"
        "    body=(Block(layers=(Dense(width=64), LeakyReLU()), repeat=8),),\n"
        "    head=(Dense(width=10),),\n"
        ")\n"
    )
