from __future__ import annotations

import json
from typing import Any

import pytest
import torch

import moonviz
from moonviz.errors import InvalidSpec, TooLarge, UnsupportedPair
from moonviz.events import StepRecord
from moonviz.networks import Network, build
from moonviz.results import Report
from moonviz.runs import run_methods
from moonviz.runs.agreement import agree, relative_error
from moonviz.runs.trace import trace
from moonviz.runs.truth import Truth, choose_reference, find_truth
from moonviz.specs import Block, NetworkSpec, RunSpec, layers, preset
from tests.close import assert_close
from tests.methods.test_exactness import PLAIN_CONV

BOTH = ["backprop", "moonwalk-mixed"]


def race(network: NetworkSpec, *methods: str, **fields: Any) -> RunSpec:
    chosen = [{"name": name} for name in methods or BOTH]
    return RunSpec.read({"network": network.model_dump(), "methods": chosen, "device": "cpu", "repeats": 2, **fields})


class Log:
    def __init__(self, stop_at: str | None = None) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.records: dict[str, list[StepRecord]] = {}
        self.ticks, self._stop_at = 0, stop_at

    def stage(self, name: str, done: int, total: int, label: str | None) -> None:
        self.told.append((name, done, total, label))
        if name == self._stop_at:
            raise KeyboardInterrupt

    def steps(self, label: str, records: list[StepRecord]) -> None:
        self.records.setdefault(label, []).extend(records)

    def tick(self) -> None:
        self.ticks += 1


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", ["digits-revnet", "digits-dense"])
def test_a_race_measures_everything(name: str, dtype: str) -> None:
    log = Log()
    report = run_methods(race(preset(name, depth=2, batch=4, dtype=dtype)), log)
    assert [result.label for result in report.results] == BOTH
    for result in report.results:
        assert result.status == "ok"
        assert result.error is None
        assert result.agreement(dtype) == "same"
        assert result.gradient.reference == "float64 autograd"
        assert result.seconds.repeats == 2
        assert 0 < result.seconds.min <= result.seconds.median <= result.seconds.max
        assert all(record.seconds > 0 for record in result.steps)
        traced = [record.model_copy(update={"seconds": None}) for record in result.steps]
        assert traced == log.records[result.label], "streamed without seconds, stored with them"
        assert result.allocator_peak_bytes is None
    backprop, moonwalk = report.results
    assert backprop.gradient.relative_error_to_backprop == 0
    assert backprop.loss == moonwalk.loss
    assert [name for name, *_ in log.told] == [
        *["check"] * 2, *["trace"] * 2, *["warm-up"] * 2, *["time"] * 4, "truth"
    ]  # fmt: skip
    assert [label for name, _, _, label in log.told if name == "time"] == [*BOTH, *BOTH], "in turns"
    assert log.ticks > 3 * sum(len(result.steps) for result in report.results)
    assert Report.from_json(report.to_json()) == report
    json.loads(report.to_json(), parse_constant=pytest.fail)


def test_random_layers_draw_alike_for_all_methods_and_the_truth() -> None:
    blocks = (layers.Dense(width=12), layers.Dropout(probability=0.4), layers.LeakyReLU())
    network = NetworkSpec(
        stem=(layers.Flatten(), layers.Dense(width=12)),
        body=(Block(layers=blocks, repeat=3), Block(layers=(layers.BatchNorm(), layers.Dense(width=12)))),
        head=(layers.Dense(width=10),),
        batch=8,
        dtype="float64",
    )
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    for result in run_methods(race(network, "backprop", "checkpointing", "moonwalk-mixed")).results:
        assert result.status == "ok", result.error
        assert result.gradient.relative_error < 1e-10, result.label
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_refused_method_keeps_its_place_and_the_others_run() -> None:
    report = run_methods(race(PLAIN_CONV, "moonwalk-mixed", "backprop"))
    refused, fine = report.results
    assert (refused.status, refused.error.layer) == ("refused", "layer 4 (conv)")
    assert refused.error.remedy in refused.error.message
    assert (fine.status, fine.agreement("float64")) == ("ok", "same")


def test_what_would_not_fit_is_told_before_any_memory_is_spent() -> None:
    network = preset("digits-revnet", depth=16, batch=8)
    needs = {name: moonviz.estimate(network, method=name).peak_bytes for name in BOTH}
    log = Log()
    report = run_methods(race(network), log, limit_bytes=needs["backprop"] - 1)
    too_large, fine = report.results
    assert (too_large.status, too_large.peak_bytes, too_large.predicted) == ("too_large", needs["backprop"], True)
    assert "MiB" in too_large.error.message
    assert too_large.error.limit_bytes == needs["backprop"] - 1
    assert fine.status == "ok"
    assert {label for name, _, _, label in log.told if name != "check"} == {"moonwalk-mixed", None}
    # backprop does not fit, so there is nothing of the same dtype to compare with; nor does its float64 twin
    assert fine.gradient.relative_error_to_backprop is None
    assert fine.gradient.reference in (None, "float64 checkpointed autograd")
    with pytest.raises(TooLarge, match="`backprop`"):
        moonviz.run(network, method="backprop", limit_bytes=needs["backprop"] - 1)


def test_nothing_fits() -> None:
    report = run_methods(race(preset("digits-dense")), limit_bytes=1000)
    assert [result.status for result in report.results] == ["too_large"] * 2


def test_a_singular_layer_fails_its_method_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = preset("digits-dense", depth=2, batch=4)

    def singular(spec: NetworkSpec, device: str) -> Any:
        net = build(spec, device)
        if device != "meta":
            torch.nn.init.zeros_(net.layer(3).weight)
        return net

    monkeypatch.setattr("moonviz.runs.runner.build", singular)
    fine, failed = run_methods(race(spec)).results
    assert (failed.status, failed.error.layer) == ("failed", "layer 3 (dense)")
    assert fine.status == "ok"


@pytest.mark.parametrize("stage", ["check", "trace", "warm-up", "time", "truth"])
def test_an_observer_may_stop_the_run_anywhere(stage: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_methods(race(preset("digits-dense", depth=1, batch=2)), Log(stop_at=stage))


def test_both_truths_are_equal_and_autograds() -> None:
    net = build(preset("digits-revnet", depth=11, batch=4, channels=8, dtype="float32"))
    x, target = net.batch()
    whole = find_truth(net, x, target, None)
    exact = build(preset("digits-revnet", depth=11, batch=4, channels=8, dtype="float64"))
    with torch.no_grad():
        for weight, own in zip(exact.parameters(), net.parameters(), strict=True):
            weight.copy_(own)  # the truth is of the run's own weights, rounded as they are
    exact.loss(x.double(), target).backward()
    for name, weight in exact.named_parameters():
        assert_close(whole.by_name[name], weight.grad, 1e-14, name)
    limit = moonviz.estimate(exact.spec, method="backprop").peak_bytes - 1
    saving = find_truth(net, x, target, limit)
    assert saving.reference == "float64 checkpointed autograd"
    for name in whole.by_name:
        assert_close(saving.by_name[name], whole.by_name[name], 1e-14, name)
    assert choose_reference(net, 1000) is None
    assert find_truth(net, x, target, 1000) is None


def test_agreement_numbers_by_hand() -> None:
    net = build(preset("digits-dense", depth=1, batch=2, dtype="float64"))
    truth = {name: torch.ones_like(weight).detach() for name, weight in net.named_parameters()}
    grads = {name: value.clone() for name, value in truth.items()}
    first = next(iter(grads))
    grads[first].view(-1)[0] = 4.0
    numbers = sum(value.numel() for value in truth.values())
    found = agree(net, grads, Truth("float64 autograd", truth), None)
    assert found.relative_error == pytest.approx(3 / numbers**0.5)
    assert found.cosine == pytest.approx((numbers + 3) / (numbers * (numbers + 15)) ** 0.5)
    assert found.max_abs_error == 3
    assert found.relative_error_to_backprop is None
    assert [p.layer for p in found.per_parameter] == [0, 0, 1, 1, 3, 3]
    assert sum(p.relative_error > 0 for p in found.per_parameter) == 1
    zero = {name: torch.zeros_like(value) for name, value in truth.items()}
    assert relative_error(grads, zero) is None
    against_zero = agree(net, grads, Truth("float64 autograd", zero), None)
    assert (against_zero.relative_error, against_zero.cosine, against_zero.max_abs_error) == (None, None, 4)


def test_run_refuses_before_any_work() -> None:
    with pytest.raises(UnsupportedPair):
        moonviz.run(PLAIN_CONV, method="moonwalk-mixed")
    with pytest.raises(InvalidSpec, match="`mps`"):
        moonviz.run(preset("digits-dense", depth=1), method="backprop", device="mps")


def test_walk_gives_a_record_per_event_and_can_be_left() -> None:
    spec = preset("digits-revnet", depth=3, batch=2)
    records = list(moonviz.walk(spec, method="moonwalk-mixed"))
    assert [record.index for record in records] == list(range(3 * 5 - 2))
    dry = list(moonviz.walk(spec, method="moonwalk-mixed", device="meta"))
    assert dry == records
    left = moonviz.walk(spec, method="backprop")
    next(left)
    assert torch.is_grad_enabled()
    left.close()


@pytest.mark.cuda
@pytest.mark.parametrize("name", ["digits-revnet", "digits-dense"])
def test_a_race_on_cuda(name: str) -> None:
    network = preset(name, depth=4, batch=8)
    report = run_methods(race(network, device="cuda"))
    for result in report.results:
        assert result.status == "ok"
        assert result.agreement("float32") == "same"
        assert result.peak_bytes == moonviz.estimate(network, method=result.method).peak_bytes
        assert result.allocator_peak_bytes >= result.peak_bytes


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried", "too_large"),
        ("kernel says no\nat x", "failed"),
    ],
)
def test_torchs_own_errors_stay_with_their_method(monkeypatch: pytest.MonkeyPatch, message: str, status: str) -> None:
    def breaks(network: Network, options: Any, *batch: Any) -> Any:
        if options.method == "moonwalk-mixed" and network.device.type != "meta":
            raise RuntimeError(message)
        return trace(network, options, *batch)

    monkeypatch.setattr("moonviz.runs.runner.trace", breaks)
    fine, broken = run_methods(race(preset("digits-dense", depth=1, batch=2))).results
    assert (fine.status, broken.status) == ("ok", status)
    assert "\n" not in broken.error.message
