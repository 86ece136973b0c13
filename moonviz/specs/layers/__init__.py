"""Layers as plain data. A factory in `moonviz/layers` turns each into a module."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from moonviz.specs.layers.conv import Conv
from moonviz.specs.layers.coupling import AttentionInside, ConvInside, Coupling, Inside, MlpInside, Residual
from moonviz.specs.layers.dense import Dense
from moonviz.specs.layers.elementwise import Dropout, Elementwise, Gated, LeakyReLU, ReLU, Softmax
from moonviz.specs.layers.fields import Slope
from moonviz.specs.layers.moving import ActNorm, Conv1x1, Embed, Flatten, GlobalMeanPool, Permute, Pool, Squeeze
from moonviz.specs.layers.norms import BatchNorm, Norm

LayerSpec = Annotated[
    Dense
    | LeakyReLU
    | Elementwise
    | ReLU
    | Gated
    | Softmax
    | Dropout
    | Conv
    | Coupling
    | Residual
    | Conv1x1
    | ActNorm
    | Permute
    | Squeeze
    | Flatten
    | GlobalMeanPool
    | Pool
    | Embed
    | Norm
    | BatchNorm,
    Field(discriminator="kind"),
]

__all__ = [
    "ActNorm",
    "AttentionInside",
    "BatchNorm",
    "Conv",
    "Conv1x1",
    "ConvInside",
    "Coupling",
    "Dense",
    "Dropout",
    "Elementwise",
    "Embed",
    "Flatten",
    "Gated",
    "GlobalMeanPool",
    "Inside",
    "LayerSpec",
    "LeakyReLU",
    "MlpInside",
    "Norm",
    "Permute",
    "Pool",
    "ReLU",
    "Residual",
    "Slope",
    "Softmax",
    "Squeeze",
]
