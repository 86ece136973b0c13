"""A dry layer makes the same storages as a real one, step by step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from moonviz.events import LayerEvent
from moonviz.layers import FragmentalLayer, Layer, Placement, make
from moonviz.layers.base import State, tensors
from moonviz.runs.ledger import Ledger
from moonviz.specs import layers
from tests.cases import LAYERS

DTYPES = [torch.float64, torch.bfloat16]


def both(name: str, dtype: torch.dtype) -> tuple[Layer, Layer]:
    case = LAYERS[name]
    dry = make(case.spec, case.in_shape, Placement(torch.device("meta"), dtype), "layer 1")
    return case.build(dtype), dry


def numbers(layer: Layer, shape: tuple[int, ...], paired: bool, seed: int) -> State:
    weight = next(iter([*layer.parameters(), *layer.buffers()]), None)
    whole = torch.randn((3, *shape), generator=torch.Generator().manual_seed(seed))
    halves = [half.clone() for half in whole.chunk(2, 1)] if paired else [whole]
    dtype = torch.float32 if weight is None or not weight.is_floating_point() else weight.dtype
    device = "cpu" if weight is None else weight.device
    made = tuple(half.to(dtype).to(device) for half in halves)
    return made if paired else made[0]


def bytes_of(layer: Layer, step: Callable[..., object], *given: State) -> tuple[int, int, list[tuple]]:
    """(highest, left alive) bytes of a step, and the shapes and types of what it gives."""
    outside = [*layer.parameters(), *layer.buffers(), *(tensor for state in given for tensor in tensors(state))]
    with torch.no_grad(), Ledger(outside) as ledger:
        made = step(*given)
    ledger.close_step(LayerEvent("forward", 1))
    leaves = torch.utils._pytree.tree_leaves(made)
    return ledger.peak_bytes, ledger.live_bytes, [(leaf.shape, leaf.dtype) for leaf in leaves]


def walk(layer: Layer) -> list[tuple[int, int, list[tuple]]]:
    """The steps of a layer, and what each takes."""
    x = numbers(layer, layer.in_shape, layer.paired, 0)
    cot_y = numbers(layer, layer.out_shape, layer.pairs_output, 1)
    cot_x = numbers(layer, layer.in_shape, layer.paired, 2)
    with torch.no_grad():
        _, residual = layer.keep(x if isinstance(x, tuple) else x.clone())
    taken = [
        bytes_of(layer, layer.forward, x),
        bytes_of(layer, layer.residual, x),
        bytes_of(layer, layer.vjp_x, residual, cot_y),
        bytes_of(layer, layer.keep, x if isinstance(x, tuple) else x.clone()),
    ]
    if isinstance(layer, FragmentalLayer):
        with torch.no_grad():
            fragment = layer.fragment(residual, cot_y)
        taken.append(bytes_of(layer, layer.advance, x if isinstance(x, tuple) else x.clone(), cot_x, fragment))
        if not layer.data_dependent:
            taken.append(bytes_of(layer, layer.fragment, residual, cot_y))
    return taken


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAYERS)
def test_a_dry_layer_takes_what_a_real_one_takes(name: str, dtype: torch.dtype) -> None:
    real, dry = both(name, dtype)
    for step, (want, got) in enumerate(zip(walk(real), walk(dry), strict=True)):
        assert got == want, f"step {step}"


@pytest.mark.parametrize(
    ("width", "wanted"),
    [
        # factors of a 6×4 matrix and its Q, then 3 rows times Q and a triangular solve
        (4, 2 * 2 * 16 * (6 - 4 / 3) + 2 * 3 * 6 * 4 + 4 * 12),
        # the same of a 9×6 one with all of Q, two products
        (9, 2 * 36 * (9 - 2) + 4 * (81 * 6 - 9 * 36 + 72) + 2 * 3 * 6 * 9 + 2 * 3 * 3 * 9 + 6 * 18),
    ],
)
def test_a_factorisation_is_counted(width: int, wanted: float) -> None:
    layer = make(layers.Dense(width=width), (6,), Placement(torch.device("meta"), torch.float32), "layer 1")
    x, fragment = torch.empty(3, 6, device="meta"), torch.empty(3, 3, device="meta")
    assert flops(layer, lambda: layer.vijp(x, x, (fragment,))) == round(wanted)


def test_a_factored_jacobian_is_counted() -> None:
    layer = make(layers.Conv(channels=3), (2, 4, 4), Placement(torch.device("meta"), torch.float32), "layer 1")
    cot_y = torch.empty(5, 3, 4, 4, device="meta")
    n_out, n_in = 48, 32
    factors = 4 * n_out**2 * n_in + 8 * n_out * n_in**2 + 9 * n_in**3
    rows, turned = n_out * 2 * 3 * 2 * 9 * 16, 2 * 5 * n_out**2
    assert flops(layer, lambda: layer.fragment((), cot_y)) == factors + rows + turned


def flops(layer: Layer, step: Callable[[], object]) -> int:
    with torch.no_grad(), Ledger(layer.parameters()) as ledger:
        step()
    ledger.close_step(LayerEvent("forward", 1))
    return ledger.flops
