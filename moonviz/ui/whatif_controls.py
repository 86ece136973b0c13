"""The controls of the What-if page: which network, which memory, how deep, how large a batch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, get_args

import streamlit as st

from moonviz.estimates.catalogue import DEVICES, find_device
from moonviz.estimates.devices import OPTIMIZERS, Device, custom, this_machine
from moonviz.figures.style import memory_text
from moonviz.figures.whatif_answer import WIDE
from moonviz.specs import METHODS, PRESETS
from moonviz.specs.network import DType
from moonviz.ui.controls import fields, menu
from moonviz.ui.parts import say
from moonviz.ui.whatif_state import GIB, Whatif, grid

SIZES = tuple(size * GIB for size in (4, 8, 16, 24, 48, 80))
"""Common sizes of memory, as buttons."""
OPTIMIZER_NAMES = {"none": "no optimizer state", "momentum": "SGD with momentum", "adam": "Adam"}
ANY_GPU, MEMORY = "gpu", "memory"
NO_DEVICE = {ANY_GPU: "any CUDA GPU", MEMORY: "memory alone"}
MOST_DEPTH, MOST_BATCH = 10_000, 65_536


BUDGETS = grid(64 * 2**20, 2**40)


def nearest(options: Sequence[int], value: int) -> int:
    """The option next to a value."""
    at = bisect_left(options, value)
    around = options[max(0, at - 1) : at + 1]
    return min(around, key=lambda one: abs(one - value))


def device_of(page: Whatif) -> Device:
    """The device looked at, with the memory looked at."""
    if page.device in NO_DEVICE:
        return custom(page.budget_bytes, cuda=page.device == ANY_GPU)
    found = _machine() if page.device == _machine().name else find_device(page.device)
    return found or custom(page.budget_bytes, cuda=True)


@lru_cache(maxsize=1)
def _machine() -> Device:
    return this_machine()


def devices() -> tuple[str, ...]:
    """Names that a link may carry: this machine is another one elsewhere."""
    return *NO_DEVICE, *(one.name for one in DEVICES)


# --- what was just set, taken in before anything is drawn ---


def hear(page: Whatif) -> None:
    """Take in what was just chosen. The headline stands above the controls and depends on them."""
    for name, apply in HEARD.items():
        key = _key(page, name)
        if key in st.session_state and st.session_state[key] != page.told.get(key):
            value = page.told[key] = st.session_state[key]
            if value is not None:
                apply(page, value)


def _budget(page: Whatif, size: int) -> None:
    """So much memory. A catalogued device has its own, so it is left: for any GPU, or for memory alone."""
    if page.device not in NO_DEVICE:
        page.device = ANY_GPU if device_of(page).cuda else MEMORY
    page.budget_bytes = size


def _device(page: Whatif, name: str) -> None:
    page.device = name
    page.budget_bytes = device_of(page).memory_bytes


def _methods(page: Whatif, names: Sequence[str]) -> None:
    page.methods = tuple(name for name in METHODS if name in names)


def _wide(page: Whatif, value: int) -> None:
    page.set(wide_name(page) or "", value)


def wide_name(page: Whatif) -> str | None:
    """The setting that makes every layer of this network wider, if it has one."""
    return None if page.own else next((name for name in WIDE if name in page.settings), None)


HEARD: dict[str, Callable[[Whatif, Any], None]] = {
    "preset": lambda page, value: page.choose(value),
    "wide": _wide,
    "dtype": lambda page, value: page.set("dtype", value),
    "optimizer": lambda page, value: setattr(page, "optimizer", value),
    "methods": _methods,
    "sizes": _budget,
    "budget": _budget,
    "device": _device,
    "depth": lambda page, value: page.set("depth", value),
    "depth-slider": lambda page, value: page.set("depth", value),
    "batch": lambda page, value: page.set("batch", value),
    "batch-slider": lambda page, value: page.set("batch", value),
}
"""By a control's name: what it sets."""


def _key(page: Whatif, name: str) -> str:
    return f"whatif.{name}.{page.turn}"


def _set(page: Whatif, name: str, value: Any) -> str:
    """Make a control show a value, and return its key. What it shows already is left alone, even while it is moved."""
    key = _key(page, name)
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    page.told[key] = value
    return key


# --- drawing ---


def network_sentence(page: Whatif, refused: set[str]) -> None:
    """Which network, and who trains it."""
    with st.container(horizontal=True, key="whatif-sentence", vertical_alignment="center"):
        say("Train")
        if page.own is None:
            names = list(PRESETS)
            st.selectbox(
                "Network", names, format_func=menu, key=_set(page, "preset", page.preset),
                label_visibility="collapsed", width=270,
            )  # fmt: skip
        else:
            _own(page)
        _width(page)
        with _together():
            say("in")
            st.selectbox(
                "Number format", list(get_args(DType)), key=_set(page, "dtype", page.get("dtype")),
                label_visibility="collapsed", width=112,
            )  # fmt: skip
        with _together():
            say("with")
            st.selectbox(
                "Optimizer", list(OPTIMIZERS), format_func=OPTIMIZER_NAMES.__getitem__,
                key=_set(page, "optimizer", page.optimizer), label_visibility="collapsed", width=182,
            )  # fmt: skip
    with st.container(key="whatif-methods"):
        st.pills(
            "Methods", list(METHODS), selection_mode="multi", key=_set(page, "methods", list(page.methods)),
            format_func=lambda name: f"~~{name}~~" if name in refused else name, label_visibility="collapsed",
        )  # fmt: skip


def _own(page: Whatif) -> None:
    st.html(f'<span class="mv-own">{page.own.name[:40]}</span>' if page.own else "", width="content")
    if st.button("Use a preset", type="tertiary", key="whatif.own-leave"):
        page.choose(next(iter(PRESETS)))
        page.turn += 1
        st.rerun()


def _width(page: Whatif) -> None:
    name = wide_name(page)
    if name is None:
        return
    schema = fields(page.preset)[name]
    low, high = max(schema.get("minimum", 1), schema.get("multipleOf", 1)), min(schema["maximum"], 4096)
    options = tuple(one for one in grid(1, high) if one >= low and one % schema.get("multipleOf", 1) == 0)
    with _together():
        say("of width" if name == "width" else f"of {name}")
        st.select_slider(
            name.capitalize(), options, key=_set(page, "wide", nearest(options, page.get(name))), width=170,
            label_visibility="collapsed", format_func=lambda one: f"{one:,}",
        )  # fmt: skip


def memory_row(page: Whatif) -> None:
    """How much memory, and of what."""
    device = device_of(page)
    with st.container(horizontal=True, key="whatif-memory", vertical_alignment="center"):
        with _together():
            say("Memory budget")
            st.html(f'<b class="mv-budget">{memory_text(device.memory_bytes)}</b>', width="content")
        st.select_slider(
            "Memory budget", BUDGETS, key=_set(page, "budget", nearest(BUDGETS, device.memory_bytes)),
            format_func=memory_text, label_visibility="collapsed", width="stretch",
        )  # fmt: skip
        common = device.memory_bytes if device.memory_bytes in SIZES else None
        st.pills(
            "Common sizes", SIZES, key=_set(page, "sizes", common),
            format_func=memory_text, label_visibility="collapsed",
        )  # fmt: skip
        with _together():
            say("of")
            names = [*NO_DEVICE, _machine().name, *(one.name for one in DEVICES)]
            st.selectbox(
                "Device", names, format_func=_device_name, key=_set(page, "device", page.device),
                label_visibility="collapsed", width=248,
            )  # fmt: skip


def _device_name(name: str) -> str:
    if name in NO_DEVICE:
        return NO_DEVICE[name]
    device = _machine() if name == _machine().name else find_device(name)
    return f"{name} · {memory_text(device.memory_bytes)}" if device else name


def size_row(page: Whatif, deep: bool) -> None:
    """How deep and how large a batch to look at."""
    with st.container(horizontal=True, key="whatif-sizes-asked", vertical_alignment="center"):
        say("Look at")
        if deep:
            _size(page, "depth", "blocks", MOST_DEPTH)
        _size(page, "batch", "examples in the batch", MOST_BATCH)


def _size(page: Whatif, name: str, unit: str, most: int) -> None:
    options, value = grid(1, most), page.get(name)
    with st.container(horizontal=True, key=f"whatif-size-{name}", vertical_alignment="center", wrap=False):
        st.number_input(
            name.capitalize(), 1, 1_000_000 if name == "batch" else most, key=_set(page, name, value), step=1,
            label_visibility="collapsed", width=86,
        )  # fmt: skip
        say(unit)
        st.select_slider(
            f"{name.capitalize()}, as a slider", options, key=_set(page, f"{name}-slider", nearest(options, value)),
            format_func=lambda one: f"{one:,}", label_visibility="collapsed", width="stretch",
        )  # fmt: skip


def _together() -> Any:
    """A word and its control: they never part at a line's end."""
    return st.container(horizontal=True, vertical_alignment="center", width="content", wrap=False)
