"""What a network can start from: nothing, a preset, the printed text of an `nn.Sequential`, or a file."""

from __future__ import annotations

from html import escape

import streamlit as st

from moonviz.building.drafts import blank
from moonviz.data.stored import stored, stored_names
from moonviz.figures.miniature import miniature
from moonviz.reading.networks import read_network
from moonviz.reading.sequential import read_sequential
from moonviz.specs import PRESETS, NetworkSpec, preset
from moonviz.ui.build_begin import Read, begin, begin_with, begin_with_file
from moonviz.ui.own_data import bring, called, sources
from moonviz.ui.parts import heading


def start_from() -> None:
    """The section below the stack. What was on the bench can be had back by undo."""
    with st.container(key="build-start"):
        heading("Start from", "Undo brings back what was on the bench.")
        with st.container(key="build-cards"):
            _blank()
            for name in PRESETS:
                _preset(name)
        heading("Or bring your own")
        with st.container(key="build-bring"):
            _printed()
            _file()
            bring()


def _blank() -> None:
    with st.container(key="build-card-blank"):
        st.html(
            '<div class="mv-mini"></div><h3>Blank</h3><p>One LeakyReLU for a body, and the head that the data need.</p>'
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            data = st.selectbox(
                "Data", sources(), format_func=called, key="build.blank-data", label_visibility="collapsed", width=150
            )
            if st.button("Start blank", key="build.blank"):
                begin(blank(data))


def _preset(name: str) -> None:
    card = PRESETS[name]
    with st.container(key=f"build-card-{name}"):
        st.html(f"{_picture(name)}<h3>{escape(card.title)}</h3><p>{escape(card.notice)}</p>")
        if st.button("Start from this", key=f"build.from-{name}", help=f"{name}: {card.about}"):
            begin(preset(name))


@st.cache_resource(show_spinner=False)
def _picture(name: str) -> str:
    """The miniature of a preset, from its stored race: the engine's word on its layers, without asking it again."""
    if name not in stored_names():
        return '<div class="mv-mini"></div>'
    network = stored(name).network
    return miniature(NetworkSpec.read(network.spec), network.layers)


def _printed() -> None:
    with st.form("build-printed", border=False):
        text = st.text_area(
            "The printed text of a PyTorch nn.Sequential", height=132, key="build.printed", max_chars=200_000,
            placeholder="Sequential(\n  (0): Conv2d(1, 16, kernel_size=(3, 3), padding=(1, 1))\n  …",
            help="What print(model) shows. It is read as text; nothing in it is executed.",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            data = st.selectbox(
                "Data", sources(), format_func=called, key="build.printed-data", label_visibility="collapsed", width=150
            )
            pressed = st.form_submit_button("Read it")
    if pressed:
        begin_with(lambda: _read(text, data), "This text could not be read.")


def _read(text: str, data: str) -> Read:
    read = read_sequential(text, data)
    return read.network, read.notes


def _file() -> None:
    with st.form("build-file", border=False):
        given = st.file_uploader(
            "A network as JSON", type="json", key="build.file", help="From copy as JSON, or any result of a race."
        )
        pressed = st.form_submit_button("Open it")
    if pressed:
        begin_with_file(given, lambda data, name: (read_network(data), ()), "This file could not be read.")
