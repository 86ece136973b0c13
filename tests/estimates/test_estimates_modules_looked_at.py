"""A user's own modules are looked at and no more: what is said of each, and what cannot be looked at."""

from __future__ import annotations

import copy
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import moonviz
from moonviz.errors import InvalidSpec
from tests.estimates.module_cases import BATCH, QUICK, Block, Choosing, Elsewhere, Turned, dense, one, weight_norm


def test_the_cards_say_of_each_module_what_it_can_do_and_why():
    module = nn.Sequential(
        nn.Flatten(), nn.Linear(8, 16), nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Linear(16, 16))), nn.Identity(),
        nn.Conv1d(1, 1, 1), Block(16), nn.Linear(16, 4),
    )  # fmt: skip
    with pytest.raises(InvalidSpec, match=r"layer 4 \(Conv1d\) does not take \[5, 16\] of float32"):
        moonviz.check_module(module, (BATCH, 2, 4))
    del module[4]
    cards = moonviz.check_module(module, (BATCH, 2, 4))
    assert [(card.index, card.name, card.kind, card.capability) for card in cards] == [
        (0, "0", "Flatten", "outside the walk"),
        (0, "1", "Linear", "outside the walk"),
        (1, "2.a", "ReLU", "fragmental"),
        (2, "2.b", "Linear", "invertible"),
        (3, "4", "Block", "ordinary"),
        (4, "5", "Linear", "outside the walk"),
    ]
    assert "`Block` is no layer of PyTorch's own" in cards[4].reason
    assert [card.parameters for card in cards] == [0, 144, 0, 272, 544, 68]
    assert cards[2].in_shape == cards[2].out_shape == (16,)


@pytest.mark.parametrize(
    ("layer", "batch", "why"),
    [
        (nn.Conv2d(4, 4, 3, groups=2), (2, 4, 8, 8), "has `groups` 2; here it can only be 1"),
        (nn.Linear(8, 8), (2, 4, 8), "takes a vector here, but gets 4×8 numbers"),
        (nn.GELU(approximate="tanh"), (2, 4), "has `approximate` 'tanh'"),
        (nn.AdaptiveAvgPool2d(1), (2, 4, 8, 8), "has no counterpart here"),
        (nn.LogSoftmax(1), (2, 4), "has no counterpart here"),
        (nn.BatchNorm1d(4, affine=False), (2, 4), "has `affine` False; here it can only be True"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_a_layer_cannot_be_here_is_said(layer, batch, why):
    first, *_ = moonviz.check_module([layer, nn.Conv2d(4, 4, 1) if len(batch) == 4 else nn.Linear(batch[-1], 4)], batch)
    assert first.capability == "ordinary"
    assert why in first.reason


def test_the_modules_are_not_run_changed_moved_or_told():
    module = dense(nn.BatchNorm1d(16), Block(16), nn.Hardswish(inplace=True)).eval()
    module[1].weight.requires_grad_(False)
    fired: list[object] = []
    for inner in module.modules():
        inner.register_forward_hook(lambda *_: fired.append("forward"))
        inner.register_forward_pre_hook(lambda *_, **__: fired.append("before"), with_kwargs=True)
        inner.register_full_backward_hook(lambda *_: fired.append("backward"))
    x = torch.randn(BATCH, 8, requires_grad=True)
    before, state = copy.deepcopy(module.state_dict()), torch.get_rng_state()
    told = [(len(inner._forward_hooks), inner.training) for inner in module.modules()]
    results = moonviz.estimate_module(module, x, QUICK)
    assert results[0].status == "ok"
    assert fired == []
    assert module[2].calls == 0
    assert module[3].inplace
    assert [(len(inner._forward_hooks), inner.training) for inner in module.modules()] == told
    assert not module[1].weight.requires_grad
    assert all(weight.grad is None for weight in module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert x.grad is None


def test_a_hooks_owner_is_not_copied():
    class Trainer:
        def hear(self, *_: object) -> None: ...

        def __deepcopy__(self, memo: object) -> None:
            raise AssertionError("copied")

    module = dense(nn.Mish())
    module[1].register_forward_hook(Trainer().hear)
    assert one(module).status == "ok"


GIVEN = {
    "list": list,
    "tuple": tuple,
    "ModuleList": nn.ModuleList,
    "Sequential": lambda modules: nn.Sequential(*modules),
    "iterator": iter,
}


@pytest.mark.parametrize("give", GIVEN.values(), ids=list(GIVEN))
def test_modules_come_in_any_sequence(give):
    modules = list(dense(nn.Tanh(), nn.Linear(16, 16)))
    expected = one(nn.Sequential(*modules)).peak_bytes
    if give is iter:
        assert one(iter(modules)).peak_bytes == expected
    else:
        assert one(give(modules)).peak_bytes == expected


def test_methods_that_torch_cannot_run_on_a_layer_keep_their_place():
    class Odd(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, cot):
            return cot

    class OnlyBackward(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return Odd.apply(x)

    backprop, forward = moonviz.estimate_module(dense(OnlyBackward()), (BATCH, 8), ["backprop", "projforward"])
    assert backprop.status == "ok"
    assert forward.status == "failed"
    assert "torch stopped in `projforward" in forward.error.message


@pytest.mark.parametrize(
    ("module", "batch", "words"),
    [
        (Block(8), (2, 8), r"`Block` does not tell in which order .* Give them in order, as in `estimate_module\(\["),
        (Turned(nn.Linear(8, 4), nn.Linear(8, 8)), (2, 8), "`Turned` does not tell in which order"),
        ("model.pt", (2, 8), "an `nn.Sequential`, `nn.ModuleList` or list of modules is needed, not str"),
        (3, (2, 8), "not int"),
        ([nn.Linear(8, 4), torch.tanh], (2, 8), r"layer 1 is a builtin.*, no `nn.Module`. Wrap it"),
        ([], (2, 8), "nothing to train"),
        ([nn.Tanh()], (2, 8), "nothing to train"),
        (dense().requires_grad_(False), (2, 8), "nothing to train"),
        (dense(), (2, 9), r"layer 0 \(Linear\) does not take \[2, 9\] of float32: "),
        (dense(nn.LazyLinear(16)), (2, 8), r"layer 1 \(LazyLinear\) has weights without a shape yet; run one batch"),
        (dense(nn.LSTM(16, 16)), (2, 8), r"layer 1 \(LSTM\) gives a tuple"),
        (dense(weight_norm(nn.Linear(16, 16))), (2, 8), r"layer 1 \(Linear\) has weights that a hook makes"),
        (dense(), torch.zeros(2, 8).double(), r"layer 0 \(Linear\) has float32 weights, but gets \[2, 8\] of float64"),
        (dense(Choosing()), (2, 8), r"layer 1 \(Choosing\) does not take .* it must not look at values"),
        (dense(Elsewhere()), (2, 8), "make its own tensors on `x.device`"),
        (dense(), (0, 8), "at least one example"),
        (dense(), (8,), "at least one example"),
        (dense(), 5, "`batch` is an example input, or its shape"),
        (dense(nn.Flatten(0)), (2, 8), "the first axis is to stay the batch"),
        (nn.Sequential(nn.Linear(8, 1), nn.Flatten(0)), (2, 8), "no axis of classes"),
        (nn.Sequential(nn.Embedding(5, 4)), torch.zeros((2, 3), dtype=torch.int64), "no layer behind the one"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_at_names_the_remedy(module, batch, words):
    with pytest.raises(InvalidSpec, match=words):
        moonviz.estimate_module(module, batch, ["backprop"])


@pytest.mark.parametrize("make", [parametrizations.weight_norm, parametrizations.spectral_norm])
def test_a_parametrised_layer_is_one_of_ones_own(make):
    module = dense(make(nn.Linear(16, 16)))
    assert one(module).status == "ok"
    assert "`ParametrizedLinear` is no layer of PyTorch's own" in moonviz.check_module(module, (BATCH, 8))[1].reason


def test_a_layer_of_torchs_that_holds_others_is_left_to_autograd():
    module = [nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Flatten(), nn.Linear(48, 4)]
    first, *_ = moonviz.check_module(module, (BATCH, 6, 8))
    assert first.reason.startswith("`TransformerEncoderLayer` has no counterpart here: ")


def test_what_cannot_be_copied_is_named():
    module = dense(nn.Mish())
    module[1].lines = (line for line in "ab")
    with pytest.raises(InvalidSpec, match=r"layer 1 \(Mish\) cannot be copied.*generator.*Leave out what it holds"):
        one(module)
