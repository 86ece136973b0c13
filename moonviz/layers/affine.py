"""Affine couplings: one half of the channels is scaled and shifted by functions of the other half."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from moonviz.layers.base import InvertibleLayer, Residual, Shape, State, tensors
from moonviz.layers.inside import Inside
from moonviz.layers.mixins import FreshOutput


class AffineCoupling(FreshOutput, InvertibleLayer):
    """(y1, y2) = (x2, x1⊙eˢ + t) with (r, t) = F(x2), s = tanh r: the RealNVP coupling; the halves change places.

    Dinh, Sohl-Dickstein, Bengio: *Density Estimation Using Real NVP*, 2017. With h = cot_y2⊙eˢ its vjp is
    (h, cot_y1 + [h⊙x1, cot_y2]·(s, t)′), so its vijp is (cot_x2 − [cot_x1⊙x1, cot_y2]·(s, t)′, cot_y2) with
    cot_y2 = cot_x1⊙e⁻ˢ: one autograd call on F gives that product and F's parameter gradients.
    """

    kind = "affine coupling"
    paired = True
    pairs_output = True

    def __init__(self, in_shape: Shape, inside: Inside) -> None:
        super().__init__(in_shape, in_shape)
        self.inside = inside

    @property
    def reason(self) -> str:
        half = self.in_shape[0] // 2
        return f"One half of {half} channels is scaled, never by 0, and shifted: undone in one go. Keeps its input."

    def initialise(self, generator: Generator) -> None:
        self.inside.initialise(generator)

    def forward(self, x: State) -> State:
        s, t = self._scale_and_shift(x[1])
        return x[1], _move(x[0], s, t)

    def inverse(self, y: State) -> State:
        return _move_back(y[1], *self._scale_and_shift(y[0])), y[0]

    def undo(self, y: State) -> tuple[State, Residual]:
        x = self.inverse(y)
        return x, tensors(x)

    def residual(self, x: State) -> Residual:
        return tensors(x)

    def keep(self, x: State) -> tuple[State, Residual]:
        return self(x), tensors(x)

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        first, second = residual
        held, s, t = self._follow(second)
        cot_first = cot_y[1] * s.detach().exp()
        (product,) = torch.autograd.grad((s, t), (held,), (cot_first * first, cot_y[1]))
        return cot_first, product.add_(cot_y[0])

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        held, s, t = self._follow(x[1])
        cot_moved = cot_x[0] / s.detach().exp()
        (product,) = torch.autograd.grad((s, t), (held,), (cot_x[0] * x[0], cot_moved))
        return product.neg_().add_(cot_x[1]), cot_moved

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        held, s, t = self._follow(x[1])
        y = (x[1], _move(x[0], s.detach(), t.detach()))
        cot_moved = cot_x[0] / s.detach().exp()
        product, *grads = torch.autograd.grad((s, t), (held, *self.trainable()), (cot_x[0] * x[0], cot_moved))
        return y, (product.neg_().add_(cot_x[1]), cot_moved), tuple(grads)

    def retreat(self, y: State, cot_y: State) -> tuple[State, State, tuple[Tensor, ...]]:
        held, s, t = self._follow(y[0])
        first = _move_back(y[1], s.detach(), t.detach())
        cot_first = cot_y[1] * s.detach().exp()
        product, *grads = torch.autograd.grad((s, t), (held, *self.trainable()), (cot_first * first, cot_y[1]))
        return (first, y[0]), (cot_first, product.add_(cot_y[0])), tuple(grads)

    def _scale_and_shift(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(s, t), each of x's shape; s is bounded, so that no scale runs away."""
        raw, t = self.inside(x).chunk(2, 1)
        return raw.tanh(), t

    def _follow(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(a leaf with x's numbers, s, t), followed by autograd."""
        held = x.detach().requires_grad_()
        with torch.enable_grad():
            return held, *self._scale_and_shift(held)


def _move(x: Tensor, s: Tensor, t: Tensor) -> Tensor:
    return torch.addcmul(t, x, s.exp())


def _move_back(y: Tensor, s: Tensor, t: Tensor) -> Tensor:
    return (y - t).div_(s.exp())
