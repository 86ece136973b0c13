"""Badges against the true Jacobian: none claims more than its rank allows, and what is kept beyond that is explained.

At an example of at most 512 numbers J is written out by torch's autograd in float64, and its rank found from its
singular values.
"""

from __future__ import annotations

from math import prod

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from moonviz.errors import InvalidSpec
from moonviz.layers import FragmentalLayer, Layer, Placement, capability, make
from moonviz.layers.base import State, tensors
from moonviz.networks.checking import walk
from moonviz.runs.numbers import numbers
from moonviz.specs import PRESETS, layers, preset

MOST = 512
BATCH = 4
"""Examples where a layer couples them; elsewhere one is enough."""
CPU = Placement(torch.device("cpu"), torch.float64)
SMALL = {
    "digits-revnet": {"channels": 4},
    "photo-revnet": {"channels": 4},
    "digits-dense": {},
    "dense-pyramid": {},
    "conv-pyramid": {"channels": 4, "depth": 2},
    "conv1d-fragments": {"channels": 8},
    "relu-net": {},
    "glow-tiny": {},
    "reversible-transformer": {"width": 8},
    "paper-revnet": {"channels": 4},
}
"""Settings of every preset at which a layer is small; images are cut down to fit."""
MORE: dict[str, str] = {
    "batch_norm": "all but erased",
    "layer_norm": "all but erased",
    "rms_norm": "all but erased",
    "gelu": "close to 0",
    "silu": "close to 0",
    "conv": "would grow errors",
}
"""What a layer that keeps more than is erased says of it. Dense layers, couplings, ReLU and max pools keep no more."""


def test_size(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with its extents halved until it has few enough numbers."""
    while prod(shape) > MOST:
        shape = (shape[0], *(max(1, extent // 2) for extent in shape[1:]))
    return shape


test_size.__test__ = False


def state(shape: tuple[int, ...], paired: bool, batch: int, generator: torch.Generator) -> State:
    whole = torch.randn((batch, *shape), generator=generator, dtype=torch.float64)
    return tuple(half.contiguous() for half in whole.chunk(2, 1)) if paired else whole


def jacobian(layer: Layer, x: State) -> Tensor:
    """`[N·n_out, N·n_in]` of the whole batch."""
    whole = tensors(x)
    parts = torch.autograd.functional.jacobian(lambda *given: layer(given[0] if len(given) == 1 else given), whole)
    rows = parts if layer.pairs_output else (parts,)
    columns = [part.numel() for part in whole]
    return torch.cat([torch.cat([b.reshape(-1, n) for b, n in zip(row, columns, strict=True)], 1) for row in rows])


def judge(spec: layers.LayerSpec, shape: tuple[int, ...], seed: int) -> None:
    """Compare what a layer claims with what its Jacobian at a random input allows."""
    layer = make(spec, shape, CPU, "layer 1")
    generator = torch.Generator().manual_seed(seed)
    layer.initialise(generator)
    batch = BATCH if layer.couples_examples else 1
    x = state(shape, layer.paired, batch, generator)
    rows, columns = (matrix := jacobian(layer, x)).shape
    rank = int(torch.linalg.matrix_rank(matrix))
    badge = capability(layer)
    assert layer.reason.endswith(".")
    if badge in ("invertible", "submersive"):
        assert rank == rows, f"{badge}, but {rows - rank} directions are erased"
    if badge == "invertible":
        assert rows == columns
    if not isinstance(layer, FragmentalLayer):
        return
    cot_y = state(layer.out_shape, layer.pairs_output, batch, generator)
    kept = sum(part.numel() for part in layer.fragment(layer.residual(x), cot_y))
    told = numbers(spec, shape, batch, "float64").fragment
    assert kept >= rows - rank, f"keeps {kept}, but {rows - rank} directions are erased"
    if kept > rows - rank:
        assert MORE[spec.kind] in layer.reason, f"keeps {kept} for {rows - rank} and does not say why: {layer.reason}"
    if not layer.data_dependent:
        assert told == -(-kept // batch), "what the page is told is what is kept"


@pytest.mark.parametrize("name", PRESETS)
def test_no_layer_of_a_preset_claims_more_than_its_jacobian_allows(name: str) -> None:
    network = preset(name, **SMALL[name])
    walked = walk(network)
    seen = set()
    for block, row in zip(network.body, walked.rows[1:-1], strict=True):
        for layer, judged in zip(block.layers, row.first, strict=True):
            seen.add((layer, test_size(judged.in_shape)))
    assert seen
    for layer, shape in seen:
        judge(layer, shape, seed=5)


SHAPES = st.one_of(
    st.tuples(st.integers(1, 24)),
    st.tuples(st.integers(1, 6), st.integers(2, 12)),
    st.tuples(st.integers(1, 4), st.integers(2, 6), st.integers(2, 6)),
)
_windows = {"kernel": st.integers(1, 5), "stride": st.integers(1, 4), "padding": st.integers(0, 2)}
_same = st.sampled_from([{"kernel": 3, "padding": 1}, {"kernel": 5, "padding": 2}])
_pivots = {
    "channels": st.integers(1, 6),
    "pivot": st.sampled_from(["free", "unit", "softplus"]),
    "bounded": st.booleans(),
    "block": st.sampled_from([2, 3, 4, 8]),
    "layout": st.sampled_from(["rows", "tiles"]),
}
_insides = st.one_of(
    st.builds(layers.ConvInside, kernel=st.sampled_from([1, 3])),
    st.builds(layers.MlpInside),
    st.builds(layers.AttentionInside, heads=st.sampled_from([1, 2])),
)
GROUPS: dict[str, tuple[int, st.SearchStrategy[layers.LayerSpec]]] = {
    "dense": (
        60,
        st.builds(
            layers.Dense,
            width=st.integers(1, 24),
            init=st.sampled_from(["orthogonal", "triangular", "gaussian"]),
            bias=st.booleans(),
        ),
    ),
    "conv": (90, st.builds(layers.Conv, **_windows, **_pivots)),
    "conv of the same size": (60, st.builds(lambda same, **given: layers.Conv(**same, **given), _same, **_pivots)),
    "coupling": (50, st.builds(layers.Coupling, form=st.sampled_from(["additive", "affine"]), inside=_insides)),
    "pool": (70, st.builds(layers.Pool, kind=st.sampled_from(["max_pool", "mean_pool"]), **_windows)),
    "relu": (20, st.just(layers.ReLU())),
    "elementwise": (
        50,
        st.one_of(
            st.builds(layers.Gated, kind=st.sampled_from(["gelu", "silu"]), threshold=st.sampled_from([0.0, 0.1, 0.3])),
            st.builds(layers.LeakyReLU, slope=st.sampled_from([0.01, 0.2, 1.0])),
            st.builds(layers.Elementwise, kind=st.sampled_from(["elu", "softplus", "tanh", "sigmoid"])),
            st.builds(layers.Dropout, probability=st.sampled_from([0.0, 0.3])),
        ),
    ),
    "norm": (
        40,
        st.one_of(
            st.builds(
                layers.Norm, kind=st.sampled_from(["layer_norm", "rms_norm"]), epsilon=st.sampled_from([0.0, 1e-5, 0.1])
            ),
            st.builds(layers.BatchNorm),
            st.just(layers.Softmax()),
        ),
    ),
    "moving and mixing": (
        60,
        st.one_of(
            st.builds(layers.Residual, bound=st.sampled_from([0.3, 0.9])),
            st.builds(layers.Squeeze, factor=st.sampled_from([2, 3])),
            st.builds(layers.Permute, order=st.sampled_from(["reverse", "random"])),
            st.builds(layers.Conv1x1, bias=st.booleans()),
            st.sampled_from([layers.Flatten(), layers.GlobalMeanPool(), layers.ActNorm()]),
        ),
    ),
}
"""How many layers of each group are drawn: 500 together."""


@pytest.mark.parametrize("group", GROUPS)
def test_no_small_layer_claims_more_than_its_jacobian_allows(group: str) -> None:
    count, drawn = GROUPS[group]

    @given(layer=drawn, shape=SHAPES, seed=st.integers(0, 2**16))
    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    def check(layer: layers.LayerSpec, shape: tuple[int, ...], seed: int) -> None:
        try:
            judged = make(layer, shape, CPU, "layer 1")
        except InvalidSpec:
            assume(False)
        assume(prod(judged.out_shape) <= MOST)
        # one number divided by its own deviation, 0: there is no Jacobian
        assume(not (isinstance(layer, layers.Norm) and layer.epsilon == 0 and shape[0] == 1))
        judge(layer, shape, seed)

    check()


def test_five_hundred_layers_are_drawn() -> None:
    assert sum(count for count, _ in GROUPS.values()) == 500
