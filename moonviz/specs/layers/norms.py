"""Normalisation layers as plain data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moonviz.specs.base import Spec
from moonviz.specs.layers.fields import Epsilon


class Norm(Spec):
    """LayerNorm or RMSNorm over an example's features."""

    kind: Literal["layer_norm", "rms_norm"]
    epsilon: Epsilon = 1e-5


class BatchNorm(Spec):
    """BatchNorm in training mode: per channel over batch and positions; couples the examples of a batch."""

    kind: Literal["batch_norm"] = "batch_norm"
    epsilon: Epsilon = 1e-5
    momentum: Annotated[float, Field(ge=0, le=1)] = 0.1
