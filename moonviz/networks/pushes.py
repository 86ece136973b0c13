"""Tangents pushed forward through a network, one at a time or many at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from moonviz.layers.base import Layer, State
from moonviz.networks.directions import (
    Grads,
    as_state,
    input_directions,
    input_size,
    new_cotangent,
    random_signs,
    shapes_of,
    unit_direction,
)
from moonviz.networks.losses import cross_entropy, cross_entropy_by_example


class Pushes(nn.Module, ABC):
    """Forward-mode steps of the layer numbers 0…L+1. None of them overwrites what it is given."""

    length: int

    @abstractmethod
    def part(self, number: int) -> list[Layer]:
        """The layers behind a layer number."""

    @abstractmethod
    def weights(self, number: int) -> dict[str, nn.Parameter]:
        """The parameters behind a layer number that want a gradient, by name."""

    @abstractmethod
    def note(self, layer: Layer, x: State) -> None:
        """Let a layer move its running state, once per step."""

    def passes(self, total: int) -> list[int] | range:
        """The passes of a loop of identical ones that are made: all, or in a dry run three that stand for all."""
        on_meta = next(self.parameters()).is_meta
        return sorted({0, min(1, total - 1), total - 1}) if on_meta else range(total)

    def push(self, number: int, x: State, tan_x: State | None, tans: Grads) -> tuple[State, State | None]:
        """(y, tan_y) of the stem or a body layer; `tans`: tangents of parameters by full name."""
        return self._push(number, x, tan_x, tans)

    def push_head(self, x: State, tan_x: State | None, target: Tensor, tans: Grads) -> tuple[Tensor, Tensor | None]:
        """(loss, its tangent) from x_L and a tangent there."""
        logits, tan = self._push(self.length + 1, x, tan_x, tans)
        if tan is None:
            return cross_entropy(logits, target), None
        return torch.func.jvp(lambda logits: cross_entropy(logits, target), (logits,), (tan,))

    def push_many(self, number: int, x: State, tans: State) -> tuple[State, State]:
        """(y, tangents) of a body layer from many tangents at once, `[m, N, *]`; x is run through once."""
        for layer in self.part(number):
            self.note(layer, x)
            push = torch.func.vmap(lambda tan, layer=layer, x=x: layer.push(x, tan, {}), out_dims=(None, 0))
            x, tans = push(tans)
        return x, tans

    def push_many_head(self, x: State, tans: State, target: Tensor) -> Tensor:
        """How each example's share of the loss answers to each tangent: `[N, m]`."""
        logits, tans = self.push_many(self.length + 1, x, tans)

        def answer(tan: Tensor) -> Tensor:
            return torch.func.jvp(lambda logits: cross_entropy_by_example(logits, target), (logits,), (tan,))[1]

        return torch.func.vmap(answer)(tans).T

    def unit_direction(self, number: int, name: str, entry: int) -> Grads:
        """One entry of one parameter moves by 1."""
        return {name: unit_direction(self.weights(number)[name].detach(), entry)}

    def random_direction(self, number: int, seed: int) -> Grads:
        """Every entry of a layer's parameters moves by ±1, as the seed says."""
        weights = {name: weight.detach() for name, weight in self.weights(number).items()}
        return random_signs(weights, seed * (self.length + 2) + number)

    def scale_and_add(self, into: Grads, direction: Grads, by: Tensor, parts: int) -> Grads:
        """`into` + by·direction/parts, in place; the direction itself where `into` is empty."""
        for name, signs in direction.items():
            share = signs.mul_((by / parts).to(signs.dtype))
            into[name] = into[name].add_(share) if name in into else share
        return into

    def new_gradients(self, number: int) -> Grads:
        """Room for a layer's gradients, entry by entry."""
        return {name: torch.zeros_like(weight).detach() for name, weight in self.weights(number).items()}

    def set_entry(self, grads: Grads, name: str, entry: int, value: Tensor) -> None:
        """Write one entry of a gradient."""
        grads[name].view(-1)[entry] = value

    def fill(self, cot: Tensor, start: int, answers: Tensor) -> None:
        """Write the answers to some directions, `[N, m]`, into the cotangent at the input."""
        cot[:, start : start + answers.shape[1]] = answers

    input_size = staticmethod(input_size)
    new_cotangent = staticmethod(new_cotangent)
    input_directions = staticmethod(input_directions)
    shapes_of = staticmethod(shapes_of)
    as_state = staticmethod(as_state)

    def _push(self, number: int, x: State, tan_x: State | None, tans: Grads) -> tuple[State, State | None]:
        names = {id(weight): name for name, weight in self.weights(number).items()}
        for layer in self.part(number):
            self.note(layer, x)
            own = {
                local: tans[names[id(weight)]]
                for local, weight in layer.named_parameters()
                if names.get(id(weight)) in tans
            }
            x, tan_x = layer.push(x, tan_x, own)
        return x, tan_x
