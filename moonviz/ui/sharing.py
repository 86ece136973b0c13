"""A tab as what a link says, and a tab set to what a link says. What cannot be set here is told."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from moonviz.building.history import History
from moonviz.errors import InvalidSpec
from moonviz.links import PrecisionChoice, State
from moonviz.links.mending import shown
from moonviz.specs import METHODS
from moonviz.specs.run import MethodChoice
from moonviz.specs.train import suggested_rule
from moonviz.ui.controls import DEVICES, PHASES, bounds, fields, limits
from moonviz.ui.state import Tab
from moonviz.ui.study import ANCHORS, DEPTHS, DTYPES, NETWORKS, VARIANTS, Study
from moonviz.ui.whatif_controls import devices

BENCH = "build"
"""The page whose links carry the draft. It is taken to the other pages from there, when it is whole."""
AHEAD = "whatif"
"""The page that looks at a network of its own."""
MIXED, GUESS = "moonwalk-mixed", "projforward"


def state_of(tab: Tab, page: str) -> State:
    """What a link to a page says about a tab.

    Args:
        tab: It.
        page: The page's name as its address has it; the front page is `race`.

    Raises:
        InvalidSpec: If the tab's settings are none that a network can have.
    """
    study, ahead = tab.study, tab.whatif
    # The What-if page has a network of its own once it has been looked at.
    about = ahead if page == AHEAD and ahead.preset else tab
    own = tab.draft.present if page == BENCH else about.own
    return State.read(
        {
            "page": page,
            "own": own and own.model_dump(mode="json"),
            "preset": about.preset,
            "settings": about.settings,
            "methods": tab.choices(),
            "device": tab.device,
            "repeats": tab.repeats,
            "batch_seed": tab.batch_seed,
            "precision": {
                "network": study.network,
                "slope": study.slope,
                "depths": list(study.depths),
                "dtypes": list(study.dtypes),
                "methods": study.methods(),
                "seeds": study.seeds,
            },
            "training": _training(tab),
            "whatif": {
                "device": ahead.device if ahead.device in devices() else "gpu",
                "budget_bytes": ahead.budget_bytes,
                "optimizer": ahead.optimizer,
                "methods": list(ahead.methods),
                "error": ahead.error,
                "anchor_every": ahead.anchor_every,
            },
        }
    )


def _training(tab: Tab) -> dict[str, Any]:
    here = tab.training
    rule: dict[str, float] = {}
    with suppress(InvalidSpec):  # settings that do not go together are a link too; the page says what is wrong
        network = tab.network()
        usual, own = suggested_rule(network), here.rules.get(network.name, {})
        rule = {name: value for name, value in own.items() if value != usual[name]}
    return {"first": here.methods[0], "second": here.methods[1], "steps": here.steps, **rule}


def take(tab: Tab, state: State) -> list[str]:
    """Set a tab to what a link says, before any of its controls are drawn.

    Returns:
        A notice for everything that this page or server cannot be set to.
    """
    notices: list[str] = []
    tab.preset = state.preset
    tab.settings = {name: _fitting(state.preset, name, value, notices) for name, value in state.settings.items()}
    if state.own:
        tab.draft = History(state.own)
        tab.own = None if state.page == BENCH else state.own
    _race(tab, state, notices)
    _study(tab.study, state.precision, notices)
    _train(tab, state)
    _ahead(tab, state, notices)
    return notices


def _fitting(preset: str, name: str, value: Any, notices: list[str]) -> Any:
    """A setting within what its control and this server allow."""
    schema = fields(preset)[name]
    if "enum" in schema:
        return value
    low, high, _ = bounds(name, schema)
    if low <= value <= high:
        return value
    end, word = (high, "most") if value > high else (low, "least")
    notices.append(f"{name} {shown(value)} → {shown(end)}, the {word} that can be set here")
    return end


def _race(tab: Tab, state: State, notices: list[str]) -> None:
    """Methods with their options, and how they run."""
    walks = [one.resolved for one in state.methods if one.name == MIXED]
    guess = next((one.resolved for one in state.methods if one.name == GUESS), None)
    tab.methods = tuple(name for name in METHODS if name in {one.name for one in state.methods})
    tab.phases = tuple(phase for phase in PHASES if phase in {walk.phase_one for walk in walks}) or tab.phases
    tab.anchor_every = next((walk.anchor_every for walk in walks if walk.anchor_every), 0)
    tab.directions = guess.directions if guess else tab.directions
    can = {MethodChoice(**choice).label for choice in tab.choices()}
    for one in state.methods:
        if one.label not in can:
            notices.append(f"`{one.label}` cannot be set here; `{one.name}` enters as the controls show it")
    tab.device, tab.batch_seed = state.device, state.batch_seed
    if state.device not in DEVICES:
        notices.append(f"device {state.device} is not known here; auto takes its place")
        tab.device = "auto"
    most = limits().max_repeats or state.repeats
    if state.repeats > most:
        notices.append(f"timed runs {state.repeats} → {most}, the most that can be set here")
    tab.repeats = min(state.repeats, most)


def _study(study: Study, said: PrecisionChoice, notices: list[str]) -> None:
    """The question of the Precision page, as far as its menus have it."""
    if said.network in NETWORKS:
        study.network = said.network
    else:
        notices.append(f"Precision: network `{said.network}` cannot be measured there; `{study.network}` is as it was")
    study.slope, study.seeds = said.slope, said.seeds
    study.depths = _listed("depth", said.depths, DEPTHS, notices)
    study.dtypes = _listed("number format", said.dtypes, DTYPES, notices)
    variants, anchors = set(), set()
    for one in said.methods:
        names = [name for name, plain in VARIANTS.items() if MethodChoice(**plain) == one]
        every = one.options.get("anchor_every")
        if names:
            variants.add(names[0])
        elif one.name == MIXED and list(one.options) == ["anchor_every"] and every in ANCHORS:
            anchors.add(every)
        else:
            notices.append(f"Precision: `{one.label}` is not among its methods and is left out")
    study.variants = tuple(name for name in VARIANTS if name in variants)
    study.anchors = tuple(every for every in ANCHORS if every in anchors)


def _listed(what: str, given: Sequence[Any], menu: Sequence[Any], notices: list[str]) -> tuple[Any, ...]:
    """Of what is given what stands in a menu, in the menu's order."""
    missing = [str(one) for one in dict.fromkeys(given) if one not in menu]
    if missing:
        notices.append(f"Precision: {what} {', '.join(missing)} is not in its menu and is left out")
    return tuple(one for one in menu if one in given)


def _train(tab: Tab, state: State) -> None:
    said = state.training
    tab.training.methods, tab.training.steps = (said.first, said.second), said.steps
    rule = {name: value for name in ("learning_rate", "momentum") if (value := getattr(said, name)) is not None}
    if not rule:
        return
    with suppress(InvalidSpec):  # the page says so
        network = tab.network()
        tab.training.rules[network.name] = suggested_rule(network) | rule


def _ahead(tab: Tab, state: State, notices: list[str]) -> None:
    """What the What-if page asks. A link to it is about its own network, at the depth and batch looked at."""
    page, said = tab.whatif, state.whatif
    page.device, page.budget_bytes, page.optimizer = said.device, said.budget_bytes, said.optimizer
    page.methods, page.error, page.anchor_every = tuple(dict.fromkeys(said.methods)), said.error, said.anchor_every
    if said.device not in devices():
        page.device = "gpu"
        notices.append(f"What if: device {shown(said.device)} is not in its catalogue; any GPU of so much memory is")
    if state.page == AHEAD:
        page.seen = "a link"  # so that even an untouched network is shown as the link has it
