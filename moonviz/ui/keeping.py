"""Results that leave the page as a file, and come back from one."""

from __future__ import annotations

from html import escape
from pathlib import PurePath

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.figures.words import provenance
from moonviz.reading import MAX_FILE_BYTES, read_report
from moonviz.results import Report
from moonviz.specs import NetworkSpec, RunSpec
from moonviz.ui.controls import DEVICES, limits
from moonviz.ui.engine import tab as this_tab
from moonviz.ui.linking import copy_link
from moonviz.ui.parts import panel
from moonviz.ui.shown import Shown
from moonviz.ui.state import Tab

MEGA = 1_000_000


def footer(shown: Shown) -> None:
    """Where the numbers come from, the numbers as a file, and a way to open such a file again."""
    name = shown.report.network.spec.get("name", "race")
    with st.container(horizontal=True, key="race-foot", vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<p class="mv-foot">{source(shown)}</p>', width="stretch")
        copy_link("race")
        st.download_button(
            "Download JSON", shown.report.to_json, f"moonviz-{name}.json", "application/json", key="race.json",
            on_click="ignore",
        )  # fmt: skip
        load_section(this_tab())


def source(shown: Shown) -> str:
    """Which machine and versions stand behind a result, as HTML; a file's name and claims are only text."""
    words = escape(provenance(shown.report, shown.stored))
    if not shown.loaded:
        return words
    start = f"<b>Loaded from a file</b> ({escape(shown.loaded)}), measured on "
    unknown = (
        "" if shown.run else " The settings above are not this result’s: the network or its methods cannot be set here."
    )
    return start + words.removeprefix("Measured here: ") + unknown


def load_section(tab: Tab) -> None:
    """A button that opens a saved result. What is shown stays until a file turned out to be one."""
    # Of another turn it is another popover, which is closed.
    with st.popover("Open a result", key=f"race.open.{tab.turn}"):
        given = st.file_uploader(
            "A result saved as JSON, by this page or by `python -m moonviz run … --json`",
            key=f"race.file.{tab.turn}", max_upload_size=MAX_FILE_BYTES // MEGA,
        )  # fmt: skip
        if given is None:
            return
        try:
            report = opened(given.name, given.getvalue())
        except InvalidSpec as error:
            panel("This file cannot be opened.", f"{error}.", "What was shown before is still there.", bad=True)
            return
        tab.open(report, run_of(report), given.name[:80])
    st.rerun()


def opened(name: str, data: bytes) -> Report:
    """The result in a file. The uploader's own filter would only paint another file red, without a word.

    Raises:
        InvalidSpec: If its name does not end in `.json`, or what `read_report` finds.
    """
    ending = PurePath(name).suffix.lower()
    if ending != ".json":
        raise InvalidSpec(f"moonviz opens .json results; this is {f'a {ending}' if ending else 'another file'}")
    return read_report(data)


def run_of(report: Report) -> RunSpec | None:
    """The run that made a report, as far as this version can ask for it again; null where it cannot.

    What an older file does not say is taken as it usually is; a device that is not here, as `auto`.
    """
    asked = report.run or {}
    timed = next((one.seconds.repeats for one in report.results if one.seconds), 5)
    repeats, device = asked.get("repeats", timed), asked.get("device", "auto")
    if isinstance(repeats, int):
        repeats = min(repeats, limits().max_repeats or repeats)
    try:
        return RunSpec.read(
            {
                "network": NetworkSpec.read(report.network.spec).model_dump(mode="json"),
                "methods": [{"name": one.method, "options": one.options} for one in report.results],
                "device": device if device in DEVICES else "auto",
                "repeats": repeats,
                "batch_seed": asked.get("batch_seed", 0),
            }
        )
    except InvalidSpec:
        return None
