"""Trainings to draw, made up so that every number is known."""

from __future__ import annotations

from typing import Any

from moonviz.results import Environment, Failure
from moonviz.specs import preset
from moonviz.training import Trained, TrainPoint, TrainReport

BOTH = {"backprop": "backprop", "moonwalk-mixed": "moonwalk-mixed"}
MACHINE = Environment(
    python="3", torch="2", moonviz="0", system="s", machine="a machine", device="cpu", cores=2, threads=2,
    memory_bytes=9,
)  # fmt: skip
STOPPED = Failure(message="The loss is no longer a finite number.", remedy="Take a smaller learning rate.")


def points(steps: int = 20, apart: float = 1e-9, every: int = 10) -> tuple[TrainPoint, ...]:
    """Losses fall from 2 towards 1 and 1.5; the weights drift apart by `apart` at each step."""
    return tuple(
        TrainPoint(
            step=step,
            losses=(1 + 1 / step, 1.5 + 1 / step) if step else (None, None),
            accuracies=(step / 100, step / 50) if step % every == 0 else None,
            max_abs_difference=step * apart,
            relative_difference=step * apart / 2,
        )
        for step in range(steps + 1)
    )


def trained(method: str, accuracy: float | None, mib: float = 1.0, **more: Any) -> Trained:
    return Trained(
        method=method, options={}, label=method, peak_bytes=int((mib + 1) * 2**20),
        activation_peak_bytes=int(mib * 2**20), accuracy=accuracy, **more,
    )  # fmt: skip


def training(
    first: float | None = 0.2,
    second: float | None = 0.4,
    apart: float = 1e-9,
    methods: tuple[str, str] = ("backprop", "moonwalk-mixed"),
    dtype: str = "float32",
    **rule: Any,
) -> TrainReport:
    """A training of 20 steps; a method without an accuracy stopped at step 12."""
    drawn = points(apart=apart)
    gone = {"stopped_at": 12, "error": STOPPED}
    if None in (first, second):
        drawn = tuple(
            point.model_copy(update={"max_abs_difference": None}) if point.step >= 12 else point for point in drawn
        )
    runs = tuple(
        trained(method, accuracy, mib, **(gone if accuracy is None else {}))
        for method, accuracy, mib in zip(methods, (first, second), (260.0, 17.0), strict=True)
    )
    network = preset("digits-dense", dtype=dtype).model_dump(mode="json")
    chosen = [{"name": method, "options": {}} for method in methods]
    spec = {
        "network": network,
        "methods": chosen,
        "steps": 20,
        "learning_rate": 0.05,
        "momentum": 0.0,
        "test_every": 10,
    }
    return TrainReport(
        environment=MACHINE, spec=spec | {"device": "cpu", "batch_seed": 0} | rule, training_examples=1_437,
        test_examples=360, runs=runs, points=drawn,
    )  # fmt: skip
