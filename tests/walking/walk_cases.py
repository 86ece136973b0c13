"""Walks, and the same networks written once more in plain torch: the truth that walks are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from moonviz.errors import UnsupportedPair
from moonviz.runs.probe import Budget
from moonviz.runs.walked import walk_page
from moonviz.specs import METHODS
from moonviz.walking import EXAMPLES, WalkPage, WalkSpec

OPTIONS = {
    "backprop": [{}],
    "checkpointing": [{}, {"segment": 2}],
    "revbackprop": [{}],
    "forward": [{}],
    "projforward": [{}, {"directions": 3, "seed": 5}],
    "moonwalk-pure": [{}, {"chunk": 1}],
    "moonwalk-mixed": [{}, {"phase_one": "inverse"}, {"phase_one": "checkpointed", "segment": 2}, {"anchor_every": 1}],
}
ASKED = [(name, method, options) for name in EXAMPLES for method in METHODS for options in OPTIONS[method]]


def spec_of(name: str, method: str, options: dict[str, object], x: tuple[float, ...] | None = None) -> WalkSpec:
    spec = EXAMPLES[name].spec.by(method, **options)
    return spec.moved(x=x) if x else spec


@cache
def _page(text: str) -> WalkPage | UnsupportedPair:
    try:
        return walk_page(WalkSpec.model_validate_json(text), Budget("", seconds=60))  # torch loads much at first use
    except UnsupportedPair as refused:
        return refused


def page_of(
    name: str, method: str, options: dict[str, object], x: tuple[float, ...] | None = None
) -> WalkPage | UnsupportedPair:
    return _page(spec_of(name, method, options, x).canonical())


def _refused(name: str, method: str, options: dict[str, object]) -> bool:
    """Who cannot walk where: known beforehand, so that a refusal that is lost, or new, is seen."""
    undoes = method == "revbackprop" or options.get("phase_one") == "inverse"
    return (
        name in {"narrowing", "relu", "widening"}
        if undoes
        else method == "moonwalk-pure" and name in {"relu", "widening"}
    )


WALKED = [asked for asked in ASKED if not _refused(*asked)]
REFUSED = [asked for asked in ASKED if _refused(*asked)]


def told(case: tuple[str, str, dict[str, object]]) -> str:
    name, method, options = case
    return "-".join([name, method, *(str(value) for value in options.values())])


@dataclass
class Truth:
    """The network of a walk by hand: states, Jacobians, cotangents and gradients from torch's own autograd."""

    x: list[Tensor]
    J: list[Tensor]
    h: list[Tensor]
    g: dict[int, Tensor]
    loss: float


def truth_of(spec: WalkSpec) -> Truth:
    kinds = [layer.kind for block in spec.network.body for layer in block.layers]
    kinds += [layer.kind for layer in spec.network.head]
    weights = {name: torch.tensor(rows, dtype=torch.float64) for name, rows in spec.weights.items()}
    for weight in weights.values():
        weight.requires_grad_()

    def layer(number: int, x: Tensor) -> Tensor:
        own = {name.partition(".")[2]: one for name, one in weights.items() if name.partition(".")[0] == str(number)}
        if kinds[number - 1] == "dense":
            return own["weight"] @ x + own["bias"][0]
        if kinds[number - 1] == "coupling":
            hidden = own["inside.weight_in"] @ x[1:] + own["inside.bias_in"][0]
            hidden = torch.where(hidden > 0, hidden, 0.5 * hidden)
            return torch.cat([x[1:], x[:1] + own["inside.weight_out"] @ hidden + own["inside.bias_out"][0]])
        return torch.where(x > 0, x, (0.5 if kinds[number - 1] == "leaky_relu" else 0.0) * x)

    xs = [torch.tensor(spec.x, dtype=torch.float64).requires_grad_()]
    for number in range(1, len(kinds) + 1):
        xs.append(layer(number, xs[-1]))
    loss = -xs[-1].log_softmax(0)[spec.target]
    body = len(kinds) - len(spec.network.head)
    found = torch.autograd.grad(loss, [*xs[: body + 1], *weights.values()], allow_unused=True)
    named = dict(zip(weights, found[body + 1 :], strict=True))
    numbers = sorted({int(name.partition(".")[0]) for name in weights})
    return Truth(
        x=[one.detach() for one in xs[: body + 1]],
        J=[
            torch.autograd.functional.jacobian(lambda x, n=n: layer(n, x), xs[n - 1].detach())
            for n in range(1, body + 1)
        ],
        h=list(found[: body + 1]),
        g={n: torch.cat([one.flatten() for name, one in named.items() if name.startswith(f"{n}.")]) for n in numbers},
        loss=float(loss.detach()),
    )  # fmt: skip


def evaluate(line, known: dict[str, Tensor], kept: Tensor, target: int) -> Tensor:
    """What a line says, worked out again."""
    terms = [sign * known[name] for name, sign in line.terms]
    if line.rule == "softmax":
        return terms[0].exp() / terms[0].exp().sum()
    if line.rule == "loss":
        return torch.tensor([[-math.log(float(terms[0][target, 0]))]], dtype=torch.float64)
    if line.rule == "minus_target":
        return (terms[0] - torch.eye(len(terms[0]), dtype=torch.float64)[:, [target]]).T
    if line.rule == "signs":
        return (terms[0] > 0).double()
    if line.rule == "entry":
        return kept[:, line.at : line.at + terms[0].shape[1]]
    total = sum(line.scale * known[left] @ known[right] for left, right in line.products)
    return total + sum(terms) if terms else total
