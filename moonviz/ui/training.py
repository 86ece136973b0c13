"""What one browser tab trains, and what came out last. No torch, no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, field

from moonviz.errors import InvalidSpec
from moonviz.specs import NetworkSpec
from moonviz.specs.train import TrainSpec, suggested_rule
from moonviz.training import TrainReport
from moonviz.ui.following import Following


@dataclass
class Training:
    """The training part of a tab's state. Plain data only.

    Attributes:
        methods: The two to compare.
        rules: Learning rate and momentum by preset, where they were changed.
    """

    methods: tuple[str, str] = ("backprop", "moonwalk-mixed")
    steps: int = 200
    rules: dict[str, dict[str, float]] = field(default_factory=dict)
    report: TrainReport | None = None
    job: Following | None = None

    def rule(self, network: NetworkSpec) -> dict[str, float]:
        """`learning_rate` and `momentum`: as chosen for this preset, else as they suit it."""
        return suggested_rule(network) | self.rules.get(network.name, {})

    def question(self, network: NetworkSpec, device: str, seed: int) -> TrainSpec:
        """What is asked.

        Raises:
            InvalidSpec: Naming what is missing or too much.
        """
        return TrainSpec.read(
            {
                "network": network.model_dump(mode="json"),
                "methods": [{"name": name} for name in self.methods],
                "steps": self.steps,
                "test_every": max(1, self.steps // 20),
                "device": device,
                "batch_seed": seed,
                **self.rule(network),
            }
        )

    def take(self, report: TrainReport, spec: TrainSpec) -> None:
        """Put a result on the page; it says itself what was asked."""
        self.report = report

    def stale(self, asked: TrainSpec | None) -> bool:
        """Whether something else is asked for now than what is shown."""
        if self.report is None:
            return False
        try:
            return asked is None or asked.canonical() != TrainSpec.read(self.report.spec).canonical()
        except InvalidSpec:
            return True
