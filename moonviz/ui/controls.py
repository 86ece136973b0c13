"""The setup of a race as one sentence of controls. Ranges come from the preset's settings and the engine's limits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.words import prose
from moonviz.jobs.admission import Limits
from moonviz.jobs.devices import likely_device
from moonviz.specs import METHODS, PRESETS, RunSpec, method_options
from moonviz.ui.fitness import await_fit, fit
from moonviz.ui.foretelling import foretell
from moonviz.ui.own import own_network
from moonviz.ui.parts import panel, say
from moonviz.ui.state import Tab, defaults

DEVICES = ["auto", *(("cpu",) if likely_device() == "cpu" else (likely_device(), "cpu"))]
"""What the page may offer: this process cannot look for accelerators itself, and a worker refuses what is not there."""
IN_SENTENCE = ("depth", "batch", "dtype")
HELP = {
    "depth": "How many blocks the network has. A block is a coupling, or a layer with its activation.",
    "batch": "How many examples are trained on at once. Activations grow with it.",
    "dtype": "The numbers' format. float64 carries about 16 digits, float32 about 7, bfloat16 about 2.",
    "seed": "Draws the weights. The same seed gives the same network in every dtype.",
    "channels": "Width of the convolutions.",
    "width": "Numbers per layer.",
    "slope": "What a LeakyReLU multiplies negative numbers with. Small slopes are harder to undo.",
    "last_scale": "Initial size of each coupling's last convolution. Deep networks need it below 1.",
}
PHASES = {"residuals": "kept bits", "inverse": "undoing layers", "checkpointed": "running segments again"}
ANCHORS = (0, 2, 4, 8, 16)
NAMES = {"last_scale": "Scale of last conv", "dtype": "Number format", "seed": "Seed of the weights"}


@lru_cache(maxsize=32)
def fields(preset: str) -> dict[str, dict[str, Any]]:
    """The JSON schema of each setting of a preset."""
    return PRESETS[preset].settings.model_json_schema()["properties"]


@lru_cache(maxsize=1)
def limits() -> Limits:
    """What this server lets a race cost."""
    return Limits.from_environment()


def menu(preset: str) -> str:
    """A preset in the menu: its title, and the name by which the rest of the app and the command line call it."""
    return f"{PRESETS[preset].title} · {preset}"


def sentence(tab: Tab) -> RunSpec | None:
    """The setup sentence. Keeps the tab's choices and returns the run that Run was pressed for."""
    busy = tab.job is not None and tab.job.running
    _hear(tab)
    with st.container(horizontal=True, key="race-sentence", vertical_alignment="center"):
        say("Race")
        _methods(tab)
        if tab.own is None:
            _chosen_preset(tab)
        else:
            own_network(tab, "race", limits())
        with st.popover("More", key="race.more"):
            _more(tab)
        place = st.container(key="race-cost")
        pressed = st.button("Run on this machine", type="primary", key="race.run", disabled=busy or not tab.methods)
    if not pressed:  # what is awaited draws the page again, and that would forget that Run was pressed
        await_fit(tab)
    try:
        run = tab.run()
    except InvalidSpec as error:
        panel("These settings cannot be raced.", str(error), bad=True)
        return None
    if not pressed:
        with place:
            foretell(tab, run, limits())
    fits = _tell_fit(tab, run)
    return run if pressed and fits else None


def _hear(tab: Tab) -> None:
    """Take in what was just chosen before anything is drawn.

    The methods come first in the sentence, and which of them are struck through depends on what stands behind them.
    """
    chosen = st.session_state.get(_key(tab, "preset"))
    if chosen and chosen != tab.preset:
        # Another network brings its own settings; its widgets have keys of their own.
        tab.preset, tab.settings = chosen, defaults(chosen)
    for name in fields(tab.preset):
        heard = st.session_state.get(_key(tab, f"{tab.preset}.{name}"))
        if heard is not None:
            tab.settings[name] = heard


def _tell_fit(tab: Tab, run: RunSpec) -> bool:
    """Say which methods cannot train this network, and which take very many passes. Returns whether all can."""
    found = fit(tab)
    if found is None:
        return True
    refused = [why for choice in run.methods if (why := found.refusal(choice.resolved))]
    if refused:
        panel("Not every method can train this network. Take out what is struck through.", *refused, bad=True)
    else:
        others = [why for name in METHODS if name not in tab.methods and (why := found.refusal(method_options(name)))]
        slow = [words for choice in run.methods if (words := found.passes(choice.resolved, run.network))]
        if others or slow:
            st.html("".join(f'<p class="mv-unfit">{prose(words)}</p>' for words in [*slow, *others]))
    return not refused


def _key(tab: Tab, name: str) -> str:
    """A control's key. Once settings came from a file it is another control, which starts from the tab's settings."""
    return f"race.{name}.{tab.turn}" if tab.turn else f"race.{name}"


def _together() -> Any:
    """A word and its control: they never part at a line's end."""
    return st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False)


def _methods(tab: Tab) -> None:
    found = fit(tab)
    struck = {name for name in METHODS if found and found.refusal(method_options(name))}
    chosen = st.pills(
        "Methods", list(METHODS), selection_mode="multi", default=list(tab.methods), key=_key(tab, "methods"),
        format_func=lambda name: f"~~{name}~~" if name in struck else name, label_visibility="collapsed",
    )  # fmt: skip
    tab.methods = tuple(name for name in METHODS if name in chosen)


def _chosen_preset(tab: Tab) -> None:
    with _together():
        say("on")
        _preset(tab)
    for word, name in (("depth", "depth"), ("batch", "batch"), ("in", "dtype")):
        with _together():
            say(word)
            tab.settings[name] = _setting(tab, name, "collapsed")


def _preset(tab: Tab) -> None:
    names = list(PRESETS)
    st.selectbox(
        "Network", names, index=names.index(tab.preset), format_func=menu, key=_key(tab, "preset"),
        label_visibility="collapsed", width=236,
    )  # fmt: skip


def _more(tab: Tab) -> None:
    if "moonwalk-mixed" in tab.methods:
        _variants(tab)
    if "projforward" in tab.methods:
        about = "K: how many random directions are averaged. The more, the less noise."
        tab.directions = st.number_input(
            "Directions of projforward", 1, 100_000, tab.directions, key=_key(tab, "directions"), help=about
        )
    for name in fields(tab.preset) if tab.own is None else ():
        if name not in IN_SENTENCE:
            tab.settings[name] = _setting(tab, name, "visible")
    for name, label, low, high, about in (
        ("batch_seed", "Seed of the batch", 0, 2**32 - 1, "Draws the examples that are trained on."),
        ("repeats", "Timed runs", 1, limits().max_repeats or 101, "The median of their times is shown."),
    ):
        value = getattr(tab, name)
        setattr(tab, name, st.number_input(label, low, high, value, step=1, key=_key(tab, name), help=about))
    about = "auto takes the fastest that this machine has."
    tab.device = st.selectbox("Device", DEVICES, DEVICES.index(tab.device), key=_key(tab, "device"), help=about)


def _variants(tab: Tab) -> None:
    """Options of moonwalk-mixed; each way of finding h at the input enters the race by itself."""
    chosen = st.pills(
        "How moonwalk-mixed finds h at the input", list(PHASES), selection_mode="multi", default=list(tab.phases),
        key=_key(tab, "phases"), format_func=PHASES.__getitem__,
        help="h is the gradient on its way. Kept bits are the usual way; undoing needs invertible layers; running "
        "again keeps bits of one segment.",
    )  # fmt: skip
    tab.phases = tuple(phase for phase in PHASES if phase in chosen) or ("residuals",)
    anchors = sorted({*ANCHORS, tab.anchor_every})  # a file may bring another number
    every = st.selectbox(
        "Anchors of moonwalk-mixed", anchors, anchors.index(tab.anchor_every), key=_key(tab, "anchors"),
        format_func=lambda every: f"every {every} blocks" if every else "none",
        help="A whole h kept every so many blocks, against drift.",
    )  # fmt: skip
    tab.anchor_every = every


def _setting(tab: Tab, name: str, visibility: str) -> Any:
    """One setting's widget, by its schema.

    Its value is the widget's default and never written through the session: a widget in a popover that has not been
    opened would miss that and come up with its least value.
    """
    schema, value = fields(tab.preset)[name], tab.settings[name]
    label = NAMES.get(name, name.capitalize().replace("_", " "))
    hidden = visibility == "collapsed"
    shared = {
        "key": _key(tab, f"{tab.preset}.{name}"),
        "help": None if hidden else HELP.get(name),
        "label_visibility": visibility,
    }
    if "enum" in schema:
        options = schema["enum"]
        return st.selectbox(label, options, options.index(value), width=112 if hidden else "stretch", **shared)
    low, high, step = bounds(name, schema)
    return st.number_input(
        label, low, high, min(max(value, low), high), step=step, width=78 if hidden else "stretch", **shared
    )


def bounds(name: str, schema: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Least, most and step of a number, the most capped by what this server allows."""
    cap = {"depth": limits().max_depth, "batch": limits().max_batch}.get(name)
    if schema["type"] == "integer":
        high = min(schema["maximum"], cap or schema["maximum"])
        return schema.get("minimum", 0), high, schema.get("multipleOf", 1)
    step = 0.05
    low = schema["minimum"] if "minimum" in schema else schema.get("exclusiveMinimum", 0.0) + 0.01
    return float(low), float(schema["maximum"]), step
