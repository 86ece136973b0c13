"""What one browser tab is about: its network, its run, and what it last showed. No torch; every page reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from moonviz.data.stored import stored, stored_names
from moonviz.errors import InvalidSpec
from moonviz.results import Report, Result
from moonviz.specs import METHODS, PRESETS, MethodChoice, NetworkSpec, RunSpec, method_options, preset
from moonviz.ui.following import Following

FIRST = "photo-revnet"
"""The preset that an untouched tab shows, with the stored race of the same name."""


@dataclass
class Shown:
    """The report on the page.

    Attributes:
        report: It.
        run: The run that made it; null where that cannot be said any more.
        stored: True if it shipped with the package.
    """

    report: Report
    run: RunSpec | None
    stored: bool = False


def defaults(name: str) -> dict[str, Any]:
    """A preset's settings as it declares them."""
    return PRESETS[name].settings().model_dump()


@dataclass
class Tab:
    """The state of a tab. Plain data only: numbers and specs, never tensors."""

    id: str = field(default_factory=lambda: uuid4().hex)
    preset: str = FIRST
    settings: dict[str, Any] = field(default_factory=lambda: defaults(FIRST))
    methods: tuple[str, ...] = ("backprop", "moonwalk-mixed")
    device: str = "auto"
    repeats: int = 5
    batch_seed: int = 0
    shown: Shown | None = None
    job: Following | None = None

    @classmethod
    def fresh(cls) -> Tab:
        """A tab nobody has touched yet: the stored race, if there is one."""
        tab = cls()
        if FIRST in stored_names():
            report = stored(FIRST)
            tab.methods = tuple(one.method for one in report.results if one.method in METHODS) or tab.methods
            tab.shown = Shown(report, _run_of(report, tab), stored=True)
        return tab

    def network(self) -> NetworkSpec:
        """The network of the chosen preset and settings.

        Raises:
            InvalidSpec: Naming the setting and what is allowed.
        """
        return preset(self.preset, **self.settings)

    def run(self) -> RunSpec:
        """The run as chosen.

        Raises:
            InvalidSpec: Naming what is wrong.
        """
        if not self.methods:
            raise InvalidSpec("no method is chosen; choose at least one to race")
        return RunSpec.read(
            {
                "network": self.network().model_dump(mode="json"),
                "methods": [{"name": name} for name in self.methods],
                "device": self.device,
                "repeats": self.repeats,
                "batch_seed": self.batch_seed,
            }
        )

    def stale(self) -> bool:
        """Whether the settings ask for another race than the one shown."""
        if self.shown is None or self.shown.run is None:
            return False
        try:
            return self.run().canonical() != self.shown.run.canonical()
        except InvalidSpec:
            return True


def _spoken(result: Result) -> dict[str, object]:
    """The options that are not as they are by default."""
    return method_options(result.method, result.options).model_dump(exclude_defaults=True)


def _run_of(report: Report, tab: Tab) -> RunSpec | None:
    """The run behind a stored report, at the tab's device and repeats: those do not make it another race."""
    try:
        return RunSpec(
            network=NetworkSpec.read(report.network.spec),
            methods=tuple(MethodChoice(name=one.method, options=_spoken(one)) for one in report.results),
            repeats=tab.repeats,
            batch_seed=tab.batch_seed,
        )
    except (InvalidSpec, ValueError):
        return None
