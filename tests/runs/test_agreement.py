from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch

from moonviz.data.stored import stored
from moonviz.networks import build
from moonviz.results import Report
from moonviz.runs import run_methods
from moonviz.runs.agreement import MOST_OF_A_LAYER, MOST_OF_A_METHOD, agree, sample_truth
from moonviz.runs.truth import Truth, find_truth
from moonviz.specs import NetworkSpec, preset
from tests.close import relative
from tests.runs.test_runner import race

SMALL = {"depth": 3, "batch": 4}


def autograd(spec: NetworkSpec) -> tuple[Any, dict[str, torch.Tensor]]:
    """The network in the spec's dtype, and plain float64 autograd on its weights and batch."""
    net = build(spec)
    x, target = net.batch(0)
    exact = build(spec.changed(dtype="float64"))
    with torch.no_grad():
        for weight, own in zip(exact.parameters(), net.parameters(), strict=True):
            weight.copy_(own)
    exact.loss(x.double(), target).backward()
    return net, {name: weight.grad for name, weight in exact.named_parameters()}


@pytest.mark.parametrize("name", ["digits-dense", "digits-revnet"])
def test_sampled_pairs_are_entries_of_the_gradients(name: str) -> None:
    spec = preset(name, dtype="float32", **SMALL)
    net, truth = autograd(spec)
    report = Report.from_json(run_methods(race(spec, "backprop", "moonwalk-mixed")).to_json())
    plain = dict(net.named_parameters())
    net.loss(*net.batch(0)).backward()
    layers = [number for number in range(net.length + 2) if net.weights(number)]
    assert [one.layer for one in report.truth_sample] == layers
    for number in layers:
        true = torch.cat([truth[name].flatten() for name in net.weights(number)])
        own = torch.cat([plain[name].grad.double().flatten() for name in net.weights(number)])
        pairs = torch.tensor(report.pairs("backprop", number), dtype=torch.float64)
        assert 0.8 * min(len(true), MOST_OF_A_LAYER) <= len(pairs) <= MOST_OF_A_LAYER
        for t, found in pairs.tolist():
            at = (true - t).abs().argmin()
            assert float(true[at]) == pytest.approx(t, rel=1e-11, abs=0)
            apart = float(own[at] - true[at])
            assert found - t == pytest.approx(apart, rel=1e-3, abs=2e-16 * max(1.0, abs(t)))
        both = torch.tensor(report.pairs("moonwalk-mixed", number), dtype=torch.float64)
        assert torch.equal(both[:, 0], pairs[:, 0]), "the same places for every method"


def test_each_parameter_is_compared_with_backprop_in_its_own_dtype() -> None:
    net, truth = autograd(preset("digits-dense", dtype="float32", **SMALL))
    grads = {name: value.float() for name, value in truth.items()}
    backprop = {name: value * (1 + 0.25 * n) for n, (name, value) in enumerate(grads.items())}
    found = agree(net, grads, Truth("float64 autograd", truth), backprop)
    for n, one in enumerate(found.per_parameter):
        alone = relative({one.name: grads[one.name]}, {one.name: backprop[one.name]})
        assert one.relative_error_to_backprop == pytest.approx(alone, rel=1e-6)
        assert one.relative_error_to_backprop == pytest.approx(0.25 * n / (1 + 0.25 * n), rel=1e-6)
    zero = {name: torch.zeros_like(value) for name, value in grads.items()}
    assert {
        one.relative_error_to_backprop
        for one in agree(net, grads, Truth("float64 autograd", truth), zero).per_parameter
    } == {None}
    alone = agree(net, grads, Truth("float64 autograd", truth), None)
    assert {one.relative_error_to_backprop for one in alone.per_parameter} == {None}


def test_a_deep_network_keeps_a_small_sample() -> None:
    net = build(preset("digits-dense", depth=200, batch=2, dtype="float64"))
    truth = find_truth(net, *net.batch(), None)
    sample = sample_truth(net, truth)
    assert len(sample) == 202
    assert 202 < sum(len(one.values) for one in sample) <= MOST_OF_A_METHOD
    assert agree(net, truth.by_name, truth, None).sample[100].values == (0.0,) * len(sample[100].values)
    assert sample_truth(net, None) == agree(net, truth.by_name, None, None).sample == ()


def test_entries_that_are_not_finite_are_null_and_their_list_is_named_once() -> None:
    spec = preset("digits-dense", **SMALL)
    report = run_methods(race(spec, "backprop"))
    (result,) = report.results
    first, *others = result.gradient.sample
    broken = first.model_copy(update={"values": (math.nan, math.inf, *first.values[2:])})
    gradient = result.gradient.model_copy(update={"sample": (broken, *others)})
    whole = report.model_copy(update={"results": (result.model_copy(update={"gradient": gradient}),)})
    read = Report.from_json(whole.to_json())
    assert read.results[0].gradient.sample[0].values[:3] == (None, None, first.values[2])
    assert read.results[0].non_finite == ("gradient.sample.0.values",)
    assert read.results[0].agreement("float32") == "not the gradient"
    assert len(read.pairs("backprop", first.layer)) == len(first.values) - 2


def test_files_without_samples_load_and_have_no_pairs() -> None:
    data = json.loads(stored("digits-revnet").to_json())
    data.pop("truth_sample")
    for result in data["results"]:
        result["gradient"].pop("sample", None)
        for one in result["gradient"]["per_parameter"]:
            one.pop("relative_error_to_backprop", None)
    old = Report.from_json(json.dumps(data))
    assert old.results[0].gradient.per_parameter[0].relative_error_to_backprop is None
    assert old.pairs("backprop", 1) == ()
    assert old.pairs("no such method", 1) == ()
