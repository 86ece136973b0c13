from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers import FragmentalLayer, SubmersiveLayer, capability
from moonviz.layers.base import Residual, Shape, State, Stateful
from moonviz.layers.fallback import FAINT, JacobianLayer, JacobianOfAll, JacobianOfEach, VijpOfInverse
from moonviz.layers.mixins import AdvancesStepwise, FreshOutput, KeepsInput, RetreatsStepwise, WithoutWeights
from tests.cases import LAYERS
from tests.close import assert_close


class Function(FreshOutput, WithoutWeights, JacobianOfEach):
    kind = "function"
    reason = "Any function of one example."

    def __init__(self, in_shape: Shape, out_shape: Shape, function: Callable[[Tensor], Tensor]) -> None:
        self.out = function
        super().__init__(in_shape, out_shape)

    def forward(self, x: State) -> State:
        return self.out(x)


class OddConv(FreshOutput, JacobianOfEach):
    kind = "odd conv"
    reason = "More channels and a kernel of 2."

    def __init__(self, in_shape: Shape) -> None:
        super().__init__(in_shape, (3, in_shape[1] + 1, in_shape[2] + 1))
        self.weight = torch.nn.Parameter(torch.empty(3, in_shape[0], 2, 2, dtype=torch.float64))

    def initialise(self, generator: Generator) -> None:
        torch.nn.init.normal_(self.weight, generator=generator)

    def forward(self, x: State) -> State:
        return F.conv2d(x, self.weight, padding=1)


class Matrix(FreshOutput, WithoutWeights, JacobianOfAll):
    kind = "matrix"
    reason = "The same for all examples."

    def __init__(self, matrix: Tensor) -> None:
        super().__init__(matrix.shape[1:], matrix.shape[:1])
        self.register_buffer("matrix", matrix)

    def forward(self, x: State) -> State:
        return x @ self.matrix.mT + 1

    def vjp_x(self, residual: Residual, cot_y: State) -> State:
        return cot_y @ self.matrix


class Drawn(Stateful, Function):
    def note(self, x: State) -> None:
        pass


class Paired(Function):
    paired = True


class Asinh(FreshOutput, KeepsInput, VijpOfInverse, AdvancesStepwise, WithoutWeights, RetreatsStepwise):
    kind = "asinh"
    reason = "Grows for ever."

    def forward(self, x: State) -> State:
        return torch.asinh(x) if isinstance(x, Tensor) else (torch.asinh(x[0]) + x[1], x[1])

    def inverse(self, y: State) -> State:
        return torch.sinh(y) if isinstance(y, Tensor) else (torch.sinh(y[0] - y[1]), y[1])


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(6), dtype=torch.float64)


SMALL: dict[str, Callable[[], JacobianLayer]] = {
    "overlapping max pool": lambda: Function((2, 5, 6), (2, 3, 3), lambda x: F.max_pool2d(x, 3, 2, 1)),
    "upsampling": lambda: Function((2, 3), (2, 6), lambda x: x.repeat_interleave(2, -1)),
    "softmax": lambda: Function((5,), (5,), lambda x: x.softmax(-1)),
    "relu": lambda: Function((7,), (7,), torch.relu),
    "narrowing": lambda: Function((6,), (4,), lambda x: torch.tanh(x @ drawn(6, 4) / 4)),
    "widening": lambda: Function((4,), (6,), lambda x: torch.tanh(x @ drawn(4, 6) / 4)),
    "odd conv": lambda: OddConv((2, 3, 3)),
    "wide matrix": lambda: Matrix(drawn(4, 6)),
    "high matrix": lambda: Matrix(drawn(6, 4)),
    "rank 2": lambda: Matrix(drawn(5, 2) @ drawn(2, 6)),
    "conv": LAYERS["conv, written out"].build,
    "conv, wider": LAYERS["conv, written out, wider"].build,
}


@pytest.mark.parametrize("name", SMALL)
def test_the_jacobian_alone_undoes_any_small_layer(name: str) -> None:
    layer = SMALL[name]()
    generator = torch.Generator().manual_seed(8)
    if name == "odd conv":
        layer.initialise(generator)
    x, cot_y = (
        torch.randn((3, *shape), generator=generator, dtype=torch.float64)
        for shape in (layer.in_shape, layer.out_shape)
    )
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
    layer = SMALL["relu"]()
    x = torch.ones(3, 7, dtype=torch.float64)
    x[0] = -1
    x[1, :3] = -1
    cot_y = torch.arange(21).double().reshape(3, 7)
    fragment = layer.fragment((x,), cot_y)
    assert fragment[0].numel() == 10
    assert_close(layer.vijp(x, layer.vjp_x((x,), cot_y), fragment), cot_y, 1e-12)


def test_what_is_nearly_erased_is_kept_as_well() -> None:
    """Dividing by 1e-7 would multiply the rounding of h_in by ten million."""
    turn = torch.linalg.qr(drawn(4, 4))[0]
    layer = Matrix(turn @ torch.tensor([1, 1.1 * FAINT, 1e-7, 0], dtype=torch.float64).diag() @ turn)
    cot_y = drawn(3, 4)
    fragment = layer.fragment((), cot_y)
    assert fragment[0].numel() == 3 * 2
    assert_close(layer.vijp(cot_y, layer.vjp_x((), cot_y), fragment), cot_y, 1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision_is_factored_in_float32(dtype: torch.dtype) -> None:
    layer = Matrix(torch.linalg.qr(drawn(9, 6))[0].to(dtype))
    x, cot_y = drawn(3, 6).to(dtype), drawn(3, 9).to(dtype)
    fragment = layer.fragment((), cot_y)
    found = layer.vijp(x, layer.vjp_x((), cot_y), fragment)
    assert_close(found, cot_y, 16 * torch.finfo(dtype).eps)


@pytest.mark.parametrize(("told", "kept"), [(None, 12), (0, 12), (20, 20), (99, 36)])
def test_a_dry_run_takes_the_largest_rank_unless_it_is_told(told: int | None, kept: int) -> None:
    layer = Matrix(torch.empty(9, 6, device="meta"))
    layer.dry_numbers = told
    x, cot_y = torch.empty(4, 6, device="meta"), torch.empty(4, 9, device="meta")
    (fragment,) = layer.fragment(layer.residual(x), cot_y)
    assert fragment.numel() == kept
    assert layer.vijp(x, layer.vjp_x((), cot_y), (fragment,)).shape == (4, 9)
    assert "at least 3 numbers per example, found from its Jacobian of 9×6" in layer.what_it_keeps


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Function((1001,), (1000,), abs), "1,000×1,001, too large .* 1,001,000 numbers to factor"),
        (
            lambda: Function((2,), (1001,), abs),
            "1,001×2, too large .* 1,002,001 numbers to factor, more than 1,000,000",
        ),
        (lambda: Drawn((2,), (2,), abs), "function layer does not map each example by itself"),
        (lambda: Paired((2,), (2,), abs), "function layer does not map .* from one tensor to one"),
    ],
)
def test_what_has_no_small_jacobian_is_refused(make: Callable[[], JacobianLayer], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        make()


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
