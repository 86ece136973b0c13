"""Precision: exact on paper, but in a number format? Where exact stops, and what anchors cost and cure."""

import streamlit as st

from moonviz.ui.engine import start, tab, warm_up
from moonviz.ui.parts import heading
from moonviz.ui.precision import DIM, PRECISION, back_to_stored, measured_story, stored_story
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
# A measurement that runs has the page for itself; one that ended badly leaves the last result in place.
with result:
    if running:
        pass
    elif here.report is None:
        stored_story()
    else:
        stale = here.stale()
        st.html(DIM if stale else "<style></style>")
        measured_story(here.report, stale)
        back_to_stored(here)

warm_up()
