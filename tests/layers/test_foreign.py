"""Modules of somebody else's as layers, for real numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from moonviz.layers import Foreign, capability


def foreign(module: nn.Module, width: int = 5) -> Foreign:
    return Foreign(module, (width,), (width,), "has no counterpart here")


@pytest.mark.parametrize("module", [nn.Mish(), nn.Hardswish(inplace=True), nn.Linear(5, 5), nn.LayerNorm(5)])
def test_its_products_are_autograds(module):
    layer, x, cot = foreign(module), torch.randn(3, 5), torch.randn(3, 5)
    kept = x.clone()
    y, residual = layer.keep(x)
    follow = x.clone().requires_grad_()
    truth = module(follow * 1)
    wanted = torch.autograd.grad(truth, (follow, *module.parameters()), cot)
    assert torch.equal(y, truth)
    assert torch.equal(x, kept)
    assert torch.allclose(layer.vjp_x(residual, cot), wanted[0])
    for mine, right in zip(layer.vjp_params(x, cot), wanted[1:], strict=True):
        assert torch.allclose(mine, right)
    assert torch.equal(x, kept)


def test_a_module_in_place_overwrites_what_is_given_up():
    layer, x = foreign(nn.ReLU(inplace=True)), torch.tensor([[-1.0, 2.0]])
    assert layer.overwrites
    assert layer.consume(x) is x
    assert x.tolist() == [[0.0, 2.0]]
    assert not foreign(nn.ReLU()).overwrites


def test_it_can_do_nothing_and_says_so():
    layer = foreign(nn.Mish())
    assert capability(layer) == "ordinary"
    assert layer.reason.startswith("`Mish` has no counterpart here: torch's autograd runs it")
