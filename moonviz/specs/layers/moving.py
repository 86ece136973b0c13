"""Layers that mix channels, move numbers about or pool them, as plain data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from moonviz.specs.base import Spec
from moonviz.specs.layers.fields import Kernel, Padding, Stride


class Conv1x1(Spec):
    """An invertible 1×1 convolution: one square matrix along the channels, the same at every position (Glow)."""

    kind: Literal["conv1x1"] = "conv1x1"
    bias: bool = False


class ActNorm(Spec):
    """y = (x + b)·s per channel, s never 0 (Glow)."""

    kind: Literal["actnorm"] = "actnorm"


class Permute(Spec):
    """A fixed permutation of the channels, drawn from the network's seed; `reverse` turns them round."""

    kind: Literal["permute"] = "permute"
    order: Literal["reverse", "random"] = "reverse"


class Squeeze(Spec):
    """Space to depth: each factor×factor square becomes factor² channels (factor positions in 1-D)."""

    kind: Literal["squeeze"] = "squeeze"
    factor: Annotated[int, Field(ge=2, le=16)] = 2


class Flatten(Spec):
    """All of an example's numbers as one vector."""

    kind: Literal["flatten"] = "flatten"


class GlobalMeanPool(Spec):
    """The mean over all positions."""

    kind: Literal["global_mean_pool"] = "global_mean_pool"


class Pool(Spec):
    """Max- or mean-pooling, 1-D or 2-D."""

    kind: Literal["max_pool", "mean_pool"]
    kernel: Kernel = 2
    stride: Stride = 2
    padding: Padding = 0


class Embed(Spec):
    """Integers (bytes) to channels plus a learnt position: `[T]` → `[width, T]`. For stems only."""

    kind: Literal["embed"] = "embed"
    width: Annotated[int, Field(ge=1, le=65_536)]
