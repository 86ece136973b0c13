"""What one browser tab is about: its network, its run, and what it last showed. No torch; every page reads it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from moonviz.building.examples import EXAMPLE
from moonviz.building.history import History
from moonviz.data.own import forget
from moonviz.data.stored import stored, stored_names
from moonviz.errors import InvalidSpec
from moonviz.results import Report
from moonviz.specs import METHODS, PRESETS, NetworkSpec, RunSpec, preset
from moonviz.specs.presets.recognise import recognise
from moonviz.ui.following import Following
from moonviz.ui.shown import Shown
from moonviz.ui.study import Study
from moonviz.ui.training import Training
from moonviz.ui.whatif_state import Whatif

FIRST = "photo-revnet"
"""The preset that an untouched tab shows, with the stored race of the same name."""

MOST_KEPT = 8
"""Results that a tab keeps for when their settings come back."""


ASKED = (
    "preset", "settings", "own", "methods", "phases", "anchor_every", "directions", "device", "repeats", "batch_seed",
)  # fmt: skip
"""What a tab asks for."""


def defaults(name: str) -> dict[str, Any]:
    """A preset's settings as it declares them."""
    return PRESETS[name].settings().model_dump()


@dataclass
class Tab:
    """The state of a tab. Plain data only: numbers and specs, never tensors.

    Attributes:
        phases: How moonwalk-mixed finds h at the input; it enters once for each.
        anchor_every: Blocks between its anchors; 0 for none.
        directions: K of projforward.
        asked: The network whose layers are being asked for: its canonical spec, the job, its blocks.
        costing: The race whose cost is being asked for: its canonical spec, and the job.
        pinned: The settings at which a result from a file was opened. While they stand, it stays.
        finished: The last race that ended in this tab while the settings asked for another one.
        turn: How often settings came from a file: controls of another turn are others, and start from the tab's.
        draft: The network on the Build page, with its past.
        own: A network made there that every page is about, in place of the preset's; null for the preset's.
        brought: Own data of this tab, the oldest first: sources that networks can see.
    """

    id: str = field(default_factory=lambda: uuid4().hex)
    preset: str = FIRST
    settings: dict[str, Any] = field(default_factory=lambda: defaults(FIRST))
    methods: tuple[str, ...] = ("backprop", "moonwalk-mixed")
    phases: tuple[str, ...] = ("residuals",)
    anchor_every: int = 0
    directions: int = 1
    device: str = "auto"
    repeats: int = 5
    batch_seed: int = 0
    shown: Shown | None = None
    job: Following | None = None
    asked: tuple[str, str, int] | None = None
    costing: tuple[str, str] | None = None
    study: Study = field(default_factory=Study)
    training: Training = field(default_factory=Training)
    whatif: Whatif = field(default_factory=Whatif)

    kept: dict[str, Shown] = field(default_factory=dict)
    finished: Shown | None = None
    pinned: str = ""
    turn: int = 0
    draft: History = field(default_factory=lambda: History(EXAMPLE))
    own: NetworkSpec | None = None
    brought: list[str] = field(default_factory=list)

    @classmethod
    def fresh(cls) -> Tab:
        """A tab nobody has touched yet: the stored race, if there is one."""
        tab = cls()
        tab.settle()
        if tab.shown is None and FIRST in stored_names():
            tab.shown = Shown(stored(FIRST), None, stored=True)
        return tab

    def leave(self) -> None:
        """The tab is closed: what it has brought is deleted."""
        while self.brought:
            forget(self.brought.pop())

    def show(self, shown: Shown) -> None:
        """Put a result on the page, and keep it for when its settings come back."""
        self.shown = shown
        if shown.run:
            self.kept[shown.run.canonical()] = shown
            while len(self.kept) > MOST_KEPT:
                self.kept.pop(next(iter(self.kept)))

    def take(self, report: Report, run: RunSpec) -> None:
        """Show what a run of this tab gave."""
        shown = Shown(report, run, job=self.job.id if self.job else "")
        self.show(shown)
        self.finished = shown if self._wanted() != run.canonical() else None

    def revisit(self, shown: Shown) -> None:
        """Go back to a race of this tab: its settings, where they can be asked for, and its result."""
        self.finished = None
        if shown.run and self._ask_for(shown.run):
            self.turn += 1
        self.show(shown)
        self.pinned = self._wanted()

    def settle(self) -> None:
        """Show what is already known about the race that is asked for: made in this tab before, or stored."""
        try:
            run = self.run()
        except InvalidSpec:
            return
        if self.pinned == run.canonical():
            return
        self.pinned = ""
        known = self.kept.get(run.canonical())
        if known:
            self.shown = known
        elif self.preset in stored_names() and _answers(stored(self.preset), run):
            labels = tuple(choice.label for choice in run.methods)
            self.shown = Shown(stored(self.preset, labels), run, stored=True)

    def open(self, report: Report, run: RunSpec | None, name: str) -> None:
        """Show a result from a file, and take over its settings where they are ones that this tab can ask for."""
        own = self._ask_for(run) if run else None
        self.show(Shown(report, own, loaded=name))
        self.pinned = self._wanted()
        self.turn += 1

    def _wanted(self) -> str:
        """What is asked for, as text to compare; empty while it cannot be asked."""
        try:
            return self.run().canonical()
        except InvalidSpec:
            return ""

    def _ask_for(self, run: RunSpec) -> RunSpec | None:
        """Set everything so that this tab asks for the same; null, and nothing set, where it cannot."""
        same = run.network == self.own
        found = (self.preset, self.settings) if same else recognise(run.network)
        if found is None:
            return None
        walks = [choice.resolved for choice in run.methods if choice.name == "moonwalk-mixed"]
        guess = next((choice.options for choice in run.methods if choice.name == "projforward"), {})
        trial = replace(
            self,
            preset=found[0],
            settings=found[1],
            own=self.own if same else None,
            methods=tuple(name for name in METHODS if name in {choice.name for choice in run.methods}),
            phases=tuple(dict.fromkeys(one.phase_one for one in walks)) or self.phases,
            anchor_every=next((one.anchor_every or 0 for one in walks), self.anchor_every),
            directions=guess.get("directions", 1) if guess else self.directions,
            device=run.device,
            repeats=run.repeats,
            batch_seed=run.batch_seed,
        )
        if {one.label for one in trial.run().methods} != {one.label for one in run.methods}:
            return None
        for name in ASKED:
            setattr(self, name, getattr(trial, name))
        return self.run()

    def network(self) -> NetworkSpec:
        """The network made by hand, or that of the chosen preset and settings.

        Raises:
            InvalidSpec: Naming the setting and what is allowed.
        """
        return self.own or preset(self.preset, **self.settings)

    def choices(self) -> list[dict[str, Any]]:
        """Every method that enters, with the options that differ from its own."""
        listed: list[dict[str, Any]] = []
        for name in self.methods:
            if name == "moonwalk-mixed":
                anchors = {"anchor_every": self.anchor_every} if self.anchor_every else {}
                chosen = ({"phase_one": phase} if phase != "residuals" else {} for phase in self.phases)
                listed += [{"name": name, "options": phase | anchors} for phase in chosen]
            elif name == "projforward" and self.directions != 1:
                listed.append({"name": name, "options": {"directions": self.directions}})
            else:
                listed.append({"name": name, "options": {}})
        return listed

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
                "methods": self.choices(),
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


def _answers(report: Report, run: RunSpec) -> bool:
    """Whether a stored report holds all that a run asks for; how often it was timed makes no difference."""
    return (
        NetworkSpec.read(report.network.spec) == run.network
        and {choice.label for choice in run.methods} <= {one.label for one in report.results}
        and run.batch_seed == 0
        and run.device in ("auto", report.environment.device)
    )
