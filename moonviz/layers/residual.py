"""Residual blocks that can be undone by iteration (i-ResNet)."""

from __future__ import annotations

from math import ceil, log, prod

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from moonviz.layers.base import Residual, Shape, State
from moonviz.layers.bits import apply_signs, pack_signs, slope_table
from moonviz.layers.checks import Factory
from moonviz.layers.inside import affine, draw, transposed
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, RetreatsStepwise
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs

SLOPE = 0.2
SQUARINGS = 6


class ResidualBlock(FreshOutput, AdvancesStepwise, RetreatsStepwise):
    """y = x + F(x), F = affine ∘ LeakyReLU ∘ affine with Lip F ≤ q < 1: dense on vectors, kernel 3 on `[N, C, *]`.

    Behrmann, Grathwohl, Chen, Duvenaud, Jacobsen: *Invertible Residual Networks*, 2019. It is undone by
    x ← y − F(x), its vjp by h ← h_in − h·F′: after K rounds the error is at most qᴷ. Each map is used as
    W·min(1, √q / bound(W)), so that training cannot leave what can be undone.
    """

    kind = "residual block"
    saves_output = False

    def __init__(self, spec: specs.Residual, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, in_shape)
        channels, hidden = in_shape[0], spec.hidden or in_shape[0]
        taps = (3,) * (len(in_shape) - 1)
        self.bound = spec.bound
        self.rounds = min(spec.iterations, ceil(log(1e-16) / log(spec.bound)))
        self.weight_in = place.empty(hidden, channels, *taps)
        self.bias_in = place.empty(hidden)
        self.weight_out = place.empty(channels, hidden, *taps)
        self.bias_out = place.empty(channels)
        self.register_buffer("factors", slope_table(SLOPE, place.dtype, place.device), persistent=False)

    @property
    def reason(self) -> str:
        return (
            f"The added part changes distances by at most {self.bound:g}: {self.rounds} rounds of subtracting it undo "
            f"it to {self.bound**self.rounds:.0e}. Keeps one bit per hidden unit."
        )

    def initialise(self, generator: Generator) -> None:
        draw(self.weight_in, (2 / (1 + SLOPE**2)) ** 0.5, generator)
        draw(self.weight_out, 1.0, generator)
        with torch.no_grad():
            self.bias_in.zero_()
            self.bias_out.zero_()

    def forward(self, x: State) -> State:
        scaled = self._scaled()
        return self._out(self._hidden(x, scaled[0]), scaled[1]).add_(x)

    def inverse(self, y: State) -> State:
        first, last = self._scaled()
        x = y
        for _ in range(self.rounds):
            x = self._out(self._hidden(x, first), last).neg_().add_(y)
        return x

    def residual(self, x: State) -> Residual:
        return (pack_signs(self._hidden(x, self._scaled()[0])),)

    def keep(self, x: State) -> tuple[State, Residual]:
        first, last = self._scaled()
        hidden = self._hidden(x, first)
        return self._out(hidden, last).add_(x), (pack_signs(hidden),)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self._product(residual[0], cot_y, self._scaled()).add_(cot_y)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        scaled = self._scaled()
        signs = pack_signs(self._hidden(x, scaled[0]))
        h = cot_x
        for _ in range(self.rounds):
            h = self._product(signs, h, scaled).neg_().add_(cot_x)
        return h

    def _hidden(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.leaky_relu_(affine(x, weight, self.bias_in), SLOPE)

    def _out(self, hidden: Tensor, weight: Tensor) -> Tensor:
        return affine(hidden, weight, self.bias_out)

    def _product(self, signs: Tensor, cot: Tensor, scaled: tuple[Tensor, Tensor]) -> Tensor:
        """cot·F′."""
        return transposed(apply_signs(signs, self.factors, transposed(cot, scaled[1])), scaled[0])

    def _scaled(self) -> tuple[Tensor, Tensor]:
        """Both weights, each scaled to a Lipschitz bound of at most √q."""
        most = self.bound**0.5
        first, last = (
            weight * (most / norm_bound(weight).clamp_min(most)) for weight in (self.weight_in, self.weight_out)
        )
        return first, last


def norm_bound(weight: Tensor) -> Tensor:
    """An upper bound of the largest singular value of `affine` by this weight, at most a few per cent above W's own.

    Squarings of G = WWᵀ (Delattre et al., *Efficient Bound of Lipschitz Constant for Convolutional Layers by Gram
    Iteration*, 2023): ‖W‖₂² = ‖G‖₂ ≤ ‖G^(2^k)‖_F^(1/2^k). Products only, so it costs no factorisation, needs no
    start vector and is differentiable. A convolution is W times the gathering of patches, and each number lies in as
    many patches as there are taps, which stretches by at most √taps.
    """
    matrix = weight.to(torch.promote_types(weight.dtype, torch.float32)).flatten(1)
    gram = matrix @ matrix.mT if matrix.shape[0] <= matrix.shape[1] else matrix.mT @ matrix
    logarithm = 0.0
    for number in range(SQUARINGS + 1):
        if number:
            gram = gram @ gram
        size = gram.norm().clamp_min(torch.finfo(gram.dtype).tiny)
        logarithm, gram = logarithm + size.log() * 0.5 ** (number + 1), gram / size
    return (logarithm.exp() * prod(weight.shape[2:]) ** 0.5).to(weight.dtype)


FACTORIES: dict[type, Factory] = {specs.Residual: ResidualBlock}
