"""Dropout, with a draw that a recomputed sweep sees again."""

from __future__ import annotations

from math import prod

import numpy as np
import torch
from torch import Tensor

from moonviz.layers.base import FragmentalLayer, Layer, Residual, Shape, State, Stateful
from moonviz.layers.checks import Factory
from moonviz.layers.masks import pick, put_back
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsNothing, RetreatsStepwise, WithoutWeights
from moonviz.layers.placement import Placement
from moonviz.specs import layers as specs


class Dropout(KeepsNothing, WithoutWeights, Stateful, FragmentalLayer):
    """y = m·x/(1 − p), m drawn 0 or 1 from the step's seed; dropped units' cotangents are the fragment.

    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: *Dropout*, 2014. The mask is drawn again wherever it is
    needed, so nothing is kept for the vjp.
    """

    kind = "dropout"
    overwrites = True
    saves_output = False
    data_dependent = True

    def __init__(self, spec: specs.Dropout, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape)
        self.probability = spec.probability

    @property
    def reason(self) -> str:
        n = prod(self.in_shape)
        return (
            f"Dropped units erase their cotangents, so these are kept: about {round(self.probability * n):,} of {n:,} "
            "numbers per example; the draw is made again from its seed."
        )

    def note(self, x: State) -> None:
        """Nothing moves: the draw is the seed's."""

    def forward(self, x: State) -> State:
        return (x * self._alive(x)).mul_(1 / (1 - self.probability))

    def consume(self, x: State) -> State:
        return self._dropped(x, self._alive(x))

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return self(cot_y)

    def fragment(self, residual: Residual, cot_y: State) -> Residual:
        return pick(self, cot_y, self._alive(cot_y).logical_not_(), self.probability)

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return self._restored(cot_x, self._alive(x), fragment)

    def advance(self, x: State, cot_x: State, fragment: Residual) -> tuple[State, State, tuple[Tensor, ...]]:
        with torch.no_grad():
            alive = self._alive(x)
            return self._dropped(x, alive), self._restored(cot_x, alive, fragment), ()

    def _alive(self, x: Tensor) -> Tensor:
        """m as bool, of x's shape."""
        mask = torch.empty(x.shape, dtype=torch.bool, device=x.device)
        if mask.is_meta:
            return mask.copy_(torch.empty_like(mask))  # the same second mask for a moment as below
        # numpy's numbers are the same on every device, and torch's own are refused inside vmap
        drawn = np.random.default_rng(self.step_seed).random(tuple(x.shape), dtype=np.float32)
        return mask.copy_(torch.from_numpy(drawn >= self.probability))

    def _dropped(self, x: Tensor, alive: Tensor) -> Tensor:
        return x.mul_(alive).mul_(1 / (1 - self.probability))

    def _restored(self, cot_x: Tensor, alive: Tensor, fragment: Residual) -> Tensor:
        return put_back(cot_x * (1 - self.probability), alive.logical_not_(), fragment)


class NoDropout(FreshOutput, KeepsNothing, AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    """y = x: dropout that never drops."""

    kind = "dropout"

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, in_shape)

    @property
    def reason(self) -> str:
        return "Drops units with probability 0: it changes nothing. Keeps nothing."

    def forward(self, x: State) -> State:
        return x.view_as(x)

    def inverse(self, y: State) -> State:
        return y

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return cot_y

    def vijp(self, x: State, cot_x: State, fragment: Residual) -> State:
        return cot_x


def _dropout(spec: specs.Dropout, in_shape: Shape, place: Placement) -> Layer:
    return Dropout(spec, in_shape) if spec.probability else NoDropout(in_shape)


FACTORIES: dict[type, Factory] = {specs.Dropout: _dropout}
