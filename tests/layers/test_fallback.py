from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers import FragmentalLayer, Layer, Placement, SubmersiveLayer, capability, make
from moonviz.layers.base import Shape, State
from moonviz.layers.fallback import JacobianLayer, VijpOfInverse
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsInput, RetreatsStepwise, WithoutWeights
from moonviz.specs import layers
from tests.cases import LAYERS, LayerCase
from tests.close import assert_close


class OverlappingMaxPool(FreshOutput, KeepsInput, WithoutWeights, Layer):
    kind = "overlapping max-pool"
    reason = "Windows overlap."

    def __init__(self, in_shape: Shape) -> None:
        channels, *extent = in_shape
        super().__init__(in_shape, (channels, *((n - 1) // 2 + 1 for n in extent)))

    def forward(self, x: State) -> State:
        return F.max_pool2d(x, 3, 2, 1)


class OddConv(FreshOutput, KeepsInput, Layer):
    kind = "odd conv"
    reason = "More channels and a kernel of 2."

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, (3, in_shape[1] + 1, in_shape[2] + 1))
        self.weight = torch.nn.Parameter(torch.empty(3, in_shape[0], 2, 2, dtype=torch.float64))

    def initialise(self, generator: Generator) -> None:
        torch.nn.init.normal_(self.weight, generator=generator)

    def forward(self, x: State) -> State:
        return F.conv2d(x, self.weight, padding=1)


class Asinh(FreshOutput, KeepsInput, VijpOfInverse, AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    kind = "asinh"
    reason = "Grows for ever."

    def forward(self, x: State) -> State:
        return torch.asinh(x) if isinstance(x, Tensor) else (torch.asinh(x[0]) + x[1], x[1])

    def inverse(self, y: State) -> State:
        return torch.sinh(y) if isinstance(y, Tensor) else (torch.sinh(y[0] - y[1]), y[1])


INNER = {
    "overlapping max-pool": (lambda: OverlappingMaxPool((2, 5, 6)), (2, 5, 6)),
    "odd conv": (lambda: OddConv((2, 3, 3)), (2, 3, 3)),
    **{
        name: (LAYERS[name].build, LAYERS[name].in_shape)
        for name in ("conv", "dense, narrower", "dense, wider", "softmax", "layer norm, image", "relu", "gelu")
    },
}


def setting(name: str) -> tuple[JacobianLayer, Tensor, Tensor]:
    make_inner, in_shape = INNER[name]
    layer = JacobianLayer(make_inner())
    generator = torch.Generator().manual_seed(8)
    layer.initialise(generator)
    x, cot_y = (
        torch.randn((3, *shape), generator=generator, dtype=torch.float64) for shape in (in_shape, layer.out_shape)
    )
    return layer, x, cot_y


@pytest.mark.parametrize("name", INNER)
def test_the_jacobian_alone_undoes_any_small_layer(name: str) -> None:
    layer, x, cot_y = setting(name)
    assert capability(layer) == "fragmental"
    jacobian = torch.autograd.functional.jacobian(layer, x).reshape(cot_y.numel(), x.numel())
    fragment = layer.fragment(layer.residual(x), cot_y)
    assert sum(part.numel() for part in fragment) == cot_y.numel() - int(torch.linalg.matrix_rank(jacobian))
    cot_x = layer.vjp_x(layer.residual(x), cot_y)
    assert_close(cot_x.flatten(), cot_y.flatten() @ jacobian, 1e-12, "vjp_x")
    assert_close(layer.vijp(x, cot_x, fragment), cot_y, 1e-11, "vijp")
    y, found, grads = layer.advance(x, cot_x, fragment)
    assert_close(y, layer(x).detach(), 0)
    assert_close(found, cot_y, 1e-11, "advance")
    assert_close(grads, layer.vjp_params(x, cot_y), 1e-10)
    assert len(grads) == len(list(layer.parameters()))


def test_examples_may_differ_in_rank() -> None:
    layer = JacobianLayer(LAYERS["relu"].build())
    x = torch.ones(3, 7, dtype=torch.float64)
    x[0] = -1
    x[1, :3] = -1
    cot_y = torch.arange(21).double().reshape(3, 7)
    fragment = layer.fragment((x,), cot_y)
    assert fragment[0].numel() == 10
    assert_close(layer.vijp(x, layer.vjp_x((x,), cot_y), fragment), cot_y, 1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision_is_factored_in_float32(dtype: torch.dtype) -> None:
    layer = JacobianLayer(LAYERS["dense, wider"].build(dtype))
    x, cot_y = torch.randn(3, 6).to(dtype), torch.randn(3, 9).to(dtype)
    fragment = layer.fragment((x,), cot_y)
    found = layer.vijp(x, layer.vjp_x((x,), cot_y), fragment)
    assert_close(found, cot_y, 16 * torch.finfo(dtype).eps)


def test_a_dry_run_takes_the_largest_rank() -> None:
    inner = make(layers.Dense(width=9), (6,), Placement(torch.device("meta"), torch.float32), "layer 1")
    layer = JacobianLayer(inner)
    x, cot_y = torch.empty(4, 6, device="meta"), torch.empty(4, 9, device="meta")
    (fragment,) = layer.fragment(layer.residual(x), cot_y)
    assert fragment.numel() == 12
    assert layer.vijp(x, layer.vjp_x((x,), cot_y), (fragment,)).shape == (4, 9)
    assert "3 or more of 9 numbers" in layer.reason


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (
            lambda: LayerCase(layers.Dense(width=1001), (1000,)).build(),
            "1,000 to 1,001.*1,001,000, more than 1,000,000",
        ),
        (LAYERS["batch norm"].build, "batch norm layer does not map each example by itself"),
        (LAYERS["dropout"].build, "dropout layer does not map each example by itself"),
        (LAYERS["coupling"].build, "coupling layer does not map .* from one tensor to one"),
    ],
)
def test_what_has_no_small_jacobian_is_refused(inner: object, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        JacobianLayer(inner())


def test_the_inverse_gives_the_vijp() -> None:
    layer = Asinh((4,), (4,))
    assert isinstance(layer, SubmersiveLayer)
    x, cot_y = torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)
    assert_close(layer.vijp(x, layer.vjp_x((x,), cot_y), ()), cot_y, 1e-13)
    y, found, grads = layer.advance(x, layer.vjp_x((x,), cot_y), ())
    assert_close((y, found), (layer(x), cot_y), 1e-13)
    assert grads == ()
    pair, cots = (x, 2 * x), (cot_y, cot_y + 1)
    assert_close(layer.vijp(pair, layer.vjp_x(pair, cots), ()), cots, 1e-13)
    assert isinstance(layer, FragmentalLayer)
