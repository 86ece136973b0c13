"""Convolutions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator

from moonviz.errors import InvalidSpec
from moonviz.layers.base import FreshOutput, KeepsInput, Layer, Shape, State
from moonviz.layers.checks import Factory, need_image, words
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class OrdinaryConv(FreshOutput, KeepsInput, Layer):
    """A 2-D convolution, x `[N, C, H, W]`, trained by ordinary autograd, outside any walk."""

    kind = "conv"
    saves_output = False

    def __init__(self, spec: specs.Conv, in_shape: Shape, place: Placement) -> None:
        channels, *extent = in_shape
        out = tuple((n + 2 * spec.padding - spec.kernel) // spec.stride + 1 for n in extent)
        super().__init__(in_shape, (spec.channels, *out))
        self.spec = spec
        self.weight = place.empty(spec.channels, channels, spec.kernel, spec.kernel)
        self.bias = place.empty(spec.channels) if spec.bias else None

    @property
    def reason(self) -> str:
        k, s, p = self.spec.kernel, self.spec.stride, self.spec.padding
        return f"Kernel {k}, stride {s}, padding {p}: its taps overlap, so the walk cannot undo it."

    def initialise(self, generator: Generator) -> None:
        fan_in = self.weight[0].numel()
        with torch.no_grad():
            drawn = torch.empty(self.weight.shape, dtype=torch.float64)
            self.weight.copy_(drawn.normal_(0, fan_in**-0.5, generator=generator))
            if self.bias is not None:
                self.bias.zero_()

    def forward(self, x: State) -> State:
        return F.conv2d(x, self.weight, self.bias, self.spec.stride, self.spec.padding)


def _conv(spec: specs.Conv, in_shape: Shape, place: Placement) -> Layer:
    need_image("a convolution", in_shape)
    if min(in_shape[1:]) + 2 * spec.padding < spec.kernel:
        raise InvalidSpec(
            f"kernel {spec.kernel} is larger than {words(in_shape)} with padding {spec.padding}. Take a smaller kernel."
        )
    return OrdinaryConv(spec, in_shape, place)


FACTORIES: dict[type, Factory] = {specs.Conv: _conv}
