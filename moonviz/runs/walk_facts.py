"""The quantities of a tiny network at one input that stay the same while methods walk: Jacobians and the like."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn

from moonviz.errors import InvalidSpec
from moonviz.layers import FragmentalLayer, Layer
from moonviz.layers.activation import LeakyReLU, ReLU
from moonviz.layers.base import State, tensors
from moonviz.layers.coupling import AdditiveCoupling
from moonviz.networks import Network, build, describe
from moonviz.networks.losses import cross_entropy
from moonviz.walking import LayerAt, WalkSpec
from moonviz.walking.asked import MOST_SIZE
from moonviz.walking.page import Matrix

_LETTERS = {
    "weight": "W", "bias": "b", "inside.weight_in": "V", "inside.bias_in": "a", "inside.weight_out": "W",
    "inside.bias_out": "b",
}  # fmt: skip
_GRID = range(-3, 4)
_PER_UNIT = 4


def tiny(spec: WalkSpec) -> Network:
    """The network of a walk, with its weights put in.

    Raises:
        InvalidSpec: If layers do not fit together, are not tiny, or a weight has another name or shape.
    """
    planned = build(spec.network, "meta")
    for layer in planned.modules():
        if isinstance(layer, Layer) and (prod(layer.out_shape) > MOST_SIZE or _hidden(layer) > MOST_SIZE):
            raise InvalidSpec(f"{layer.title}: a walk shows every number, so at most {MOST_SIZE} of them at a time")
    network = build(spec.network)
    for name, rows in spec.weights.items():
        weight = _weight(network, name)
        try:
            given = torch.tensor(rows, dtype=torch.float64).view(weight.shape)
        except (ValueError, RuntimeError, TypeError):
            wanted = "×".join(str(size) for size in weight.shape)
            raise InvalidSpec(f"`weights.{name}`: {wanted} numbers are needed") from None
        with torch.no_grad():
            weight.copy_(given)
    return network


def _weight(network: Network, name: str) -> nn.Parameter:
    number, _, local = name.partition(".")
    numbers = range(1, network.length + 2)
    own = _own(network, int(number)) if number.isdecimal() and int(number) in numbers else {}
    if local not in own:
        known = [f"{i}.{one}" for i in numbers for one in _own(network, i)]
        raise InvalidSpec(f"`weights.{name}`: there is no such weight; there are {', '.join(known)}")
    return own[local]


def _own(network: Network, number: int) -> dict[str, nn.Parameter]:
    """The weights behind a layer number by their short names, in the order of its gradient."""
    found = {local: one for layer in network.part(number) for local, one in layer.named_parameters()}
    by_identity = {id(one): local for local, one in found.items()}
    return {by_identity[id(one)]: one for one in network.weights(number).values()}


def _hidden(layer: Layer) -> int:
    return len(layer.inside.weight_in) if isinstance(layer, AdditiveCoupling) else 0


def layers_at(network: Network) -> tuple[LayerAt, ...]:
    """What each layer 1…L+1 is."""
    cards = describe(network.spec)[1:]
    return tuple(_layer_at(network, card.index, card) for card in cards)


def _layer_at(network: Network, number: int, card: object) -> LayerAt:
    layer, own = network.part(number)[0] if network.part(number) else None, _own(network, number)
    kinds = {LeakyReLU: "leaky", ReLU: "relu", AdditiveCoupling: "coupling"}
    kind = "head" if number > network.length else kinds.get(type(layer), "dense")
    slope = layer.inside.spec.slope if kind == "coupling" else getattr(layer, "slope", 0.0 if kind == "relu" else 1.0)
    return LayerAt(
        card=card,
        kind=kind,
        weights={name: matrix(weight if weight.dim() == 2 else weight[None]) for name, weight in own.items()},
        labels=tuple(label for name, weight in own.items() for label in _labels(_LETTERS[name], weight)),
        slope=slope,
        bits=_hidden(layer) if kind == "coupling" else prod(layer.in_shape) if kind in ("leaky", "relu") else 0,
    )


def _labels(letter: str, weight: Tensor) -> list[str]:
    if weight.dim() == 1:
        return [f"{letter}{row + 1}" for row in range(len(weight))]
    return [f"{letter}{row + 1}{column + 1}" for row in range(len(weight)) for column in range(weight.shape[1])]


def states(network: Network, x: Tensor) -> list[State]:
    """x₀ … x_L, each with memory of its own."""
    found = [network.stem(x.clone())]
    for number in range(1, network.length + 1):
        found.append(network.run(number, _copy(found[-1])))
    return found


def quantities(network: Network, found: list[State], target: Tensor) -> dict[str, Matrix]:
    """J, b, D, R by layer, and z, p, e and the loss at the head."""
    told: dict[str, Tensor] = {}
    for number in range(1, network.length + 2):
        part = network.part(number)
        x = found[number - 1]
        jacobian, by_weights = _derivatives(network, number, x)
        y = flat(through(part, x))
        told[f"J{number}"] = jacobian
        offset = y[:, None] - jacobian @ flat(x)[:, None]
        if offset.any():
            told[f"b{number}"] = offset
        if by_weights.shape[1]:
            told[f"D{number}"] = by_weights
        if number <= network.length and isinstance(part[0], FragmentalLayer):
            told[f"R{number}"] = _right_inverse(network, number, x)
        if number <= network.length and isinstance(part[0], AdditiveCoupling):
            told |= _hidden_units(part[0], number, x)
    z = y[None].detach().requires_grad_()
    with torch.enable_grad():
        loss = cross_entropy(z, target)
    told |= {"x0": flat(found[0])[:, None], "z": z.T, "p": z.softmax(1).T, "loss": loss.view(1, 1)}
    told["e"] = torch.autograd.grad(loss, z)[0]
    return {name: matrix(value) for name, value in told.items()}


def _hidden_units(layer: AdditiveCoupling, number: int, x: State) -> dict[str, Tensor]:
    """What is inside a coupling: the half it reads, and the hidden units before their LeakyReLU."""
    inside, half = layer.inside, x[1].T
    units = inside.weight_in @ half + inside.bias_in[:, None]
    bias = inside.bias_in[:, None]
    return {f"V{number}": inside.weight_in, f"k{number}": half, f"a{number}": bias, f"u{number}": units}


def through(part: list[Layer], x: State) -> State:
    """The state after these layers; x untouched."""
    state = _copy(x)
    with torch.no_grad():
        for layer in part:
            state = layer(state)
    return state


def _derivatives(network: Network, number: int, x: State) -> tuple[Tensor, Tensor]:
    """∂y/∂x and ∂y/∂θ of a layer, by torch's autograd, an output at a time."""
    leaves = tuple(part.detach().clone().requires_grad_() for part in tensors(x))
    weights = tuple(network.weights(number).values())
    with torch.enable_grad():
        y: State = leaves[0] if len(leaves) == 1 else (leaves[0], leaves[1])
        for layer in network.part(number):
            y = layer(y)
        outputs = torch.cat([part.flatten() for part in tensors(y)])
        rows = [
            torch.autograd.grad(one, (*leaves, *weights), retain_graph=True, materialize_grads=True, allow_unused=True)
            for one in outputs
        ]
    by_x = torch.stack([torch.cat([part.flatten() for part in row[: len(leaves)]]) for row in rows])
    if not weights:
        return by_x, by_x.new_empty(len(rows), 0)
    return by_x, torch.stack([torch.cat([part.flatten() for part in row[len(leaves) :]]) for row in rows])


def _right_inverse(network: Network, number: int, x: State) -> Tensor:
    """The matrix R that a layer's vijp multiplies h with, its fragment apart: row k is the vijp of the k-th unit."""
    layer, size = network.layer(number), flat(x).numel()
    with torch.no_grad():
        y = layer(_copy(x))
        residual = layer.residual(_copy(x))
        nothing = tuple(torch.zeros_like(part) for part in layer.fragment(residual, y))
        units = torch.eye(size, dtype=torch.float64)
        return torch.stack([flat(layer.vijp(_copy(x), like(row, x), nothing)) for row in units])


def grid(network: Network) -> tuple[tuple[Matrix, ...], ...]:
    """A grid of the input plane and where each layer carries it; empty where the picture would not be flat."""
    sizes = [prod(network.layer(1).in_shape), *(prod(layer.out_shape) for layer in network.body)]
    if sizes[0] != 2 or max(sizes) > 2:
        return ()
    along = [at / _PER_UNIT for at in range(_GRID[0] * _PER_UNIT, _GRID[-1] * _PER_UNIT + 1)]
    lines = [[(float(at), t) for t in along] for at in _GRID] + [[(t, float(at)) for t in along] for at in _GRID]
    points = torch.tensor(lines, dtype=torch.float64)
    told = []
    for state in states(network, points.view(-1, 2)):
        whole = torch.cat(tensors(state), 1).view(*points.shape[:2], -1)
        told.append(tuple(matrix(line) for line in whole))
    return tuple(told)


def flat(state: State) -> Tensor:
    """A state of one example as a vector."""
    return torch.cat([part.flatten() for part in tensors(state)])


def like(row: Tensor, state: State) -> State:
    """A vector as a state of one example."""
    parts = row.split([part.numel() for part in tensors(state)])
    shaped = [part.clone().view(of.shape) for part, of in zip(parts, tensors(state), strict=True)]
    return shaped[0] if len(shaped) == 1 else (shaped[0], shaped[1])


def matrix(value: Tensor) -> Matrix:
    """Rows of numbers."""
    return tuple(tuple(row) for row in value.detach().tolist())


def _copy(state: State) -> State:
    return state.clone() if isinstance(state, Tensor) else (state[0].clone(), state[1].clone())
