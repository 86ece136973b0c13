"""A user's own modules: bytes against the same network as a spec, against real runs, and against plain torch."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

import moonviz
from moonviz.errors import InvalidSpec
from moonviz.estimates.dry import estimate_methods
from moonviz.events import LayerEvent
from moonviz.reading.sequential import read_sequential
from moonviz.runs.ledger import Ledger
from moonviz.specs import SOURCES
from tests.estimates.module_cases import BATCH, QUICK, Block, dense, one
from tests.reading.test_reading_sequential import MODELS

FLAT = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
LOSS_BYTES = 4
COUNTED = (
    "status",
    "peak_bytes",
    "peak_bytes_range",
    "activation_peak_bytes",
    "gradient_bytes",
    "input_bytes",
    "flops",
)


def in_plain_torch(module: nn.Module, x: Tensor) -> int:
    """Peak bytes of `loss.backward()` on the module itself."""
    y = module(x)
    target = torch.zeros((y.shape[0], *y.shape[2:]), dtype=torch.int64)
    del y
    ledger = Ledger([*module.parameters(), *module.buffers(), x, target])
    with ledger:
        nn.functional.cross_entropy(module(x), target).backward()
    ledger.close_step(LayerEvent("reverse", 0))
    for weight in module.parameters():
        weight.grad = None
    return ledger.peak_bytes


def assert_like_the_spec(model: nn.Module, data: str, methods: tuple[str, ...]) -> None:
    """The same numbers as of the network that is read from the module's print."""
    spec = read_sequential(repr(model), data).network.changed(batch=BATCH)
    found = {result.method: result for result in moonviz.estimate_module(model, (BATCH, *SOURCES[data].shape), methods)}
    asked = {"network": spec.model_dump(), "methods": [{"name": method} for method in methods]}
    for expected in estimate_methods(moonviz.RunSpec.read(asked)).results:
        mine = found[expected.method]
        assert {key: getattr(mine, key) for key in COUNTED} == {key: getattr(expected, key) for key in COUNTED}
        assert mine.predicted or mine.status == "refused"


@pytest.mark.parametrize("name", MODELS)
def test_walks_take_what_they_take_on_the_network_read_from_the_print(name):
    data, model = MODELS[name]
    assert_like_the_spec(copy.deepcopy(model).float(), data, ("revbackprop", "projforward", "moonwalk-mixed"))


def test_in_place_modules_take_by_every_method_what_this_packages_layers_take():
    blocks = [layer for _ in range(5) for layer in (nn.Linear(32, 32), nn.LeakyReLU(inplace=True))]
    assert_like_the_spec(nn.Sequential(nn.Flatten(), nn.Linear(64, 32), *blocks, nn.Linear(32, 10)), "digits", QUICK)


@pytest.mark.parametrize("method", [*QUICK[:2], "moonwalk-mixed", "moonwalk-pure", "forward"])
def test_modules_take_what_a_real_run_of_the_same_network_took(method):
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 6), nn.Tanh(), nn.Linear(6, 6), nn.LeakyReLU(inplace=True), nn.Linear(6, 10)
    )
    ran = moonviz.run(read_sequential(repr(model)).network.changed(batch=2), method, repeats=1)
    found = one(model, (2, *SOURCES["digits"].shape), method)
    assert (found.peak_bytes, found.gradient_bytes, found.flops) == (ran.peak_bytes, ran.gradient_bytes, ran.flops)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (dense(nn.Tanh(), nn.Linear(16, 16), nn.LeakyReLU(), nn.Linear(16, 16), nn.Sigmoid()), (64, 8)),
        (dense(nn.ReLU(inplace=True), nn.Linear(16, 16), nn.Hardswish(inplace=True), nn.Linear(16, 16)), (64, 8)),
        (dense(nn.Mish(), nn.Linear(16, 16), nn.LogSoftmax(1), nn.Linear(16, 16), nn.Identity()), (64, 8)),
        (dense(*(Block(16) for _ in range(6))), (64, 8)),
        (
            nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.ConvTranspose2d(8, 4, 2), nn.PReLU()),
            (4, 3, 12, 12),
        ),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), *FLAT), (8, 3, 12, 12)),
    ],
    ids=["known", "in place", "unknown", "residual blocks", "unknown convolutions", "known convolutions"],
)
def test_backprop_takes_what_plain_torch_takes(module, shape):
    """To the loss's own bytes: whoever calls `backward` keeps it until the end."""
    truth = in_plain_torch(module, torch.randn(shape))
    assert abs(one(module, shape).peak_bytes - truth) <= LOSS_BYTES


def test_attention_takes_what_the_cpus_kernels_keep():
    """But for one cotangent: plain torch drops it while it is inside the layer, a step of ours when it has passed."""
    module = [nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True) for _ in range(4)]
    module = nn.Sequential(*module, nn.Flatten(), nn.Linear(16 * 24, 4))
    more = one(module, (8, 24, 16)).peak_bytes - in_plain_torch(module, torch.randn(8, 24, 16))
    assert -LOSS_BYTES <= more <= 4 * 8 * 24 * 16


@pytest.mark.parametrize("method", QUICK[:2])
def test_what_does_nothing_moves_no_bytes_and_no_segment(method):
    blocks = [(nn.Linear(16, 16), nn.Tanh()) for _ in range(9)]
    plain = dense(*(layer for block in blocks for layer in block))
    padded = dense(nn.Identity(), *(layer for block in blocks for layer in (*block, nn.Identity())))
    padded.insert(0, nn.Identity())
    assert one(padded, (64, 8), method).peak_bytes == one(plain, (64, 8), method).peak_bytes


def test_a_training_step_is_meant_whatever_mode_the_modules_are_in():
    module = dense(nn.Dropout(0.5), nn.BatchNorm1d(16), Block(16))
    assert one(module.eval(), (64, 8)).peak_bytes == one(module.train(), (64, 8)).peak_bytes


def test_by_default_every_method_is_tried_in_order():
    results = moonviz.estimate_module(dense(nn.Tanh(), nn.Linear(16, 16), nn.Mish()), (2, 8))
    assert [result.method for result in results] == list(moonviz.METHODS)
    refused = [result.method for result in results if result.status == "refused"]
    assert refused == ["revbackprop", "moonwalk-pure", "moonwalk-mixed"]


def test_options_go_with_a_methods_name():
    blocks = [layer for _ in range(8) for layer in (nn.Linear(16, 16), nn.LeakyReLU())]
    plain, anchored = moonviz.estimate_module(
        dense(*blocks), (64, 8), ["moonwalk-mixed", ("moonwalk-mixed", {"anchor_every": 2})]
    )
    assert anchored.label == "moonwalk-mixed:anchor_every=2"
    assert anchored.peak_bytes > plain.peak_bytes
    with pytest.raises(InvalidSpec, match="bakprop"):
        one(dense(), method="bakprop")


def test_an_unknown_layer_is_refused_by_the_walk_and_trained_by_backprop():
    backprop, mixed = moonviz.estimate_module(
        dense(nn.Tanh(), nn.Linear(16, 16), nn.Mish()), (BATCH, 8), ["backprop", "moonwalk-mixed"]
    )
    assert backprop.status == "ok"
    assert (mixed.status, mixed.peak_bytes) == ("refused", None)
    assert mixed.error.layer == "layer 3 (Mish)"
    assert "`Mish` has no counterpart here: torch's autograd runs it" in mixed.error.message


def test_shared_weights_have_one_gradient_and_frozen_ones_none():
    apart, shared = dense(nn.Linear(16, 16), nn.Linear(16, 16)), dense(nn.Linear(16, 16), nn.Linear(16, 16))
    square = 4 * (16 * 16 + 16)
    assert one(apart).gradient_bytes == sum(4 * weight.numel() for weight in apart.parameters())
    shared[2] = shared[1]
    assert one(shared).gradient_bytes == one(apart).gradient_bytes - square
    assert one(shared).parameter_bytes == one(apart).parameter_bytes - square
    tied = dense(nn.Linear(16, 16), nn.Linear(16, 16))
    tied[2].weight = tied[1].weight
    assert one(tied).gradient_bytes == one(apart).gradient_bytes - 4 * 16 * 16
    apart[1].requires_grad_(False)
    assert one(apart).gradient_bytes == one(shared).gradient_bytes
    norms = dense(nn.BatchNorm1d(16))
    everything = one(norms).gradient_bytes
    norms[1].weight.requires_grad_(False)
    assert one(norms).gradient_bytes == everything - 4 * 16


def test_a_tensor_that_is_no_weight_comes_along():
    class Shift(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.by, self.more = torch.ones(16), {"also": [torch.ones(16)]}

        def forward(self, x: Tensor) -> Tensor:
            return x + self.by + self.more["also"][0]

    assert one(dense(Shift())).status == "ok"


def test_whole_numbers_belong_to_the_stem():
    module = nn.Sequential(nn.Embedding(50, 16), nn.Flatten(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 4))
    x = torch.zeros((BATCH, 4), dtype=torch.int64)
    results = moonviz.estimate_module(module, x, QUICK)
    assert [result.status for result in results] == ["ok"] * 5
    assert results[0].input_bytes == 8 * (BATCH * 4 + BATCH)
    assert [card.index for card in moonviz.check_module(module, x)] == [0, 1, 2, 3, 4]


def test_a_batch_is_an_example_or_its_shape_in_the_weights_type():
    module = dense(nn.Tanh(), nn.Linear(16, 16)).double()
    by_shape = one(module)
    assert by_shape.input_bytes == 8 * BATCH * 8 + 8 * BATCH
    assert one(module, torch.randn(BATCH, 8, dtype=torch.float64)) == by_shape
    assert one(module, torch.Size((BATCH, 8))) == by_shape


def test_what_would_never_fit_is_answered():
    with torch.device("meta"):
        module = nn.Sequential(*(layer for _ in range(20) for layer in (nn.Linear(30_000, 30_000), nn.Tanh())))
    result = one(module, (1_000_000, 30_000))
    assert result.parameter_bytes == 20 * 4 * (30_000**2 + 30_000)
    assert result.peak_bytes > 20 * 4 * 30_000 * 1_000_000
