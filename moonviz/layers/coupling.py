"""Additive couplings: one half of the channels moves by a function of the other half."""

from __future__ import annotations

import torch
from torch import Generator

from moonviz.errors import InvalidSpec
from moonviz.layers.affine import AffineCoupling
from moonviz.layers.base import InvertibleLayer, Layer, Residual, Shape, State
from moonviz.layers.checks import Factory
from moonviz.layers.inside import Inside, make_inside
from moonviz.layers.mixins import FreshOutput
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class AdditiveCoupling(FreshOutput, InvertibleLayer):
    """(y1, y2) = (x2, x1 + F(x2)): the RevNet coupling, after which the halves change places.

    Gomez, Ren, Urtasun, Grosse: *The Reversible Residual Network*, 2017. Its vjp is (cot_y2, cot_y1 + cot_y2·F′), so
    its vijp is (cot_x2 − cot_x1·F′, cot_x1): one autograd call on F gives that product and F's parameter gradients.
    """

    kind = "coupling"
    paired = True
    pairs_output = True

    def __init__(self, in_shape: Shape, inside: Inside) -> None:
        super().__init__(in_shape, in_shape)
        self.inside = inside

    @property
    def reason(self) -> str:
        half, keeps = self.in_shape[0] // 2, self.inside.keeps
        return f"One half of {half} channels moves by a function of the other: subtract to undo it. Keeps {keeps}."

    def initialise(self, generator: Generator) -> None:
        self.inside.initialise(generator)

    def forward(self, x: State) -> State:
        return x[1], self.inside(x[1]).add_(x[0])

    def inverse(self, y: State) -> State:
        return self.inside(y[0]).neg_().add_(y[1]), y[0]

    def undo(self, y: State) -> tuple[State, Residual]:
        moved, kept = self.inside.keep(y[0])
        return (moved.neg_().add_(y[1]), y[0]), kept

    def retreat(self, y: State, cot_y: State) -> tuple[State, State, tuple[torch.Tensor, ...]]:
        held = y[0].detach().requires_grad_()
        with torch.enable_grad():
            moved = self.inside(held)
        x = (moved.detach().neg_().add_(y[1]), y[0])
        product, *grads = torch.autograd.grad(moved, (held, *self.trainable()), cot_y[1])
        return x, (cot_y[1], product.add_(cot_y[0])), tuple(grads)

    def residual(self, x: State) -> Residual:
        return self.inside.residual(x[1])

    def keep(self, x: State) -> tuple[State, Residual]:
        moved, kept = self.inside.keep(x[1])
        return (x[1], moved.add_(x[0])), kept

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return cot_y[1], self.inside.vjp(residual, cot_y[1]).add_(cot_y[0])

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self.inside.vjp(self.residual(x), cot_x[0]).neg_().add_(cot_x[1]), cot_x[0]

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[torch.Tensor, ...]]:
        held = x[1].detach().requires_grad_()
        with torch.enable_grad():
            moved = self.inside(held)
        # F's output is not saved by its last map, so it can become y2 in place before the backward runs
        y = (x[1], moved.detach().add_(x[0]))
        product, *grads = torch.autograd.grad(moved, (held, *self.trainable()), cot_x[0])
        return y, (product.neg_().add_(cot_x[1]), cot_x[0]), tuple(grads)


def _coupling(spec: specs.Coupling, in_shape: Shape, place: Placement) -> Layer:
    channels = in_shape[0]
    half = (channels // 2, *in_shape[1:])
    if channels % 2:
        raise InvalidSpec(
            f"a coupling splits its channels in two halves, but gets {channels}. Give the layer before it an even "
            "number of channels."
        )
    if spec.form == "affine":
        return AffineCoupling(in_shape, make_inside(spec.inside, half, channels, place))
    return AdditiveCoupling(in_shape, make_inside(spec.inside, half, channels // 2, place))


FACTORIES: dict[type, Factory] = {specs.Coupling: _coupling}
