from __future__ import annotations

import pytest
import torch

from moonviz.errors import SingularLayer
from moonviz.layers import Placement, capability, make
from moonviz.layers.dense import _Dense
from moonviz.specs import layers
from tests.cases import LayerCase
from tests.close import assert_close


def drawn(width: int, n_in: int, dtype: torch.dtype = torch.float64, **settings: object) -> _Dense:
    layer = make(layers.Dense(width=width, **settings), (n_in,), Placement(torch.device("cpu"), dtype), "layer 2")
    layer.initialise(torch.Generator().manual_seed(1))
    return layer


@pytest.mark.parametrize(
    ("width", "wanted"), [(6, "invertible"), (5, "submersive"), (1, "submersive"), (7, "fragmental")]
)
def test_the_widths_decide_what_a_dense_layer_can_do(width: int, wanted: str) -> None:
    layer = LayerCase(layers.Dense(width=width), (6,)).build()
    assert capability(layer) == wanted
    assert f"{width} output{'s' * (width > 1)} from 6 inputs" in layer.reason


@pytest.mark.parametrize("width", [6, 4, 9])
def test_orthogonal_weights_have_equal_singular_values(width: int) -> None:
    sizes = torch.linalg.svdvals(drawn(width, 6, gain=1.5).weight.detach())
    assert_close(sizes, torch.full((min(width, 6),), 1.5).double(), 1e-14)


@pytest.mark.parametrize("width", [64, 40, 90])
def test_triangular_weights_factor_into_unit_triangles(width: int) -> None:
    weight = drawn(width, 64, init="triangular", gain=2.0).weight.detach()
    # without pivoting the pivots of LU are the gain, so every leading minor is a power of it
    for n in (1, 2, 20, min(width, 64)):
        assert torch.linalg.slogdet(weight[:n, :n] / 2).logabsdet.abs() < 1e-12
    assert torch.linalg.cond(weight) < 10


@pytest.mark.parametrize("init", ["orthogonal", "triangular", "gaussian"])
@pytest.mark.parametrize("width", [6, 4, 9])
def test_a_seed_means_the_same_weights_in_every_precision(width: int, init: str) -> None:
    exact, rounded = (drawn(width, 6, dtype, init=init) for dtype in (torch.float64, torch.float32))
    assert_close(rounded.weight.detach(), exact.weight.detach().float(), 0)
    assert not exact.bias.any()


@pytest.mark.parametrize("width", [5, 4, 8])
def test_a_matrix_without_full_rank_names_its_layer(width: int) -> None:
    layer = drawn(width, 5, init="gaussian")
    x, cot = torch.ones(1, 5).double(), torch.ones(1, 5).double()
    layer.vijp(x, cot, (torch.ones(1, 3).double(),))
    with torch.no_grad():
        if width > 5:
            layer.weight[:, 3] = layer.weight[:, :3] @ torch.tensor([1, -2, 3]).double()
        elif width < 5:
            layer.weight[3] = torch.tensor([1, -2, 3]).double() @ layer.weight[:3]
        else:
            layer.weight[:, 0] = 0
    with pytest.raises(SingularLayer, match="layer 2"):
        layer.vijp(x, cot, (torch.ones(1, 3).double(),))


def test_rows_of_unlike_size_are_not_taken_for_singular() -> None:
    layer = drawn(4, 6, torch.float32)
    with torch.no_grad():
        layer.weight.mul_(torch.tensor([1, 1e-9, 1e9, 1e-3])[:, None])
    for row in range(4):
        found = layer.vijp(torch.ones(1, 6), layer.weight.detach()[row : row + 1], ())
        assert float(found[0, row]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("width", [16, 64, 96])
def test_an_ill_conditioned_matrix_costs_its_condition_and_not_its_square(width: int) -> None:
    layer = drawn(width, 64, torch.float32)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        left, _, right = torch.linalg.svd(torch.randn(width, 64, generator=generator).double(), full_matrices=False)
        layer.weight.copy_((left * torch.logspace(0, -3, min(width, 64)).double()) @ right)  # condition 1e3
    x, cot_y = torch.randn(8, 64, generator=generator), torch.randn(8, width, generator=generator)
    found = layer.vijp(x, layer.vjp_x((), cot_y).detach(), layer.fragment((), cot_y))
    assert_close(found.detach(), cot_y, 3e-4)  # by (WWᵀ)⁻¹ it would be 1e-2
