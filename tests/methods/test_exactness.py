"""Every exact method on every network it supports equals torch's autograd in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import moonviz
from moonviz.errors import InvalidSpec, SingularLayer, UnsupportedPair
from moonviz.networks import Network, build
from moonviz.specs import METHODS, Block, NetworkSpec, layers
from tests.cases import NETWORKS, VARIANTS, NetworkCase
from tests.close import assert_close, relative

EXACT = [name for name, card in METHODS.items() if card.exact and name not in ("forward", "moonwalk-pure")]
PLAIN_CONV = NetworkSpec(
    stem=(layers.Conv(channels=16),),
    body=(Block(layers=(layers.Coupling(),), repeat=2), Block(layers=(layers.Conv(channels=24),))),
    head=(layers.GlobalMeanPool(), layers.Dense(width=10)),
    dtype="float64",
    batch=4,
)


def autograd(net: Network, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    """The truth, by torch alone."""
    wanted = {name: weight for name, weight in net.named_parameters() if weight.requires_grad}
    found = torch.autograd.grad(net.loss(x, target), tuple(wanted.values()))
    return dict(zip(wanted, found, strict=True))


def small_net(*body: layers.LayerSpec) -> NetworkSpec:
    """A body of layers without a rule of their own, or with one that keeps fragments, on 3 × 8 × 8 numbers."""
    return NetworkSpec(
        stem=(layers.Conv(channels=3),),
        body=(Block(layers=body),),
        head=(layers.GlobalMeanPool(), layers.Dense(width=10)),
        dtype="float64",
        batch=4,
    )


_kinked = layers.LeakyReLU(slope=0.5)
_patches = {"kernel": 2, "stride": 2, "padding": 0}
FRAGMENTAL: dict[str, NetworkSpec] = {
    "written out": small_net(
        layers.Conv(channels=4), _kinked, layers.Conv(channels=4, kernel=7, stride=2, padding=3), _kinked
    ),
    "written out, wider": small_net(layers.Conv(channels=6, stride=2), _kinked, layers.Conv(channels=8), _kinked),
    "patches": small_net(layers.Conv(channels=16, **_patches), _kinked, layers.Conv(channels=20, **_patches)),
    "kernel 1, wider": small_net(layers.Conv(channels=5, kernel=1, padding=0), _kinked),
    "fewer outputs": small_net(layers.Conv(channels=2, bounded=True, block=4), _kinked),
    "max pool": small_net(layers.Pool(kind="max_pool", kernel=3, padding=1), layers.Pool(kind="max_pool", stride=1)),
    "mean pool": small_net(
        layers.Pool(kind="mean_pool", kernel=3, stride=1, padding=1), layers.Pool(kind="mean_pool", padding=1)
    ),
}
SUBMERSIVE: dict[str, NetworkSpec] = {
    "patches": small_net(layers.Conv(channels=12, bounded=True, **_patches), _kinked),
    "mean pool, along axes": small_net(layers.Pool(kind="mean_pool", kernel=7, padding=3)),
    "mean pool, padded": small_net(layers.Pool(kind="mean_pool", padding=1), _kinked),
}


# at most 3,000 weights and inputs each; the forward modes make a pass for every one of them
SMALL: dict[str, NetworkCase] = {
    "digits-revnet": NETWORKS["digits-revnet, tiny"],
    "photo-revnet": NetworkCase("photo-revnet", {"batch": 1, "depth": 2, "channels": 2}, 1e-12),
    "digits-dense": NETWORKS["digits-dense, tiny"],
    "dense-pyramid": NetworkCase("dense-pyramid", {"batch": 3, "depth": 3, "width": 8, "last": 4}, 1e-12),
    "conv-pyramid": NetworkCase("conv-pyramid", {"batch": 2, "depth": 1, "channels": 2}, 1e-12),
    "conv1d-fragments": NetworkCase("conv1d-fragments", {"batch": 2, "depth": 2, "channels": 2}, 1e-12),
    "relu-net": NetworkCase("relu-net", {"batch": 3, "depth": 2, "width": 5}, 1e-12),
    "glow-tiny": NetworkCase("glow-tiny", {"batch": 2, "depth": 1, "hidden": 4}, 1e-12),
    "reversible-transformer": NetworkCase("reversible-transformer", {"batch": 1, "depth": 1, "width": 4}, 1e-12),
    "paper-revnet": NetworkCase("paper-revnet", {"batch": 1, "depth": 2, "channels": 2}, 1e-12),
}
KEEPS_FRAGMENTS = ("conv1d-fragments", "relu-net")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", NETWORKS)
def test_gradient_equals_autograds(name: str, variant: str) -> None:
    case, (method, options) = NETWORKS[name], VARIANTS[variant]
    net = build(case.spec(seed=1))
    x, target = net.batch(2)
    if case.refuses(method, options):
        with pytest.raises(UnsupportedPair, match="invertible"):
            moonviz.gradients(net, x, target, method=method, **options)
        return
    found = moonviz.gradients(net, x, target, method=method, **options)
    assert relative(found, autograd(net, x, target)) <= case.tolerance


MIXED = {name: options for name, (method, options) in VARIANTS.items() if method == "moonwalk-mixed"}


@pytest.mark.parametrize("variant", MIXED)
@pytest.mark.parametrize("name", FRAGMENTAL)
def test_what_keeps_a_fragment_is_exact_and_refused_elsewhere(name: str, variant: str) -> None:
    net = build(FRAGMENTAL[name])
    x, target = net.batch(2)
    if MIXED[variant].get("phase_one") == "inverse":
        with pytest.raises(UnsupportedPair, match="invertible"):
            moonviz.gradients(net, x, target, method="moonwalk-mixed", **MIXED[variant])
        return
    found = moonviz.gradients(net, x, target, method="moonwalk-mixed", **MIXED[variant])
    assert relative(found, autograd(net, x, target)) <= 1e-11
    for method, needed in (("moonwalk-pure", "submersive"), ("revbackprop", "invertible")):
        with pytest.raises(UnsupportedPair, match=needed):
            moonviz.gradients(net, x, target, method=method)


@pytest.mark.parametrize("method", ["moonwalk-mixed", "moonwalk-pure"])
@pytest.mark.parametrize("name", SUBMERSIVE)
def test_what_erases_nothing_is_exact_without_a_fragment(name: str, method: str) -> None:
    net = build(SUBMERSIVE[name])
    x, target = net.batch(2)
    assert relative(moonviz.gradients(net, x, target, method=method), autograd(net, x, target)) <= 1e-12
    with pytest.raises(UnsupportedPair, match="invertible"):
        moonviz.gradients(net, x, target, method="revbackprop")


@pytest.mark.parametrize("method", ["forward", "moonwalk-pure"])
@pytest.mark.parametrize("name", SMALL)
def test_gradient_of_slow_methods_equals_autograds(name: str, method: str) -> None:
    net = build(SMALL[name].spec())
    x, target = net.batch(2)
    if method == "moonwalk-pure" and name in KEEPS_FRAGMENTS:
        with pytest.raises(UnsupportedPair, match="submersive"):
            moonviz.gradients(net, x, target, method=method)
        return
    assert sum(weight.numel() for weight in net.parameters()) <= 3000
    found = moonviz.gradients(net, x, target, method=method)
    assert relative(found, autograd(net, x, target)) <= SMALL[name].tolerance


def test_chunks_of_any_size_give_the_same() -> None:
    net = build(SMALL["digits-revnet"].spec())
    x, target = net.batch(2)
    found = moonviz.gradients(net, x, target, method="moonwalk-pure", chunk=7)
    assert relative(found, autograd(net, x, target)) <= 1e-13


@pytest.mark.parametrize("method", EXACT)
def test_nothing_is_left_changed(method: str) -> None:
    net = build(NETWORKS["digits-dense"].spec())
    x, target = net.batch()
    before = [tensor.clone() for tensor in (*net.parameters(), x, target)]
    with torch.no_grad():
        first = moonviz.gradients(net, x, target, method=method)
        assert not torch.is_grad_enabled()
    second = moonviz.gradients(net, x, target, method=method)
    assert torch.is_grad_enabled()
    assert all(torch.equal(first[name], second[name]) for name in first), "the same bits each time"
    assert all(torch.equal(a, b) for a, b in zip((*net.parameters(), x, target), before, strict=True))
    assert all(weight.grad is None for weight in net.parameters())


@pytest.mark.parametrize("method", EXACT)
@pytest.mark.parametrize("name", ["digits-revnet", "digits-dense"])
def test_backward_is_a_drop_in(name: str, method: str) -> None:
    case = NETWORKS[name]
    net = build(case.spec())
    x, target = net.batch()
    want = autograd(net, x, target)
    loss = moonviz.backward(net, x, target, method=method)
    assert not loss.requires_grad
    assert_close(loss, net.loss(x, target).detach(), 0)
    assert relative({name: weight.grad for name, weight in net.named_parameters()}, want) <= case.tolerance
    moonviz.backward(net, x, target, method=method)
    for name_, weight in net.named_parameters():
        assert_close(weight.grad, 2 * want[name_], 1e-9, f"{name_}, accumulated")


@pytest.mark.parametrize("method", EXACT)
@pytest.mark.parametrize("name", ["digits-revnet", "digits-dense"])
def test_frozen_parameters_are_skipped(name: str, method: str) -> None:
    case = NETWORKS[name]
    net = build(case.spec())
    x, target = net.batch()
    for number, weight in enumerate(net.parameters()):
        weight.requires_grad_(number % 3 == 0)
    found = moonviz.gradients(net, x, target, method=method)
    assert relative(found, autograd(net, x, target)) <= case.tolerance
    for part in (net.stem_layers, net.head_layers):
        part.requires_grad_(False)
    assert relative(moonviz.gradients(net, x, target, method=method), autograd(net, x, target)) <= case.tolerance


@pytest.mark.parametrize("method", EXACT)
def test_shared_parameters_get_the_sum(method: str) -> None:
    net = build(NETWORKS["digits-dense"].spec(depth=4))
    net.layer(5).weight = net.layer(1).weight
    net.layer(7).bias = net.layer(1).bias
    net = Network(net.spec, list(net.stem_layers), list(net.body), list(net.head_layers))
    x, target = net.batch()
    assert relative(moonviz.gradients(net, x, target, method=method), autograd(net, x, target)) <= 1e-12


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["digits-revnet", "digits-dense"])
def test_lower_precision_stays_within_its_tolerance_of_backprop(name: str, dtype: str) -> None:
    net = build(NETWORKS[name].spec(dtype=dtype, depth=4))
    x, target = net.batch()
    moonwalk = moonviz.gradients(net, x, target, method="moonwalk-mixed")
    backprop = moonviz.gradients(net, x, target, method="backprop")
    assert relative(moonwalk, backprop) <= moonviz.results.TOLERANCE[dtype]


def test_an_unsupported_layer_is_refused_before_any_work() -> None:
    net = build(PLAIN_CONV)
    x, target = net.batch()
    with pytest.raises(UnsupportedPair) as caught:
        moonviz.gradients(net, x, target, method="moonwalk-mixed")
    error = caught.value
    assert error.method == "moonwalk-mixed"
    assert error.layer == "layer 4 (conv)"
    assert error.capability == "fragmental"
    assert "backprop" in error.remedy
    assert all(part in str(error) for part in ("`moonwalk-mixed`", "layer 4 (conv)", "fragmental", error.remedy))
    assert "Jacobian of 1,536×1,024" in str(error)


def test_backprop_trains_what_moonwalk_refuses() -> None:
    net = build(PLAIN_CONV)
    x, target = net.batch()
    assert relative(moonviz.gradients(net, x, target, method="backprop"), autograd(net, x, target)) <= 1e-13


def test_a_singular_layer_is_named() -> None:
    net = build(NETWORKS["digits-dense"].spec(depth=3))
    with torch.no_grad():
        net.layer(3).weight.zero_()
    with pytest.raises(SingularLayer, match=r"layer 3 \(dense\)"):
        moonviz.gradients(net, *net.batch(), method="moonwalk-mixed")


@pytest.mark.parametrize(
    ("method", "options"), [("moonwalk", {}), ("moonwalk-mixed", {"phase_one": "no"}), ("backprop", {"wibble": 1})]
)
def test_unknown_methods_and_options_are_refused(method: str, options: dict[str, object]) -> None:
    net = build(NETWORKS["digits-dense"].spec(depth=1))
    with pytest.raises(InvalidSpec, match=next(iter(options), method)):
        moonviz.gradients(net, *net.batch(), method=method, **options)
