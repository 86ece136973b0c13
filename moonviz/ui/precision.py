"""How precision reports are laid out on their page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from moonviz.data.stored import stored_precision, stored_precision_names
from moonviz.figures.chart import Chart
from moonviz.figures.lollipops import formats, ladder
from moonviz.figures.precision import dtypes, error_by_depth, reach
from moonviz.figures.precision_headline import precision_headline, precision_provenance, stored_headline
from moonviz.figures.words import prose
from moonviz.precision import PrecisionReport
from moonviz.ui.following import Following
from moonviz.ui.linking import copy_link
from moonviz.ui.parts import heading, scheme, show_chart, show_headline, words_explained
from moonviz.ui.progress import Watched
from moonviz.ui.study import Study

PANELS = {
    "couplings": "Coupling layers",
    "dense-gentle": "Dense layers, LeakyReLU 0.5",
    "dense-harsh": "The same, LeakyReLU 0.1",
}
DIM = "<style>.st-key-precision-result{opacity:.6}</style>"
PRECISION = Watched(
    "precision",
    "Measuring",
    {
        "refused": "This cannot be measured.",
        "too_large": "This is too large for this machine.",
        "failed": "The measurement failed.",
    },
)


STALE = "Settings changed. Measure to update."


def before(job: Following) -> str:
    """What stands above a result while another is measured."""
    return f"Being measured now: {job.subject()}. This is the result before."


def stored_story(note: str = "") -> None:
    """The untouched page: three networks on one scale, what anchors cure, and what number formats allow."""
    reports = {name: stored_precision(name) for name in PANELS}
    show_headline(stored_headline(reports["couplings"], reports["dense-harsh"]), note)
    _error_explained()
    span = reach(list(reports.values()))
    panels = [error_by_depth(report, "float32", scheme(), span, PANELS[name]) for name, report in reports.items()]
    side_by_side(panels, "precision.depth")
    two = [ladder(stored_precision("anchors"), scheme()), formats(stored_precision("formats"), scheme())]
    side_by_side(two, "precision.sticks")
    footer([stored_precision(name) for name in stored_precision_names()], stored=True)


def measured_story(report: PrecisionReport, note: str = "") -> None:
    """What this tab measured: a panel for each number format, then anchors and formats where there are some."""
    show_headline(precision_headline(report), note)
    _error_explained()
    span = reach([report])
    side_by_side([error_by_depth(report, dtype, scheme(), span) for dtype in dtypes(report)], "precision.depth")
    side_by_side([ladder(report, scheme()), formats(report, scheme())], "precision.sticks")
    _refused(report)
    footer([report], stored=False)


def _error_explained() -> None:
    """What the figures' axis means, before the first of them."""
    with st.container(
        horizontal=True, key="precision-scale", vertical_alignment="center", horizontal_alignment="distribute"
    ):
        says = "How far a gradient is from the true one, computed in float64, divided by that one’s length."
        marks = "10⁻⁶: about six digits agree. 1: none does."
        st.html(f'<p class="mv-notice"><b>Relative error.</b> {says} {marks}</p>', width="stretch")
        words_explained()


def side_by_side(charts: Sequence[Chart | None], key: str) -> None:
    """Figures in a row, those that could not be drawn left out."""
    drawn = [one for one in charts if one]
    for column, (n, one) in zip(st.columns(max(len(drawn), 1), gap="medium"), enumerate(drawn), strict=False):
        with column:
            show_chart(one, f"{key}-{n}")


def _refused(report: PrecisionReport) -> None:
    """Methods that have no points, each with its reason once."""
    reasons = {point.label: point.message for point in report.points if point.status != "ok" and point.message}
    if reasons:
        heading("Not drawn")
    for label, why in reasons.items():
        st.html(f"<p><b>{label}</b>: {prose(why)}</p>")


def footer(reports: Sequence[PrecisionReport], stored: bool) -> None:
    """Where the numbers come from, and the numbers."""
    with st.container(
        horizontal=True, key="precision-foot", vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.html(f'<p class="mv-foot">{precision_provenance(reports[0], stored)}</p>', width="stretch")
        copy_link("precision")
        # One report as itself, several as a list.
        texts = [report.to_json() for report in reports]
        st.download_button(
            "Download JSON", texts[0] if len(texts) == 1 else f"[{','.join(texts)}]", "moonviz-precision.json",
            "application/json", key="precision.json", on_click="ignore",
        )  # fmt: skip


def back_to_stored(study: Study) -> None:
    """A button that brings the stored measurements back."""
    if st.button("Show the stored measurements", key="precision.stored", type="tertiary"):
        study.report = None
        st.rerun()
