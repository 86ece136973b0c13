"""Layers and networks that the laws are checked on. A new layer or preset needs one line here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from moonviz.layers import Layer, Placement, make
from moonviz.specs import NetworkSpec, layers, preset


@dataclass(frozen=True)
class LayerCase:
    """A layer small enough for its Jacobian to be written out, and the accuracy its laws hold to in float64."""

    spec: layers.LayerSpec
    in_shape: tuple[int, ...]
    tolerance: float = 1e-12

    def build(self, dtype: torch.dtype = torch.float64) -> Layer:
        layer = make(self.spec, self.in_shape, Placement(torch.device("cpu"), dtype), "layer 1")
        layer.initialise(torch.Generator().manual_seed(3))
        with torch.no_grad():
            for weight in layer.parameters():  # biases start at 0, where a mistake in them would not show
                weight.add_(0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(4)))
        return layer


_inside = layers.ConvInside
_conv = layers.Conv
LAYERS: dict[str, LayerCase] = {
    "dense": LayerCase(layers.Dense(width=6), (6,)),
    "dense, no bias": LayerCase(layers.Dense(width=5, bias=False), (5,)),
    "dense, gaussian": LayerCase(layers.Dense(width=6, init="gaussian"), (6,), 1e-10),
    "dense, narrower": LayerCase(layers.Dense(width=4), (6,)),
    "dense, narrower, gaussian": LayerCase(layers.Dense(width=3, init="gaussian", bias=False), (7,), 1e-11),
    "dense, to one": LayerCase(layers.Dense(width=1), (5,)),
    "dense, wider": LayerCase(layers.Dense(width=9), (6,)),
    "dense, wider, triangular": LayerCase(layers.Dense(width=8, init="triangular", bias=False), (3,)),
    "dense, triangular": LayerCase(layers.Dense(width=6, init="triangular"), (6,)),
    "relu": LayerCase(layers.ReLU(), (7,)),
    "relu, image": LayerCase(layers.ReLU(), (2, 3, 3)),
    "elu": LayerCase(layers.Elementwise(kind="elu"), (7,)),
    "softplus": LayerCase(layers.Elementwise(kind="softplus"), (2, 5)),
    "tanh": LayerCase(layers.Elementwise(kind="tanh"), (2, 3, 3)),
    "sigmoid": LayerCase(layers.Elementwise(kind="sigmoid"), (7,)),
    "gelu": LayerCase(layers.Gated(kind="gelu"), (9,)),
    "gelu 0.05, image": LayerCase(layers.Gated(kind="gelu", threshold=0.05), (2, 3, 3)),
    "silu": LayerCase(layers.Gated(kind="silu"), (2, 5)),
    "softmax": LayerCase(layers.Softmax(), (6,)),
    "dropout": LayerCase(layers.Dropout(probability=0.4), (2, 3, 3)),
    "dropout 0": LayerCase(layers.Dropout(probability=0), (5,)),
    "layer norm": LayerCase(layers.Norm(kind="layer_norm"), (6,)),
    "layer norm, image": LayerCase(layers.Norm(kind="layer_norm", epsilon=0.1), (4, 2, 3)),
    "rms norm": LayerCase(layers.Norm(kind="rms_norm", epsilon=0), (6,)),
    "rms norm, sequence": LayerCase(layers.Norm(kind="rms_norm"), (4, 5)),
    "batch norm": LayerCase(layers.BatchNorm(), (3, 2, 2)),
    "batch norm, sequence": LayerCase(layers.BatchNorm(epsilon=0), (2, 5)),
    "leaky relu 0.5": LayerCase(layers.LeakyReLU(slope=0.5), (7,)),
    "leaky relu 0.01, image": LayerCase(layers.LeakyReLU(slope=0.01), (2, 3, 3)),
    "leaky relu 1": LayerCase(layers.LeakyReLU(slope=1.0), (5,)),
    "conv, written out, wider": LayerCase(layers.Conv(channels=3), (2, 4, 4)),
    "conv, strided": LayerCase(layers.Conv(channels=2, stride=2, bias=False), (2, 5, 4)),
    "coupling": LayerCase(layers.Coupling(), (4, 3, 3)),
    "coupling, hidden 5, kernel 1": LayerCase(layers.Coupling(inside=_inside(hidden=5, kernel=1)), (2, 3, 2)),
    "coupling, kernel 5": LayerCase(layers.Coupling(inside=_inside(kernel=5, slope=0.7, last_scale=1.0)), (2, 4, 4)),
    "flatten": LayerCase(layers.Flatten(), (2, 3, 2)),
    "global mean pool": LayerCase(layers.GlobalMeanPool(), (3, 2, 4)),
    "global mean pool, sequence": LayerCase(layers.GlobalMeanPool(), (3, 5)),
    "coupling, sequence": LayerCase(layers.Coupling(inside=_inside(hidden=3)), (4, 5)),
    "coupling, mlp": LayerCase(layers.Coupling(inside=layers.MlpInside()), (6,)),
    "coupling, mlp, sequence": LayerCase(layers.Coupling(inside=layers.MlpInside(hidden=3)), (4, 5)),
    "coupling, mlp, image": LayerCase(layers.Coupling(inside=layers.MlpInside()), (2, 3, 2)),
    "coupling, attention": LayerCase(layers.Coupling(inside=layers.AttentionInside(last_scale=1.0)), (8, 5)),
    "coupling, one head": LayerCase(layers.Coupling(inside=layers.AttentionInside(heads=1)), (4, 3)),
    "affine coupling": LayerCase(layers.Coupling(form="affine"), (4, 3, 3), 1e-11),
    "affine coupling, sequence": LayerCase(
        layers.Coupling(form="affine", inside=_inside(last_scale=1.0)), (2, 5), 1e-11
    ),
    "affine coupling, mlp": LayerCase(layers.Coupling(form="affine", inside=layers.MlpInside()), (6,), 1e-11),
    "affine coupling, attention": LayerCase(
        layers.Coupling(form="affine", inside=layers.AttentionInside()), (8, 4), 1e-11
    ),
    "residual": LayerCase(layers.Residual(), (6,)),
    "residual, bound 0.9": LayerCase(layers.Residual(hidden=9, bound=0.9, iterations=200), (5,), 1e-8),
    "residual, sequence": LayerCase(layers.Residual(hidden=2), (3, 4)),
    "residual, image": LayerCase(layers.Residual(bound=0.7, iterations=120), (2, 3, 3)),
    "conv1x1": LayerCase(layers.Conv1x1(), (4, 3, 2)),
    "conv1x1, sequence": LayerCase(layers.Conv1x1(bias=True), (3, 5)),
    "actnorm": LayerCase(layers.ActNorm(), (3, 2, 2)),
    "actnorm, vector": LayerCase(layers.ActNorm(), (5,)),
    "permute": LayerCase(layers.Permute(), (5, 2, 2)),
    "permute, random": LayerCase(layers.Permute(order="random"), (7,)),
    "squeeze": LayerCase(layers.Squeeze(), (2, 4, 6)),
    "squeeze, sequence": LayerCase(layers.Squeeze(factor=3), (2, 6)),
    "squeeze, all positions": LayerCase(layers.Squeeze(), (3, 2, 2)),
    "conv, centre pivot": LayerCase(_conv(channels=3, stride=2), (3, 6, 5)),
    "conv, centre pivot, narrower, unit": LayerCase(_conv(channels=2, stride=2, pivot="unit"), (3, 5, 6)),
    "conv, centre pivot, narrower, softplus": LayerCase(_conv(channels=2, stride=2, pivot="softplus"), (4, 7)),
    "conv, lower pivot": LayerCase(_conv(channels=2, kernel=5, stride=2, pivot="unit", bounded=True), (2, 9)),
    "conv, lower and diagonal": LayerCase(_conv(channels=2, kernel=5, stride=2, pivot="unit", bounded=True), (3, 9, 4)),
    "conv, diagonal and lower": LayerCase(_conv(channels=2, kernel=5, stride=2, bounded=True), (3, 4, 9)),
    "conv, upper pivot": LayerCase(_conv(channels=2, kernel=5, stride=2, padding=2, bounded=True), (2, 8)),
    "conv, upper pivots": LayerCase(
        _conv(channels=2, kernel=5, stride=2, padding=2, pivot="softplus", bounded=True), (2, 8, 10)
    ),
    "conv, no padding": LayerCase(_conv(channels=2, kernel=2, padding=0, pivot="unit", bounded=True), (2, 4, 5)),
    "conv, windows apart": LayerCase(_conv(channels=2, kernel=2, stride=3, padding=0), (2, 7, 5)),
    "conv, kernel 1": LayerCase(_conv(channels=3, kernel=1, padding=0), (3, 3, 2)),
    "conv, kernel 1, sequence, unit": LayerCase(_conv(channels=4, kernel=1, padding=0, pivot="unit"), (4, 3)),
    "conv, kernel 1, softplus, no bias": LayerCase(
        _conv(channels=3, kernel=1, padding=0, pivot="softplus", bias=False), (3, 2, 2)
    ),
    "conv, kernel 1, narrower": LayerCase(_conv(channels=2, kernel=1, padding=0), (3, 2, 2)),
    "conv, written out": LayerCase(_conv(channels=2, kernel=7, stride=2, padding=3), (2, 8, 8)),
    "conv, written out, sequence": LayerCase(_conv(channels=3), (2, 6)),
    "banded conv, sequence": LayerCase(_conv(channels=3, pivot="unit", bounded=True, block=4), (3, 8)),
    "banded conv, sequence, kernel 5": LayerCase(
        _conv(channels=2, kernel=5, padding=2, bounded=True, block=6), (2, 15)
    ),
    "banded conv, sequence, one block": LayerCase(_conv(channels=2, pivot="softplus", bounded=True), (2, 6)),
    "banded conv, sequence, all kept": LayerCase(_conv(channels=2, kernel=7, padding=3, block=3), (2, 5)),
    "banded conv, rows": LayerCase(_conv(channels=2, pivot="unit", bounded=True, block=3), (2, 7, 4)),
    "banded conv, rows, kernel 5": LayerCase(
        _conv(channels=2, kernel=5, padding=2, bounded=True, block=7, bias=False), (2, 8, 3)
    ),
    "banded conv, rows, free": LayerCase(_conv(channels=2, bounded=True, block=4), (2, 8, 4)),
    "banded conv, tiles": LayerCase(_conv(channels=2, pivot="unit", bounded=True, block=4, layout="tiles"), (2, 8, 8)),
    "banded conv, tiles, ragged": LayerCase(
        _conv(channels=2, pivot="softplus", bounded=True, block=4, layout="tiles"), (2, 7, 5)
    ),
    "banded conv, tiles, kernel 5": LayerCase(
        _conv(channels=1, kernel=5, padding=2, bounded=True, block=6, layout="tiles"), (1, 9, 12)
    ),
    "banded conv, sequence, narrower": LayerCase(_conv(channels=2, bounded=True, block=4), (3, 9)),
    "banded conv, rows, narrower, unit": LayerCase(
        _conv(channels=2, kernel=5, padding=2, pivot="unit", bounded=True, block=7), (3, 8, 5)
    ),
    "banded conv, tiles, narrower, softplus": LayerCase(
        _conv(channels=2, pivot="softplus", bounded=True, block=4, layout="tiles"), (3, 7, 5)
    ),
    "conv, patches": LayerCase(_conv(channels=6, kernel=2, stride=2, padding=0, bounded=True), (2, 5, 4)),
    "conv, patches, gaps, sequence": LayerCase(_conv(channels=3, kernel=2, stride=3, padding=0, bias=False), (2, 9)),
    "conv, patches, wider": LayerCase(_conv(channels=11, kernel=2, stride=2, padding=0), (2, 4, 5)),
    "conv, patches, wider, sequence": LayerCase(_conv(channels=7, kernel=3, stride=3, padding=0), (2, 10)),
    "conv, kernel 1, wider": LayerCase(_conv(channels=5, kernel=1, padding=0), (3, 3, 2)),
    "max pool": LayerCase(layers.Pool(kind="max_pool"), (2, 4, 6)),
    "max pool, gaps": LayerCase(layers.Pool(kind="max_pool", kernel=2, stride=3), (2, 5, 9)),
    "max pool, padded": LayerCase(layers.Pool(kind="max_pool", kernel=3, stride=3, padding=1), (2, 5, 7)),
    "max pool, sequence": LayerCase(layers.Pool(kind="max_pool", kernel=3, stride=3), (2, 10)),
    "max pool, overlapping": LayerCase(layers.Pool(kind="max_pool", kernel=3, padding=1), (2, 5, 5)),
    "mean pool": LayerCase(layers.Pool(kind="mean_pool"), (2, 5, 4)),
    "mean pool, sequence": LayerCase(layers.Pool(kind="mean_pool", kernel=2, stride=3), (2, 8)),
    "mean pool, overlapping": LayerCase(layers.Pool(kind="mean_pool", kernel=3, padding=1), (2, 5, 6)),
    "mean pool, overlapping, lower": LayerCase(layers.Pool(kind="mean_pool", kernel=5, padding=1), (2, 9)),
    "mean pool, overlapping, lower, image": LayerCase(layers.Pool(kind="mean_pool", kernel=5, padding=1), (1, 9, 8)),
    "max pool, overlapping, sequence": LayerCase(layers.Pool(kind="max_pool", kernel=4, stride=1), (2, 9)),
    "mean pool, padded": LayerCase(layers.Pool(kind="mean_pool", kernel=3, stride=3, padding=1), (2, 5, 7)),
    "mean pool, padded, sequence": LayerCase(layers.Pool(kind="mean_pool", padding=1), (2, 8)),
    "mean pool, along axes, sequence": LayerCase(layers.Pool(kind="mean_pool", kernel=3, stride=1, padding=1), (2, 7)),
    "mean pool, faint": LayerCase(layers.Pool(kind="mean_pool", kernel=3, stride=1, padding=1), (2, 5, 4)),
    "mean pool, faint, sequence": LayerCase(layers.Pool(kind="mean_pool", kernel=2, stride=1, padding=1), (2, 6)),
    "mean pool, along axes": LayerCase(layers.Pool(kind="mean_pool", kernel=7, padding=3), (1, 8, 9)),
}


@dataclass(frozen=True)
class NetworkCase:
    """A preset with settings, and the relative error its exact methods keep to in float64."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-9
    invertible: bool = True

    def refuses(self, method: str, options: dict[str, Any]) -> bool:
        """Whether a method must be refused here."""
        rebuilds = method == "revbackprop" or options.get("phase_one") == "inverse"
        return rebuilds and not self.invertible

    def spec(self, **changes: Any) -> NetworkSpec:
        return preset(self.name, **{"dtype": "float64", **self.settings, **changes})


NETWORKS: dict[str, NetworkCase] = {
    "digits-revnet": NetworkCase("digits-revnet", {"batch": 8}, 1e-12),
    "digits-revnet, deep": NetworkCase("digits-revnet", {"batch": 2, "depth": 128, "channels": 8}, 1e-12),
    "digits-revnet, one block": NetworkCase("digits-revnet", {"batch": 3, "depth": 1, "channels": 4}, 1e-13),
    "digits-revnet, tiny": NetworkCase("digits-revnet", {"batch": 3, "depth": 3, "channels": 2}, 1e-13),
    "photo-revnet": NetworkCase("photo-revnet", {"batch": 2, "depth": 6}, 1e-12),
    "photo-revnet, thin": NetworkCase("photo-revnet", {"batch": 1, "depth": 3, "channels": 2, "slope": 0.5}, 1e-12),
    "digits-dense": NetworkCase("digits-dense", {"batch": 16}, 1e-12),
    "digits-dense, slope 0.2": NetworkCase("digits-dense", {"batch": 16, "slope": 0.2}, 1e-9),
    "digits-dense, deep": NetworkCase("digits-dense", {"batch": 16, "depth": 64}, 1e-9),
    "digits-dense, tiny": NetworkCase("digits-dense", {"batch": 3, "depth": 2, "width": 6}, 1e-12),
    "digits-dense, wide": NetworkCase("digits-dense", {"batch": 4, "width": 96, "depth": 4}, 1e-12),
    "dense-pyramid": NetworkCase("dense-pyramid", {"batch": 4}, 1e-12, invertible=False),
    "conv-pyramid": NetworkCase("conv-pyramid", {"batch": 2, "channels": 8, "depth": 3}, 1e-12, invertible=False),
    "conv1d-fragments": NetworkCase("conv1d-fragments", {"batch": 3, "channels": 6}, 1e-12, invertible=False),
    "relu-net": NetworkCase("relu-net", {"batch": 8}, 1e-12, invertible=False),
    "glow-tiny": NetworkCase("glow-tiny", {"batch": 3, "depth": 6}, 1e-12),
    "reversible-transformer": NetworkCase("reversible-transformer", {"batch": 2, "width": 16, "depth": 3}, 1e-12),
    "paper-revnet": NetworkCase("paper-revnet", {"batch": 1, "depth": 3, "channels": 4}, 1e-12),
}


VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "backprop": ("backprop", {}),
    "checkpointing": ("checkpointing", {}),
    "checkpointing, segments of 3": ("checkpointing", {"segment": 3}),
    "revbackprop": ("revbackprop", {}),
    "moonwalk-mixed": ("moonwalk-mixed", {}),
    "moonwalk-mixed, inverse": ("moonwalk-mixed", {"phase_one": "inverse"}),
    "moonwalk-mixed, checkpointed": ("moonwalk-mixed", {"phase_one": "checkpointed"}),
    "moonwalk-mixed, checkpointed by 2, anchors": (
        "moonwalk-mixed",
        {"phase_one": "checkpointed", "segment": 2, "anchor_every": 3},
    ),
    "moonwalk-mixed, inverse, anchors": ("moonwalk-mixed", {"phase_one": "inverse", "anchor_every": 2}),
    "moonwalk-mixed, anchor every block": ("moonwalk-mixed", {"anchor_every": 1}),
}
"""Exact methods that are cheap enough for every network, with the options that change their schedules."""

SLOW: dict[str, tuple[str, dict[str, Any]]] = {
    "forward": ("forward", {}),
    "moonwalk-pure": ("moonwalk-pure", {}),
    "moonwalk-pure, chunks of 7": ("moonwalk-pure", {"chunk": 7}),
}
"""Exact methods whose passes grow with the weights or inputs: for small networks."""
