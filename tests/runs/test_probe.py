"""Probes against torch's own Jacobian and rank."""

from __future__ import annotations

import time
from math import prod

import pytest
import torch
from cases import LAYERS, NETWORKS

from moonviz.errors import InvalidSpec
from moonviz.layers import Placement, make
from moonviz.networks import build, describe
from moonviz.probing import MOST_NUMBERS, LayerProbe, Picture
from moonviz.runs.jacobians import picture
from moonviz.runs.probe import Budget, probe_layer, probe_layer_of
from moonviz.specs import layers, preset
from moonviz.specs.network import Block, NetworkSpec

SINGLE = {name: case for name, case in LAYERS.items() if not name.startswith("batch norm")}
SMALL = {
    "digits-dense": {"width": 12, "depth": 2, "batch": 4},
    "dense-pyramid": {"batch": 4},
    "relu-net": {"batch": 4},
    "glow-tiny": {"depth": 2, "batch": 2},
    "digits-revnet": {"channels": 4, "depth": 2, "batch": 2},
    "conv1d-fragments": {"channels": 4, "batch": 2},
}


def true_jacobian(spec: layers.LayerSpec, in_shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    """The same layer at the same input, taken through torch's functional Jacobian."""
    layer = make(spec, in_shape, Placement(torch.device("cpu"), torch.float64), "x")
    generator = torch.Generator().manual_seed(seed)
    layer.initialise(generator)
    x = torch.randn(1, *in_shape, generator=generator, dtype=torch.float64)

    def whole(x: torch.Tensor) -> torch.Tensor:
        y = layer(tuple(x.chunk(2, 1)) if layer.paired else x)
        return y if isinstance(y, torch.Tensor) else torch.cat(y, 1)

    found = torch.autograd.functional.jacobian(whole, x)
    return found.reshape(prod(layer.out_shape), prod(in_shape))


@pytest.mark.parametrize("name", SINGLE)
def test_rank_and_singular_values_are_torchs(name: str) -> None:
    case = LAYERS[name]
    probe = probe_layer(case.spec, case.in_shape)
    matrix = true_jacobian(case.spec, case.in_shape)
    sizes = torch.linalg.svdvals(matrix)
    assert probe.rank == int(torch.linalg.matrix_rank(matrix))
    assert probe.erased == len(matrix) - probe.rank
    assert probe.sigma_max == pytest.approx(float(sizes[0]), rel=1e-12)
    assert probe.sigma_min == pytest.approx(float(sizes[probe.rank - 1]), rel=1e-9)
    assert (probe.jacobian.rows, probe.jacobian.columns) == tuple(matrix.shape)
    assert probe.examples == 1


@pytest.mark.parametrize("name", LAYERS)
def test_no_badge_claims_more_than_the_rank(name: str) -> None:
    case = LAYERS[name]
    probe = probe_layer(case.spec, case.in_shape)
    outputs, inputs = probe.jacobian.rows, probe.jacobian.columns
    if probe.capability in ("invertible", "submersive"):
        assert (probe.erased, probe.fragment) == (0, 0)
        assert inputs == outputs or probe.capability == "submersive"
    assert probe.fragment >= probe.erased
    assert probe.rebuilt < 1e-8


@pytest.mark.parametrize("name", ["relu", "max pool, overlapping", "banded conv, sequence", "banded conv, tiles"])
def test_what_is_kept_restores_what_is_lost(name: str) -> None:
    """The inputs' cotangents and the kept places together tell every cotangent: [J, E] has full row rank."""
    case = LAYERS[name]
    probe = probe_layer(case.spec, case.in_shape)
    matrix = true_jacobian(case.spec, case.in_shape)
    assert len(probe.kept) == probe.fragment
    places = torch.eye(len(matrix), dtype=torch.float64)[:, list(probe.kept)]
    assert int(torch.linalg.matrix_rank(torch.cat([matrix, places], 1))) == len(matrix)


def test_lost_outputs_of_a_relu_are_the_dead_ones() -> None:
    probe = probe_layer(layers.ReLU(), (12,))
    dead = true_jacobian(layers.ReLU(), (12,)).abs().sum(1) == 0
    assert probe.lost == tuple(dead.double().tolist())
    assert probe.kept == tuple(dead.nonzero().flatten().tolist())


def test_shares_of_what_is_lost_add_up_to_all_that_is_lost() -> None:
    probe = probe_layer(layers.Dense(width=9), (6,))
    assert sum(probe.lost) == pytest.approx(probe.erased, rel=1e-12)
    assert probe_layer(layers.Dense(width=6), (9,)).lost == ()


def test_coupled_examples_are_looked_at_together() -> None:
    """BatchNorm without ε erases the mean and the direction of each channel over the batch."""
    probe = probe_layer(layers.BatchNorm(epsilon=0), (2, 5))
    assert probe.examples == 8
    assert (probe.jacobian.rows, probe.erased) == (8 * 10, 2 * 2)


@pytest.mark.parametrize("name", SMALL)
def test_a_networks_layers_are_seen_at_real_data(name: str) -> None:
    """Each layer of the body, against the same chain taken by hand."""
    spec = preset(name, **SMALL[name])
    network = build(spec.changed(batch=1))
    x = network.batch(seed=0)[0].double()
    network.double()
    with torch.no_grad():
        state = network.through([0], x)
    for number in range(1, min(network.length, 6) + 1):
        layer = network.layer(number)
        probe = probe_layer_of(spec, number)
        halves = state if isinstance(state, tuple) else (state,)
        found = torch.autograd.functional.jacobian(
            lambda *x, layer=layer: _joined(layer(x if layer.paired else x[0])), tuple(half.clone() for half in halves)
        )
        rows = [part.reshape(prod(layer.out_shape), -1) for part in found]
        matrix = torch.cat(rows, 1)
        assert probe.rank == int(torch.linalg.matrix_rank(matrix)), layer.title
        assert probe.sigma_max == pytest.approx(float(torch.linalg.matrix_norm(matrix, 2)), rel=1e-9)
        assert (probe.title, probe.in_shape, probe.out_shape) == (layer.title, layer.in_shape, layer.out_shape)
        with torch.no_grad():
            state = network.through([number], state)


def _joined(state: torch.Tensor | tuple[torch.Tensor, ...]) -> torch.Tensor:
    return state if isinstance(state, torch.Tensor) else torch.cat([part.flatten() for part in state])


def test_a_picture_shows_the_largest_of_each_group() -> None:
    matrix = torch.zeros(130, 70, dtype=torch.float64)
    matrix[129, 69], matrix[0, 0] = -3, 2
    small = picture(matrix)
    assert (small.rows, small.columns, small.cell) == (130, 70, (3, 2))
    assert (len(small.values), len(small.values[0])) == (44, 35)
    assert (small.values[0][0], small.values[-1][-1]) == (2, 3)
    assert sum(map(sum, small.values)) == 5


def test_a_small_picture_is_the_matrix_itself() -> None:
    small = picture(torch.tensor([[1.0, -2.0]], dtype=torch.float64))
    assert small == Picture(rows=1, columns=2, cell=(1, 1), values=((1, 2),))


@pytest.mark.parametrize(
    ("stride", "pivot", "order", "erased"),
    [(2, 1, "diagonal", 0), (1, None, None, 0), (3, 1, "diagonal", 0)],
)
def test_a_convolution_tells_its_pivot_tap(stride: int, pivot: int | None, order: str | None, erased: int) -> None:
    probe = probe_layer(layers.Conv(channels=2, stride=stride), (2, 9))
    (axis,) = probe.axes
    assert (axis.pivot, axis.order, probe.erased) == (pivot, order, erased)
    assert bool(axis.why_not) == (pivot is None)
    assert [tap.place for tap in axis.taps] == [0, 1, 2]


@pytest.mark.parametrize(
    ("layer", "shape", "sizes"),
    [
        (layers.Dense(width=2_000), (10,), "2,000×10, which takes 4,000,000"),
        (layers.Conv(channels=64), (64, 32, 32), "65,536×65,536"),
        (layers.ReLU(), (60_000, 60_000), "3,600,000,000"),
        (layers.Coupling(inside=layers.MlpInside(hidden=65_536)), (512,), "weights are too many"),
    ],
    ids=["dense", "conv", "input", "weights"],
)
def test_what_is_too_large_is_refused_before_it_costs_anything(
    layer: layers.LayerSpec, shape: tuple[int, ...], sizes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.Tensor, "normal_", None)
    monkeypatch.setattr(torch, "randn", None)
    with pytest.raises(InvalidSpec, match=sizes):
        probe_layer(layer, shape)


def _narrow(layers_before: tuple[layers.LayerSpec, ...]) -> NetworkSpec:
    dense = layers.Dense
    return NetworkSpec(
        stem=(layers.Flatten(),),
        body=(Block(layers=(*layers_before, dense(width=8), layers.LeakyReLU())),),
        head=(dense(width=10),),
    )


@pytest.mark.parametrize(
    ("spec", "number", "says"),
    [
        (preset("digits-dense", depth=2), 0, "layer 0 is not walked.*layers 1 to 4"),
        (preset("digits-dense", depth=2), 5, "layer 5 is not walked"),
        (preset("digits-revnet"), 1, "2,048×2,048"),
        (_narrow((layers.Dense(width=40_000), layers.Dense(width=400))), 4, "weights are too many"),
    ],
    ids=["stem", "head", "large", "weights"],
)
def test_what_cannot_be_looked_at_is_said(spec: NetworkSpec, number: int, says: str) -> None:
    with pytest.raises(InvalidSpec, match=says):
        probe_layer_of(spec, number)


def test_a_long_way_to_the_layer_is_refused() -> None:
    way = (layers.Squeeze(), layers.Conv(channels=256), *[layers.Conv(channels=256, kernel=3)] * 8)
    spec = NetworkSpec(
        data="photos", stem=(), body=(Block(layers=(*way, layers.GlobalMeanPool(), layers.LeakyReLU())),),
        head=(layers.Dense(width=10),),
    )  # fmt: skip
    with pytest.raises(InvalidSpec, match="an example's way there takes"):
        probe_layer_of(spec, 12)


def test_computing_for_too_long_is_refused() -> None:
    budget = Budget("layer 3 (dense)", seconds=1e-3)
    end = time.process_time() + 0.01
    while time.process_time() < end:
        pass
    with pytest.raises(InvalidSpec, match="layer 3"):
        probe_layer(layers.Dense(width=4), (4,), budget=budget)


def test_numbers_that_overflow_are_refused() -> None:
    dense = layers.Dense(width=8, gain=100.0, init="gaussian")
    spec = NetworkSpec(
        stem=(layers.Flatten(),), body=(Block(layers=(dense,), repeat=200), Block(layers=(layers.Softmax(),))),
        head=(layers.Dense(width=10),),
    )  # fmt: skip
    with pytest.raises(InvalidSpec, match="not finite"):
        probe_layer_of(spec, 201)


def _first_is_small(name: str) -> bool:
    card = describe(NETWORKS[name].spec())[1]
    return prod(card.out_shape) * max(prod(card.in_shape), prod(card.out_shape)) <= MOST_NUMBERS


@pytest.mark.parametrize("name", [name for name in NETWORKS if _first_is_small(name)])
def test_a_preset_in_float32_is_looked_at(name: str) -> None:
    probe = probe_layer_of(NETWORKS[name].spec(dtype="float32"), 1)
    assert LayerProbe.model_validate_json(probe.to_json()) == probe
    assert probe.capability != "ordinary"


@pytest.mark.parametrize("name", [name for name in NETWORKS if not _first_is_small(name)])
def test_a_preset_that_is_too_large_says_so(name: str) -> None:
    with pytest.raises(InvalidSpec, match="at most 1,000,000"):
        probe_layer_of(NETWORKS[name].spec(dtype="float32"), 1)
