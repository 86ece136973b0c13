"""The second wall: where precision ends on this kind of network, measured in the background on small ones."""

from __future__ import annotations

import streamlit as st

from moonviz.data.stored import stored_precision, stored_precision_names
from moonviz.errors import InvalidSpec
from moonviz.figures.style import power_text
from moonviz.figures.whatif_walls import first_wall, kind_of, lift, memory_words, walls, walls_provenance, walls_table
from moonviz.precision import PrecisionReport
from moonviz.specs import NetworkSpec
from moonviz.specs.precision import PrecisionSpec
from moonviz.ui.engine import start
from moonviz.ui.parts import say
from moonviz.ui.progress import Watched, watch
from moonviz.ui.whatif import Asked
from moonviz.ui.whatif_state import Whatif

ERRORS = (-2, -3, -4, -6)
ANCHORS = (2, 4, 8, 16)
DEPTHS = (4, 8, 16, 32, 64, 128)
DTYPES = ("float64", "float32", "float16", "bfloat16")
MEASURED = ("backprop", "checkpointing", "revbackprop", "moonwalk-mixed")
SMALL = {"channels": 8, "hidden": 16, "width": 32, "batch": 4}
"""Sizes at which precision is measured: rounding depends on the blocks and their number."""
PRECISION = Watched(
    "whatif-walls",
    "Measuring",
    {
        "refused": "This cannot be measured.",
        "too_large": "This is too large for this machine.",
        "failed": "The measurement failed.",
    },
)


def second_wall(now: Asked) -> None:
    """To which depth each number format keeps the chosen error, beside what memory allows."""
    page = now.page
    with st.container(horizontal=True, key="whatif-walls-ask", vertical_alignment="center"):
        say("Good enough is a relative error of")
        page.error = st.segmented_control(
            "Relative error", ERRORS, default=page.error if page.error in ERRORS else -3, format_func=power_text,
            key=f"whatif.error.{page.turn}", label_visibility="collapsed", required=True,
        )  # fmt: skip
        if now.anchored is not None:
            say("with an anchor every")
            page.anchor_every = st.segmented_control(
                "Anchor every so many blocks", ANCHORS, default=page.anchor_every, key=f"whatif.anchors.{page.turn}",
                label_visibility="collapsed", required=True,
            )  # fmt: skip
            say("blocks")
    reports, stored = known(page)
    if reports:
        _tell(now, reports, stored)
    _measure(now, bool(reports), stored)
    watch(page, PRECISION)


def known(page: Whatif) -> tuple[list[PrecisionReport], bool]:
    """What was measured on this kind of network, here or else for the package; and whether it is the package's."""
    kind = kind_of(page.network())
    own = [report for report in page.walls.values() if kind_of(report.spec["network"]) == kind]
    if own:
        return own, False
    shipped = [stored_precision(name) for name in stored_precision_names()]
    return [report for report in shipped if kind_of(report.spec["network"]) == kind], True


def _tell(now: Asked, reports: list[PrecisionReport], stored: bool) -> None:
    points = [point for report in reports for point in report.points]
    found = walls(points, 10.0**now.page.error)
    whole = [*now.answers, *([now.anchored] if now.anchored else [])]
    words = first_wall(now.answers, now.ask, found, now.page.error)
    plain = next((one for one in now.answers if one.label == "moonwalk-mixed"), None)
    lifted = lift(plain, now.anchored, now.ask, found) if plain and now.anchored else ""
    st.html("".join(f'<p class="mv-wall">{line}</p>' for line in (words, lifted) if line) or "<span></span>")
    st.html(walls_table(now.answers, now.ask, found, memory_words(whole, now.ask)))
    st.html(f'<p class="mv-foot">{walls_provenance(reports, stored)}</p>')


def _measure(now: Asked, again: bool, stored: bool) -> None:
    """A button that measures it here; nothing is measured unasked, since that would slow other people's races."""
    page = now.page
    busy = page.job is not None and page.job.running
    try:
        spec = question(page)
    except InvalidSpec as error:
        st.html(f'<p class="mv-foot">Not measured here: {error}</p>')
        return
    says = "Measure it on this machine" if not again or stored else "Measure it again"
    with st.container(horizontal=True, key="whatif-walls-run", vertical_alignment="center"):
        if st.button(says, key="whatif.measure", disabled=busy):
            start(page, spec)
            st.rerun()
        about = (
            "Small networks of the same blocks, every number format; it takes up to a minute and gives way to races."
        )
        st.html(f'<p class="mv-foot">{about}</p>', width="stretch")


def small(page: Whatif) -> NetworkSpec:
    """A narrow network of the page's blocks.

    Raises:
        InvalidSpec: If its depth cannot be set.
    """
    changes = {"batch": min(SMALL["batch"], page.get("batch"))}
    if page.own is None:
        changes |= {name: min(most, page.settings[name]) for name, most in SMALL.items() if name in page.settings}
    network = page.elsewhere(**changes)
    network.with_depth(1)
    return network


def question(page: Whatif) -> PrecisionSpec:
    """What is asked of the engine: every number format at a ladder of depths.

    Raises:
        InvalidSpec: If this network's depth cannot be set, or no method of these is chosen.
    """
    methods = [{"name": name} for name in MEASURED if name in page.methods]
    if "moonwalk-mixed" in page.methods:
        methods.append({"name": "moonwalk-mixed", "options": {"anchor_every": page.anchor_every}})
    if not methods:
        raise InvalidSpec(f"precision is measured of {', '.join(MEASURED)}; choose one of them above")
    network = small(page).model_dump(mode="json")
    return PrecisionSpec.read(
        {"network": network, "depths": list(DEPTHS), "dtypes": list(DTYPES), "methods": methods, "seeds": 1}
    )
