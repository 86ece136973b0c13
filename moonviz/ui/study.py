"""What one browser tab asks about precision, and what it last measured. No torch, no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.precision import PrecisionReport
from moonviz.specs import NetworkSpec, preset
from moonviz.specs.precision import PrecisionSpec
from moonviz.ui.following import Following

# Networks whose only repeated block can be repeated, at sizes that answer within seconds.
NETWORKS: dict[str, dict[str, Any]] = {
    "digits-dense": {},
    "digits-revnet": {"channels": 8, "batch": 32},
    "relu-net": {},
    "conv1d-fragments": {"channels": 8, "batch": 8},
    "glow-tiny": {"batch": 16},
    "reversible-transformer": {"batch": 4, "width": 32},
}
"""By preset: the settings that differ from its own."""

VARIANTS: dict[str, dict[str, Any]] = {
    "backprop": {"name": "backprop"},
    "checkpointing": {"name": "checkpointing"},
    "revbackprop": {"name": "revbackprop"},
    "moonwalk-mixed": {"name": "moonwalk-mixed"},
    "mixed, undoing layers": {"name": "moonwalk-mixed", "options": {"phase_one": "inverse"}},
    "mixed, running again": {"name": "moonwalk-mixed", "options": {"phase_one": "checkpointed"}},
}
"""By what a pill says: a method with its options."""

DEPTHS = (4, 8, 16, 32, 64, 128)
DTYPES = ("float64", "float32", "float16", "bfloat16")
ANCHORS = (16, 8, 4, 2)


@dataclass
class Study:
    """The precision part of a tab's state. Plain data only."""

    network: str = "digits-dense"
    slope: float = 0.1
    depths: tuple[int, ...] = (4, 8, 16)
    dtypes: tuple[str, ...] = ("float32",)
    variants: tuple[str, ...] = ("backprop", "revbackprop", "moonwalk-mixed")
    anchors: tuple[int, ...] = ()
    seeds: int = 3
    report: PrecisionReport | None = None
    job: Following | None = None

    def has_slope(self) -> bool:
        """Whether the chosen network has a LeakyReLU whose slope can be set."""
        return self.network != "relu-net"

    def spec_of_network(self) -> NetworkSpec:
        """The network as chosen; its depth and dtype are set by the question."""
        settings = dict(NETWORKS[self.network])
        if self.has_slope():
            settings["slope"] = self.slope
        return preset(self.network, **settings)

    def question(self) -> PrecisionSpec:
        """What is asked.

        Raises:
            InvalidSpec: Naming what is missing or too much.
        """
        for what, chosen in (("depth", self.depths), ("number format", self.dtypes), ("method", self.methods())):
            if not chosen:
                raise InvalidSpec(f"no {what} is chosen; choose at least one")
        return PrecisionSpec.read(
            {
                "network": self.spec_of_network().model_dump(mode="json"),
                "depths": list(self.depths),
                "dtypes": list(self.dtypes),
                "methods": self.methods(),
                "seeds": self.seeds,
            }
        )

    def methods(self) -> list[dict[str, Any]]:
        """The chosen variants, anchored ones last."""
        anchored = [{"name": "moonwalk-mixed", "options": {"anchor_every": every}} for every in self.anchors]
        return [*(VARIANTS[name] for name in self.variants), *anchored]

    def take(self, report: PrecisionReport, spec: PrecisionSpec) -> None:
        """Put a result on the page; it says itself what was asked."""
        self.report = report

    def stale(self) -> bool:
        """Whether the settings ask for something else than what this tab measured and shows."""
        if self.report is None:
            return False
        try:
            return self.question().canonical() != PrecisionSpec.read(self.report.spec).canonical()
        except InvalidSpec:
            return True
