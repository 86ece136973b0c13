"""From integers to channels: the stem of networks that read bytes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Layer, Residual, Shape, State
from moonviz.layers.checks import Factory, words
from moonviz.layers.mixins import FreshOutput, KeepsNothing
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs

SYMBOLS = 256


class Embed(FreshOutput, KeepsNothing, Layer):
    """y[:, t] = token[x[t]] + position[t]; x `[N, T]` of bytes as int64, y `[N, width, T]`."""

    kind = "embed"
    saves_output = False

    def __init__(self, spec: specs.Embed, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, (spec.width, *in_shape))
        self.token = place.empty(SYMBOLS, spec.width)
        self.position = place.empty(spec.width, *in_shape)

    @property
    def reason(self) -> str:
        return "Whole numbers have no cotangent: it can only be the first layer of a stem."

    def initialise(self, generator: Generator) -> None:
        with torch.no_grad():
            for table in (self.token, self.position):
                # two independent parts of variance ½ add up to 1
                table.copy_(torch.empty(table.shape, dtype=torch.float64).normal_(0, 0.5**0.5, generator=generator))

    def forward(self, x: State) -> State:
        return F.embedding(x, self.token).mT.contiguous().add_(self.position)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        raise TypeError(f"{self.title}: {self.reason}")


def _embed(spec: specs.Embed, in_shape: Shape, place: Placement) -> Layer:
    if len(in_shape) != 1:
        raise InvalidSpec(f"an embedding takes a sequence of bytes, but gets {words(in_shape)}.")
    return Embed(spec, in_shape, place)


FACTORIES: dict[type, Factory] = {specs.Embed: _embed}
