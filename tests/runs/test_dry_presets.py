"""Dry runs of the broader presets allocate what real runs allocate, step by step."""

from __future__ import annotations

import pytest

from moonviz.networks import build
from moonviz.runs.trace import dry_run, finish, trace
from moonviz.specs import Block, NetworkSpec, layers, preset
from moonviz.specs.methods import method_options

PRESETS = ("dense-pyramid", "conv-pyramid", "conv1d-fragments", "glow-tiny", "reversible-transformer")
LINE = layers.Conv(channels=4)
OTHERS = {
    "mlp on vectors": (layers.Flatten(), layers.Coupling(inside=layers.MlpInside())),
    "affine attention": (LINE, layers.Coupling(form="affine", inside=layers.AttentionInside(heads=1))),
    "affine conv": (LINE, layers.Coupling(form="affine")),
    "residual": (LINE, layers.Residual(iterations=5)),
    "residual on vectors": (layers.Flatten(), layers.Residual(iterations=5)),
    "moving": (LINE, layers.Squeeze(), layers.Permute(order="random"), layers.ActNorm(), layers.Conv1x1(bias=True)),
}


@pytest.mark.parametrize("method", ["backprop", "moonwalk-mixed"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", PRESETS)
def test_presets(name: str, dtype: str, method: str) -> None:
    check(preset(name, batch=3, depth=2, dtype=dtype), method)


@pytest.mark.parametrize("method", ["backprop", "revbackprop", "moonwalk-mixed"])
@pytest.mark.parametrize("name", OTHERS)
def test_layers(name: str, method: str) -> None:
    first, *body = OTHERS[name]
    head = (layers.Flatten(), layers.Dense(width=10))
    check(
        NetworkSpec(data="digits-sequence", stem=(first,), body=(Block(layers=body, repeat=2),), head=head, batch=3),
        method,
    )


def check(spec: NetworkSpec, method: str) -> None:
    options = method_options(method)
    net = build(spec)
    real, dry = finish(trace(net, options, *net.batch())), dry_run(spec, options)
    assert dry.records == real.records
    for number in ("peak_bytes", "activation_peak_bytes", "gradient_bytes", "flops"):
        assert getattr(dry, number) == getattr(real, number), number
