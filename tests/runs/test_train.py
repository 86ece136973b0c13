from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import torch

import moonviz
from moonviz.data.split import held_out, training_batch
from moonviz.errors import InvalidSpec, TooLarge, UnsupportedPair
from moonviz.networks import Network, build
from moonviz.runs.observer import Nobody
from moonviz.runs.train import train, train_methods
from moonviz.specs import Block, NetworkSpec, layers, preset
from moonviz.specs.train import RULES, TrainSpec, suggested_rule, trainable_presets
from moonviz.training import TrainPoint, TrainReport

SMALL: dict[str, dict[str, Any]] = {
    "digits-dense": {"depth": 3, "batch": 32},
    "digits-revnet": {"depth": 3, "batch": 16, "channels": 8},
    "glow-tiny": {"depth": 2, "batch": 16},
    "conv1d-fragments": {"depth": 2, "batch": 16},
}
RANDOM = NetworkSpec(
    stem=(layers.Flatten(), layers.Dense(width=24)),
    body=(Block(layers=(layers.Dense(width=24), layers.BatchNorm(), layers.Dropout(probability=0.3)), repeat=2),),
    head=(layers.Dense(width=10),),
    batch=16,
    dtype="float64",
)


def small(name: str, dtype: str = "float64") -> NetworkSpec:
    return preset(name, dtype=dtype, **SMALL[name])


class Listener(Nobody):
    def __init__(self, stop_after: int | None = None, stop_at_tick: int | None = None) -> None:
        self.told: list[str] = []
        self.heard: list[TrainPoint] = []
        self.ticks, self._after, self._tick = 0, stop_after, stop_at_tick

    def stage(self, name: str, done: int, total: int, label: str | None) -> None:
        self.told.append(name)

    def tick(self) -> None:
        self.ticks += 1
        if self.ticks == self._tick:
            raise KeyboardInterrupt

    def points(self, points: Sequence[TrainPoint]) -> None:
        self.heard.extend(points)
        if self._after is not None and len(self.heard) > self._after:
            raise KeyboardInterrupt


def plain_torch(
    spec: NetworkSpec, steps: int, rate: float, momentum: float
) -> tuple[Network, list[float], list[float]]:
    """The same training by autograd and torch's own optimizer: the network, its losses, its accuracies by step."""
    net = build(spec)
    optimizer = torch.optim.SGD(net.parameters(), rate, momentum=momentum)
    inputs, targets = (torch.from_numpy(part) for part in held_out(spec.data))
    losses, accuracies = [], []
    for step in range(steps):
        x, target = (torch.from_numpy(part) for part in training_batch(spec.data, spec.batch, 0, step))
        optimizer.zero_grad()
        loss = net.loss(x, target)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        with torch.no_grad():
            right = net.through(range(net.length + 2), inputs.clone()).argmax(1) == targets
        accuracies.append(float(right.double().mean()))
    return net, losses, accuracies


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", list(SMALL))
def test_both_methods_train_as_autograd_and_torchs_optimizer_do(name: str, momentum: float) -> None:
    spec, rate = small(name), 0.002
    report = train(spec, steps=8, learning_rate=rate, momentum=momentum, test_every=1)
    _, losses, accuracies = plain_torch(spec, 8, rate, momentum)
    assert report.points[0].losses == (None, None)
    assert [point.step for point in report.points] == list(range(9))
    for place in (0, 1):
        found = [point.losses[place] for point in report.points[1:]]
        assert found == pytest.approx(losses, rel=1e-12, abs=1e-12)
        assert [point.accuracies[place] for point in report.points[1:]] == accuracies
        assert report.runs[place].accuracy == accuracies[-1]
    assert losses[-1] != losses[0]
    assert all(point.max_abs_difference <= 1e-12 for point in report.points)


def by_hand(spec: NetworkSpec, steps: int, rate: float, method: str) -> torch.Tensor:
    """All weights after some steps in float32, a new direction at each for a method that draws some."""
    net = build(spec)
    for step in range(steps):
        x, target = (torch.from_numpy(part) for part in training_batch(spec.data, spec.batch, 0, step))
        options = {"seed": step} if method == "projforward" else {}
        found = moonviz.gradients(net, x.float(), target, method=method, **options)
        with torch.no_grad():
            for name, weight in net.named_parameters():
                weight.sub_(rate * found[name])
    return torch.cat([weight.detach().flatten() for weight in net.parameters()])


def test_the_difference_is_the_largest_of_any_weight() -> None:
    spec = small("digits-dense", "float32")
    report = train(spec, ("backprop", "projforward"), steps=3, learning_rate=0.01, test_every=3)
    theirs, ours = by_hand(spec, 3, 0.01, "backprop"), by_hand(spec, 3, 0.01, "projforward")
    last = report.points[-1]
    assert last.max_abs_difference == pytest.approx(float((theirs - ours).abs().max()), rel=1e-5)
    assert last.relative_difference == pytest.approx(float((theirs - ours).norm() / theirs.norm()), rel=1e-5)
    assert (report.points[0].max_abs_difference, report.points[0].relative_difference) == (0, 0)


def test_random_layers_draw_alike_and_measuring_moves_nothing() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    report = train(RANDOM, steps=6, learning_rate=0.05, test_every=6)
    assert torch.equal(torch.get_rng_state(), before), "the caller's generator goes on as if nothing had been done"
    assert all(point.max_abs_difference <= 1e-12 for point in report.points)
    net = build(RANDOM)
    x, target = (torch.from_numpy(part) for part in training_batch("digits", 16, 0, 0))
    torch.manual_seed(0)
    assert report.points[1].losses[0] == pytest.approx(float(net.loss(x, target).detach()), rel=1e-12)


def test_memory_is_the_dry_runs() -> None:
    spec = small("digits-revnet")
    report = train(spec, ("checkpointing", {"name": "moonwalk-mixed", "options": {"phase_one": "inverse"}}), steps=1)
    assert [one.label for one in report.runs] == ["checkpointing", "moonwalk-mixed:phase_one=inverse"]
    for one in report.runs:
        dry = moonviz.estimate(spec, method=one.method, **one.options)
        assert (one.peak_bytes, one.activation_peak_bytes) == (dry.peak_bytes, dry.activation_peak_bytes)


def test_what_is_told_is_what_is_reported_and_looks_are_rare() -> None:
    listener = Listener()
    asked = TrainSpec(
        network=small("digits-dense"), methods=[{"name": "backprop"}, {"name": "revbackprop"}], steps=7, test_every=3,
        device="cpu",
    )  # fmt: skip
    report = train_methods(asked, listener)
    assert tuple(listener.heard) == report.points
    assert listener.told == [*["check"] * 2, *["trace"] * 2, *["train"] * 7]
    assert [point.step for point in report.points if point.accuracies] == [0, 3, 6, 7]
    assert listener.ticks > 7 * 2 * 6
    assert TrainReport.from_json(report.to_json()) == report
    assert TrainSpec.read(report.spec) == asked


@pytest.mark.parametrize("stop", [{"stop_after": 0}, {"stop_after": 2}, {"stop_at_tick": 1}, {"stop_at_tick": 90}])
def test_an_observer_may_stop_it_anywhere(stop: dict[str, int]) -> None:
    asked = TrainSpec(
        network=small("digits-dense"), methods=[{"name": "backprop"}, {"name": "moonwalk-mixed"}], steps=50
    )
    with pytest.raises(KeyboardInterrupt):
        train_methods(asked, Listener(**stop))


def test_a_loss_that_is_not_finite_stops_its_method_alone() -> None:
    spec = small("digits-dense", "float32")
    report = train(spec, ("backprop", "projforward"), steps=40, learning_rate=1.0, test_every=10)
    data = json.loads(report.to_json(), parse_constant=pytest.fail)
    first, second = data["runs"]
    assert first["stopped_at"] is not None or second["stopped_at"] is not None
    for place, one in enumerate((first, second)):
        steps = [point["step"] for point in data["points"] if point["losses"][place] is not None]
        if one["stopped_at"] is None:
            assert steps == list(range(1, 41))
        else:
            assert steps == list(range(1, one["stopped_at"]))
            assert one["accuracy"] is None
            assert "no longer a finite number" in one["error"]["message"]
    assert data["points"][-1]["max_abs_difference"] is None


@pytest.mark.parametrize(
    ("network", "changes", "words"),
    [
        (preset("photo-revnet"), {}, "only the handwritten digits have images held out"),
        (preset("reversible-transformer"), {}, "Train one of `digits-revnet`, `digits-dense`"),
        (preset("digits-dense", batch=1_500), {}, "1,437 images to train on"),
        (preset("digits-dense"), {"methods": ("backprop", "backprop")}, "`backprop` is asked for twice"),
        (preset("digits-dense"), {"methods": ("backprop",)}, "`methods`"),
        (preset("digits-dense"), {"steps": 2_001}, "`steps`"),
        (preset("digits-dense"), {"learning_rate": 0.0}, "`learning_rate`"),
        (preset("digits-dense"), {"momentum": 1.0}, "`momentum`"),
        (preset("digits-dense"), {"methods": ("backprop", "moonwalk")}, "no method `moonwalk`"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(network: NetworkSpec, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        train(network, **changes)


def test_pairs_and_sizes_are_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moonviz.runs.train._measure", lambda *_: pytest.fail("this is work"))
    with pytest.raises(UnsupportedPair):
        train(preset("relu-net", depth=2, batch=4), ("backprop", "revbackprop"))
    spec = small("digits-dense")
    dry = max(moonviz.estimate(spec, method=method).peak_bytes for method in ("backprop", "moonwalk-mixed"))
    weights = moonviz.estimate(spec, method="backprop").parameter_bytes
    with pytest.raises(TooLarge, match="weights of both networks"):
        train(spec, steps=1, learning_rate=0.1, limit_bytes=dry + 2 * weights - 1)
    with pytest.raises(TooLarge):
        train(spec, steps=1, learning_rate=0.1, momentum=0.5, limit_bytes=dry + 4 * weights - 1)
    monkeypatch.undo()
    assert train(spec, steps=1, learning_rate=0.1, limit_bytes=dry + 2 * weights).runs[0].accuracy is not None


def test_every_preset_on_the_digits_has_a_rule_and_the_rule_belongs_to_it() -> None:
    assert set(RULES) == set(trainable_presets())
    assert suggested_rule(preset("glow-tiny")) == {"learning_rate": 0.001, "momentum": 0.9}
    assert suggested_rule(RANDOM) == {"learning_rate": 0.01, "momentum": 0.0}


@pytest.mark.parametrize(("name", "least"), [("digits-dense", 0.95), ("dense-pyramid", 0.95)])
def test_the_suggested_rule_trains(name: str, least: float) -> None:
    report = train(preset(name), ("backprop", "moonwalk-mixed"), steps=200, test_every=200)
    assert all(one.accuracy > least for one in report.runs)
