"""A question about precision as plain data: how far are gradients off, by depth, dtype and method?"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from moonviz.specs.base import Spec
from moonviz.specs.network import DType, NetworkSpec
from moonviz.specs.run import MethodChoice

MAX_WORK = 200
"""Most gradients that one question may ask for."""


class PrecisionSpec(Spec):
    """One kind of network at several depths and dtypes, each method against float64 autograd.

    The network needs one repeated block, whose `repeat` the depths set. Errors are medians over the seeds.
    """

    network: NetworkSpec
    depths: Annotated[tuple[Annotated[int, Field(ge=1, le=256)], ...], Field(strict=False, min_length=1, max_length=12)]
    dtypes: Annotated[tuple[DType, ...], Field(strict=False, min_length=1, max_length=4)] = ("float32",)
    methods: Annotated[tuple[MethodChoice, ...], Field(strict=False, min_length=1, max_length=8)]
    seeds: Annotated[int, Field(ge=1, le=9)] = 3

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        work = len(self.depths) * len(self.dtypes) * len(self.methods) * self.seeds
        if work > MAX_WORK:
            raise ValueError(f"{work} gradients are asked for; at most {MAX_WORK}. Take fewer depths, dtypes or seeds.")
        if self.network.batch > 256:
            raise ValueError("`network.batch` is above 256; precision is measured on small batches")
        self.network.with_depth(1)
        return self
