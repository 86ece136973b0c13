"""What is inside a coupling or a residual block: a function F of one state, with its vjp from a small residual."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from math import inf

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from moonviz.errors import InvalidSpec
from moonviz.layers.base import Residual, Shape
from moonviz.layers.bits import apply_signs, pack_signs, slope_table
from moonviz.layers.checks import words
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class Inside(nn.Module, ABC):
    """F, from `[N, C, *]` to `[N, C_out, *]` with the same positions.

    Attributes:
        keeps: What its residual is, in words.
    """

    keeps: str

    @abstractmethod
    def initialise(self, generator: Generator) -> None:
        """Draw the weights in float64 and cast; the last map scaled down as the spec says."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """F(x), x untouched; the output's memory is new, nobody else's, and not saved by autograd."""

    @abstractmethod
    def keep(self, x: Tensor) -> tuple[Tensor, Residual]:
        """F(x) and the least that `vjp` needs, sharing work."""

    @abstractmethod
    def residual(self, x: Tensor) -> Residual:
        """The least that `vjp` needs."""

    @abstractmethod
    def vjp(self, residual: Residual, cot: Tensor) -> Tensor:
        """cot·F′ from the residual alone; the output's memory is new."""


def affine(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Wx + b on vectors `[N, C]`, else a convolution of odd kernel that keeps the positions of `[N, C, *]`."""
    if weight.dim() == 2:
        return F.linear(x, weight, bias)
    convolve = F.conv1d if weight.dim() == 3 else F.conv2d
    return convolve(x, weight, bias, padding=weight.shape[-1] // 2)


def transposed(cot: Tensor, weight: Tensor) -> Tensor:
    """The vjp of `affine` in x."""
    if weight.dim() == 2:
        return cot @ weight
    # the transposed convolution is the vjp of a convolution, without the dummy input its backward asks for
    convolve = F.conv_transpose1d if weight.dim() == 3 else F.conv_transpose2d
    return convolve(cot, weight, padding=weight.shape[-1] // 2)


def draw(weight: Tensor, gain: float, generator: Generator) -> None:
    """Gaussian with variance gain² / fan-in."""
    drawn = torch.empty(weight.shape, dtype=torch.float64)
    with torch.no_grad():
        weight.copy_(drawn.normal_(0, gain / weight[0].numel() ** 0.5, generator=generator))


class TwoMaps(Inside):
    """F = affine ∘ LeakyReLU ∘ affine: two convolutions, or dense maps along the channels where the kernel is 1.

    Its residual is one bit per hidden unit.
    """

    keeps = "bits only"

    def __init__(
        self,
        spec: specs.ConvInside | specs.MlpInside,
        kernel: int,
        hidden: int,
        shape: Shape,
        out: int,
        place: Placement,
    ) -> None:
        """F on states of this shape, to `out` channels."""
        super().__init__()
        taps = (kernel,) * (len(shape) - 1)
        self.spec = spec
        self.weight_in = place.empty(hidden, shape[0], *taps)
        self.bias_in = place.empty(hidden)
        self.weight_out = place.empty(out, hidden, *taps)
        self.bias_out = place.empty(out)
        self.register_buffer("factors", slope_table(spec.slope, place.dtype, place.device), persistent=False)

    def initialise(self, generator: Generator) -> None:
        # He's variance for the slope keeps the hidden units' size
        draw(self.weight_in, (2 / (1 + self.spec.slope**2)) ** 0.5, generator)
        draw(self.weight_out, self.spec.last_scale, generator)
        with torch.no_grad():
            self.bias_in.zero_()
            self.bias_out.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return affine(self._hidden(x), self.weight_out, self.bias_out)

    def keep(self, x: Tensor) -> tuple[Tensor, Residual]:
        hidden = self._hidden(x)
        return affine(hidden, self.weight_out, self.bias_out), (pack_signs(hidden),)

    def residual(self, x: Tensor) -> Residual:
        return (pack_signs(self._hidden(x)),)

    def vjp(self, residual: Residual, cot: Tensor) -> Tensor:
        hidden = apply_signs(residual[0], self.factors, transposed(cot, self.weight_out))
        return transposed(hidden, self.weight_in)

    def _hidden(self, x: Tensor) -> Tensor:
        return F.leaky_relu_(affine(x, self.weight_in, self.bias_in), self.spec.slope)


class Attention(Inside):
    """F = W_out · attention(W_q x, W_k x, W_v x): causal multi-head self-attention over the positions of `[N, C, T]`.

    Vaswani et al., *Attention Is All You Need*, 2017. Written as products and a softmax, since fused kernels take other
    memory on other devices. Its residual is x.
    """

    keeps = "that half"

    def __init__(self, spec: specs.AttentionInside, shape: Shape, out: int, place: Placement) -> None:
        """F on states of this shape, to `out` channels."""
        super().__init__()
        channels, positions = shape
        self.spec, self.width = spec, channels // spec.heads
        self.weight_in = place.empty(3 * channels, channels, 1)
        self.weight_out = place.empty(out, channels, 1)
        self.bias_out = place.empty(out)
        self.register_buffer("later", _later(positions, place.device), persistent=False)

    def initialise(self, generator: Generator) -> None:
        draw(self.weight_in, 1.0, generator)
        draw(self.weight_out, self.spec.last_scale, generator)
        with torch.no_grad():
            self.bias_out.zero_()

    def forward(self, x: Tensor) -> Tensor:
        queries, keys, values = affine(x, self.weight_in, None).unflatten(1, (3, self.spec.heads, self.width)).unbind(1)
        scores = (queries * self.width**-0.5).mT @ keys
        weights = scores.masked_fill_(self.later, -inf).softmax(-1)
        return affine((values @ weights.mT).flatten(1, 2), self.weight_out, self.bias_out)

    def keep(self, x: Tensor) -> tuple[Tensor, Residual]:
        return self(x), (x,)

    def residual(self, x: Tensor) -> Residual:
        return (x,)

    def vjp(self, residual: Residual, cot: Tensor) -> Tensor:
        x = residual[0].detach().requires_grad_()
        with torch.enable_grad():
            moved = self(x)
        return torch.autograd.grad(moved, x, cot)[0]


@lru_cache(maxsize=32)
def _later(positions: int, device: torch.device) -> Tensor:
    """`[T, T]`: where a key comes after the query. Shared by all layers of one length."""
    return torch.ones(positions, positions, dtype=torch.bool, device=device).triu(1)


def make_inside(spec: specs.Inside, shape: Shape, out: int, place: Placement) -> Inside:
    """F of a spec on states of this shape, to `out` channels.

    Raises:
        InvalidSpec: If the shape does not suit it.
    """
    channels = shape[0]
    if isinstance(spec, specs.MlpInside):
        return TwoMaps(spec, 1, spec.hidden or 2 * channels, shape, out, place)
    if isinstance(spec, specs.ConvInside):
        if len(shape) not in (2, 3):
            raise InvalidSpec(
                "a coupling with a convolution inside takes channels, height and width (or channels and a length), but "
                f"gets {words((2 * channels, *shape[1:]))}. Take `mlp` inside."
            )
        return TwoMaps(spec, spec.kernel, spec.hidden or channels, shape, out, place)
    if len(shape) != 2:
        raise InvalidSpec(
            f"a coupling with attention inside takes channels and positions, but gets "
            f"{words((2 * channels, *shape[1:]))}."
        )
    if channels % spec.heads:
        raise InvalidSpec(
            f"{spec.heads} heads do not divide the {channels} channels of one half. Change `heads` or the channels."
        )
    return Attention(spec, shape, out, place)
