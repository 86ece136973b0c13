"""What one browser tab asks on the What-if page. No torch, no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moonviz.estimates.varying import depth_of, with_depth
from moonviz.precision import PrecisionReport
from moonviz.specs import PRESETS, NetworkSpec, preset
from moonviz.specs.precision import PrecisionSpec
from moonviz.ui.following import Following

if TYPE_CHECKING:
    from moonviz.ui.whatif_sweeps import Sounding

GIB = 2**30
FOUR = ("backprop", "checkpointing", "revbackprop", "moonwalk-mixed")

OPENING: dict[str, dict[str, Any]] = {"photo-revnet": {"channels": 256, "batch": 128}}
"""What an untouched page shows instead of a preset's own settings: sizes at which memory matters on a GPU."""


def opening(name: str) -> dict[str, Any]:
    """The settings with which an untouched page shows a preset."""
    return PRESETS[name].settings().model_dump() | OPENING.get(name, {})


@dataclass
class Whatif:
    """The What-if part of a tab's state. Plain data only.

    The network begins as the one that the other pages are about, and is the page's own from then on: what is tried
    here changes no race until it is handed over.

    Attributes:
        preset: The chosen preset.
        settings: All of its settings; `depth` and `batch` are the ones looked at.
        own: A network made on the Build page, in the preset's place.
        device: Its name in the catalogue; `gpu` and `memory` for no particular one, with and without what CUDA takes.
        budget_bytes: How much memory there is.
        optimizer: What keeps numbers of its own beside the weights: `none`, `momentum` or `adam`.
        methods: Names of the methods that are compared.
        error: The largest relative error that is still good enough, as a power of ten.
        anchor_every: Blocks between anchors, where it is asked what anchors would lift precision to.
        seen: The other pages' network when this page last looked: a later one is taken over.
        turn: How often everything was set from elsewhere; controls of another turn start afresh.
        told: By control: what it was last known to show.
        sounding: Dry runs that are being made for this page.
        job: A measurement of precision that runs, or ended without a result.
        walls: Measurements of precision by the network they were made on.
    """

    preset: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    own: NetworkSpec | None = None
    device: str = "gpu"
    budget_bytes: int = 24 * GIB
    optimizer: str = "momentum"
    methods: tuple[str, ...] = FOUR
    error: int = -3
    anchor_every: int = 8
    seen: str = ""
    turn: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    sounding: Sounding | None = None
    job: Following | None = None
    walls: dict[str, PrecisionReport] = field(default_factory=dict)

    def adopt(self, name: str, settings: dict[str, Any], own: NetworkSpec | None) -> None:
        """Take over the other pages' network, if it is another one than last time."""
        key = own.canonical() if own else f"{name}{sorted(settings.items())}"
        if key == self.seen:
            return
        untouched = own is None and settings == PRESETS[name].settings().model_dump()
        shown = opening(name) if untouched and not self.seen else dict(settings)
        self.seen, self.preset, self.settings, self.own = key, name, shown, own
        self.turn += 1

    def network(self) -> NetworkSpec:
        """The network at the depth and batch looked at.

        Raises:
            InvalidSpec: Naming the setting and what is allowed.
        """
        return self.own or preset(self.preset, **self.settings)

    @property
    def depth(self) -> int:
        """Blocks looked at; repeats of a hand-made network's repeated block."""
        return self.settings["depth"] if self.own is None else depth_of(self.own) or self.own.depth

    def choose(self, name: str) -> None:
        """Look at another preset, at its own settings."""
        self.preset, self.own = name, None
        self.settings = PRESETS[name].settings().model_dump()

    @property
    def deep(self) -> bool:
        """Whether the network's depth can be set."""
        return self.own is None or depth_of(self.own) is not None

    def set(self, name: str, value: Any) -> None:
        """Set one of the network's settings; of a network made by hand depth, batch and dtype."""
        if self.own is None:
            self.settings = self.settings | {name: value}
        elif name == "depth":
            self.own = with_depth(self.own, value)
        else:
            self.own = self.own.changed(**{name: value})

    def get(self, name: str) -> Any:
        """One of the network's settings."""
        if name == "depth":
            return self.depth
        return getattr(self.own, name) if self.own else self.settings[name]

    def take(self, report: PrecisionReport, spec: PrecisionSpec) -> None:
        """Keep a measurement of precision."""
        self.walls = self.walls | {spec.network.canonical(): report}

    def elsewhere(self, **changes: Any) -> NetworkSpec:
        """The network with some of its settings changed; the page stays as it is.

        Raises:
            InvalidSpec: Naming the setting and what is allowed.
        """
        other = replace(self)
        for name, value in changes.items():
            other.set(name, value)
        return other.network()


@lru_cache(maxsize=4)
def grid(low: int, high: int) -> tuple[int, ...]:
    """Whole numbers from low to high, four to a doubling once they are far enough apart."""
    found, octave = {low, high}, 1
    while octave <= high:
        found |= {octave * quarter // 4 for quarter in (4, 5, 6, 7) if low <= octave * quarter // 4 <= high}
        octave *= 2
    return tuple(sorted(found))
