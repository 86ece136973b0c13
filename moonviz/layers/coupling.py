"""Couplings: one half of the channels moves by a function of the other half."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from moonviz.errors import InvalidSpec
from moonviz.layers.base import FreshOutput, InvertibleLayer, Layer, Residual, Shape, State
from moonviz.layers.bits import apply_signs, pack_signs, slope_table
from moonviz.layers.checks import Factory, need_image
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class ConvInside(nn.Module):
    """F = conv ∘ LeakyReLU ∘ conv, keeping height and width: `[N, C, H, W]` → the same shape."""

    def __init__(self, spec: specs.ConvInside, channels: int, place: Placement) -> None:
        super().__init__()
        hidden = spec.hidden or channels
        self.spec, self.padding = spec, spec.kernel // 2
        self.weight_in = place.empty(hidden, channels, spec.kernel, spec.kernel)
        self.bias_in = place.empty(hidden)
        self.weight_out = place.empty(channels, hidden, spec.kernel, spec.kernel)
        self.bias_out = place.empty(channels)
        self.register_buffer("factors", slope_table(spec.slope, place.dtype, place.device), persistent=False)

    def initialise(self, generator: Generator) -> None:
        """He's variance for the slope, then the last convolution scaled down as `last_scale` says."""
        gains = {"in": (2 / (1 + self.spec.slope**2)) ** 0.5, "out": self.spec.last_scale}
        with torch.no_grad():
            for end, gain in gains.items():
                weight, bias = getattr(self, f"weight_{end}"), getattr(self, f"bias_{end}")
                drawn = torch.empty(weight.shape, dtype=torch.float64)
                weight.copy_(drawn.normal_(0, gain / weight[0].numel() ** 0.5, generator=generator))
                bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """F(x); the output's memory is new and nobody else's."""
        return self._last(self._hidden(x))

    def keep(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """F(x) and the hidden units' packed signs."""
        hidden = self._hidden(x)
        return self._last(hidden), pack_signs(hidden)

    def signs(self, x: Tensor) -> Tensor:
        """The hidden units' packed signs."""
        return pack_signs(self._hidden(x))

    def vjp(self, signs: Tensor, cot: Tensor) -> Tensor:
        """cot·F′ from the signs alone; the output's memory is new."""
        # the transposed convolution is the vjp of a convolution, without the dummy input its backward asks for
        hidden = F.conv_transpose2d(cot, self.weight_out, padding=self.padding)
        hidden = apply_signs(signs, self.factors, hidden)
        return F.conv_transpose2d(hidden, self.weight_in, padding=self.padding)

    def _hidden(self, x: Tensor) -> Tensor:
        return F.leaky_relu_(F.conv2d(x, self.weight_in, self.bias_in, padding=self.padding), self.spec.slope)

    def _last(self, hidden: Tensor) -> Tensor:
        return F.conv2d(hidden, self.weight_out, self.bias_out, padding=self.padding)


class AdditiveCoupling(FreshOutput, InvertibleLayer):
    """(y1, y2) = (x2, x1 + F(x2)): the RevNet coupling, after which the halves change places.

    Gomez, Ren, Urtasun, Grosse: *The Reversible Residual Network*, 2017. Its vjp is (cot_y2, cot_y1 + cot_y2·F′), so
    its vijp is (cot_x2 − cot_x1·F′, cot_x1): one autograd call on F gives that product and F's parameter gradients.
    """

    kind = "coupling"
    paired = True
    pairs_output = True

    def __init__(self, spec: specs.Coupling, in_shape: Shape, place: Placement) -> None:
        super().__init__(in_shape, in_shape)
        self.inside = ConvInside(spec.inside, in_shape[0] // 2, place)

    @property
    def reason(self) -> str:
        half = self.in_shape[0] // 2
        return f"One half of {half} channels moves by a function of the other: subtract to undo it. Keeps bits only."

    def initialise(self, generator: Generator) -> None:
        self.inside.initialise(generator)

    def forward(self, x: State) -> State:
        return x[1], self.inside(x[1]).add_(x[0])

    def inverse(self, y: State) -> State:
        return self.inside(y[0]).neg_().add_(y[1]), y[0]

    def undo(self, y: State) -> tuple[State, Residual]:
        moved, signs = self.inside.keep(y[0])
        return (moved.neg_().add_(y[1]), y[0]), (signs,)

    def retreat(self, y: State, cot_y: State) -> tuple[State, State, tuple[Tensor, ...]]:
        held = y[0].detach().requires_grad_()
        with torch.enable_grad():
            moved = self.inside(held)
        x = (moved.detach().neg_().add_(y[1]), y[0])
        product, *grads = torch.autograd.grad(moved, (held, *self.trainable()), cot_y[1])
        return x, (cot_y[1], product.add_(cot_y[0])), tuple(grads)

    def residual(self, x: State) -> Residual:
        return (self.inside.signs(x[1]),)

    def keep(self, x: State) -> tuple[State, Residual]:
        moved, signs = self.inside.keep(x[1])
        return (x[1], moved.add_(x[0])), (signs,)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return cot_y[1], self.inside.vjp(residual[0], cot_y[1]).add_(cot_y[0])

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.inside.vjp(self.residual(x)[0], cot_x[0]).neg_().add_(cot_x[1]), cot_x[0]

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        held = x[1].detach().requires_grad_()
        with torch.enable_grad():
            moved = self.inside(held)
        # F's output is not saved by its last convolution, so it can become y2 in place before the backward runs
        y = (x[1], moved.detach().add_(x[0]))
        product, *grads = torch.autograd.grad(moved, (held, *self.trainable()), cot_x[0])
        return y, (product.neg_().add_(cot_x[1]), cot_x[0]), tuple(grads)


def _coupling(spec: specs.Coupling, in_shape: Shape, place: Placement) -> Layer:
    need_image("a coupling with a convolution inside", in_shape)
    if in_shape[0] % 2:
        raise InvalidSpec(
            f"a coupling splits its channels in two halves, but gets {in_shape[0]}. Give the layer before it an even "
            "number of channels."
        )
    return AdditiveCoupling(spec, in_shape, place)


FACTORIES: dict[type, Factory] = {specs.Coupling: _coupling}
