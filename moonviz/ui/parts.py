"""Small parts that pages are made of: the frame, headlines, figures with their twins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

import pandas as pd
import streamlit as st

from moonviz.figures.chart import Chart, Columns
from moonviz.figures.css import css_variables, mark
from moonviz.figures.headline import Headline
from moonviz.figures.style import Scheme
from moonviz.figures.words import JARGON, prose
from moonviz.specs import METHODS
from moonviz.ui.study import VARIANTS

HERE = Path(__file__).parent
LOGO = HERE / "logo.svg"
STYLES = ("style.css", "pages.css", "build.css", "whatif.css")


@st.cache_resource(show_spinner=False)
def _stylesheet() -> str:
    marks = "\n".join(
        f"[class*=st-key-{key}] button:nth-of-type({at})::before"
        f"{{background:var(--mv-m-{name});mask-image:var(--mv-g-{name})}}"
        for key, names in (
            ("race-methods", METHODS),
            ("whatif-methods", METHODS),
            ("precision-methods", [one["name"] for one in VARIANTS.values()]),
        )
        for at, name in enumerate(names, start=1)
    )
    rules = "\n".join((HERE / name).read_text("utf-8") for name in STYLES)
    return f"<style>{css_variables()}\n{rules}\n{marks}</style>"


_listen_for_scheme = st.components.v2.component("scheme", js=(HERE / "scheme.js").read_text("utf-8"))
_listen_for_saves = st.components.v2.component("saving", js=(HERE / "saving.js").read_text("utf-8"))


def frame() -> None:
    """The stylesheet and the logo; once per run of any page."""
    st.html(_stylesheet())
    st.logo(LOGO, size="medium")
    with st.container(key="frame-scheme"):
        _listen_for_scheme(key="frame.scheme", on_dark_change=lambda: None, height="content")
        # One listener for the Save buttons of all figures: a component for each would cost every rerun.
        _listen_for_saves(key="frame.saving", height="content")


def scheme() -> Scheme:
    """Light or dark, as this browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def say(words: str) -> None:
    """A word of a sentence of controls."""
    st.html(f'<span class="mv-say">{escape(words)}</span>', width="content")


def show_headline(line: Headline, note: str = "") -> None:
    """The computed sentence on top of a page, with an optional note above."""
    above = f'<div class="mv-stale" role="status">{escape(note)}</div>' if note else ""
    st.html(f'{above}<h1 class="mv-headline">{line.html}</h1><p class="mv-under">{line.under}</p>')


def heading(title: str, caption: str = "", method: str = "") -> None:
    """A section's title, with one line under it."""
    under = f"<p>{escape(caption)}</p>" if caption else ""
    st.html(f'<h2 class="mv-h">{mark(method) if method else ""}{escape(title)}</h2>{under}')


def choice(label: str, options: Iterable[str], key: str) -> str:
    """A small switch between views; the first is the default."""
    listed = list(options)
    return st.segmented_control(
        label, listed, default=listed[0], key=key, label_visibility="collapsed", required=True, width="content"
    )


def table(columns: Columns, key: str) -> None:
    """A button that shows a figure's numbers."""
    with st.popover("Table", type="tertiary", key=f"{key}-table"):
        st.dataframe(pd.DataFrame(dict(columns)), hide_index=True, height=320, key=f"{key}-data")


def save(chart: Chart, key: str, title: str) -> None:
    """A button that saves a figure: as SVG and PNG, drawn by the browser from what it shows, and its numbers as CSV.

    Args:
        chart: Whose words go with the picture.
        key: Of the figure's element on the page.
        title: Of the picture.
    """
    said = {"key": key, "title": title, "caption": chart.caption, "alt": chart.alt}
    data = "".join(f' data-{name}="{escape(value)}"' for name, value in said.items())
    with st.popover("Save", type="tertiary", key=f"{key}-save"):
        st.html(
            f'<div class="mv-saves"{data}><button type="button" data-kind="svg">SVG, to scale and edit</button>'
            '<button type="button" data-kind="png">PNG, twice the size on screen</button>'
            '<p role="status"></p></div>'
        )
        # Written only when it is asked for.
        st.download_button(
            "CSV, the numbers", lambda: pd.DataFrame(dict(chart.table)).to_csv(index=False).encode(),
            f"moonviz-{key.replace('.', '-').replace(':', '-')}.csv", "text/csv", key=f"{key}-csv", on_click="ignore",
            type="tertiary",
        )  # fmt: skip


def show_chart(
    chart: Chart, key: str, method: str = "", title: str = "", switch: Callable[[], object] | None = None
) -> None:
    """A figure under its title, with its alternative text, and buttons that show its numbers and save it.

    Args:
        chart: What to show.
        key: Of the widgets.
        method: Its mark stands before the title.
        title: In place of the chart's own.
        switch: Draws a control beside the title.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-head"):
        heading(title or chart.title, method=method)
        if switch:
            switch()
        table(chart.table, key)
        save(chart, key, title or chart.title)
    st.html(f'<p class="mv-caption">{escape(chart.caption)}</p>')
    st.plotly_chart(chart.figure, theme=None, key=key, alt=chart.alt, config={"displayModeBar": False})


def words_explained() -> None:
    """A button that explains the words a newcomer needs."""
    items = "".join(f"<dt>{escape(word)}</dt><dd>{escape(says)}</dd>" for word, says in JARGON.items())
    with st.popover("Words explained", type="tertiary"):
        st.html(f'<dl class="mv-words-list">{items}</dl>')


def panel(title: str, *lines: str, bad: bool = False, extra: str = "") -> None:
    """A framed message. `extra` is HTML, everything else plain text."""
    said = "".join(f"<p>{prose(line)}</p>" for line in lines if line)
    role = "alert" if bad else "status"
    st.html(
        f'<div class="mv-panel{" bad" if bad else ""}" role="{role}"><p><b>{prose(title)}</b></p>{said}{extra}</div>'
    )
