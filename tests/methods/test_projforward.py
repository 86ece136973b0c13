"""Projected forward mode: unbiased, and as noisy as the theory says."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

import moonviz
from moonviz.networks import Network, build
from moonviz.networks.directions import unit_direction
from tests.cases import NETWORKS
from tests.methods.test_exactness import autograd


def tiny() -> tuple[Network, Tensor, Tensor]:
    net = build(NETWORKS["digits-dense, tiny"].spec(depth=1, width=3))
    return net, *net.batch()


def flat(grads: dict[str, Tensor]) -> Tensor:
    return torch.cat([grad.flatten() for grad in grads.values()])


def test_the_sum_over_an_orthonormal_basis_is_the_gradient() -> None:
    net, x, target = tiny()
    truth = autograd(net, x, target)
    weights = {
        name: (number, weight) for number in range(net.length + 2) for name, weight in net.weights(number).items()
    }
    size = sum(weight.numel() for _, weight in weights.values())
    basis = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64))[0]
    total = torch.zeros(size, dtype=torch.float64)
    for direction in basis.T:
        parts = dict(zip(weights, direction.split([w.numel() for _, w in weights.values()]), strict=True))
        tans = {name: part.view_as(weights[name][1]) for name, part in parts.items()}
        state, tan = x, None
        for number in range(net.length + 1):
            state, tan = net.push(number, state, tan, {n: tans[n] for n in net.weights(number)})
        _, answer = net.push_head(state, tan, target, {n: tans[n] for n in net.weights(net.length + 1)})
        total += answer * direction
    order = torch.cat([truth[name].flatten() for name in weights])
    assert float((total - order).norm() / order.norm()) <= 1e-12


def test_the_running_mean_converges_as_one_over_the_root() -> None:
    net, x, target = tiny()
    truth = flat(autograd(net, x, target))
    errors = []
    for directions in (16, 256, 4096):
        found = moonviz.gradients(net, x, target, method="projforward", directions=directions, seed=5)
        errors.append(float((flat(found) - truth).norm() / truth.norm()))
    for before, after in pairwise(errors):
        # sixteen times the directions, a quarter of the error, give or take the luck of the draw
        assert before / after == pytest.approx(4, rel=0.35)
    # the estimate's mean square error is |g|²(P − 1)/K
    assert errors[-1] == pytest.approx(((len(truth) - 1) / 4096) ** 0.5, rel=0.15)


def test_seeds_are_repeatable_and_matter() -> None:
    net, x, target = tiny()
    one, same, other = (moonviz.gradients(net, x, target, method="projforward", seed=s) for s in (1, 1, 2))
    assert torch.equal(flat(one), flat(same))
    assert not torch.equal(flat(one), flat(other))


def test_a_unit_direction_moves_one_entry() -> None:
    direction = unit_direction(torch.zeros(2, 3), 4)
    assert direction.flatten().tolist() == [0, 0, 0, 0, 1, 0]
