"""Precision: exact on paper, but in a number format? Where exact stops, and what anchors cost and cure."""

import streamlit as st

from moonviz.ui.engine import start, tab, warm_up
from moonviz.ui.parts import heading
from moonviz.ui.precision import DIM, PRECISION, STALE, back_to_stored, before, measured_story, stored_story
from moonviz.ui.progress import watch
from moonviz.ui.question import question
from moonviz.ui.router import through_router

through_router(__file__)

here = tab().study
ask = st.container(key="precision-ask")
result = st.container(key="precision-result")

# On the untouched page the question stands below the stored answers; once one was asked here, above its own.
with ask if here.report or here.job else st.container(key="precision-own"):
    if not (here.report or here.job):
        heading("Measure it on a network of your choice", "Small networks, this machine, seconds to a minute.")
    wanted = question(here)
    watch(here, PRECISION)
if wanted:
    start(here, wanted)
    st.rerun()

running = here.job is not None and here.job.running
# While a measurement runs, and where one ended badly, the last result stays in its place.
with result:
    stale = here.report is not None and here.stale()
    st.html(DIM if running or stale else "<style></style>")
    note = before(here.job) if running else STALE if stale else ""
    if here.report is None:
        stored_story(note)
    else:
        measured_story(here.report, note)
    if here.report and not running:
        back_to_stored(here)

warm_up()
