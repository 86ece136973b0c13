"""Race: several methods take one training step on the same network and batch. What did each keep, pay, and get?"""

import streamlit as st

from moonviz.ui.controls import sentence
from moonviz.ui.engine import start, tab, warm_up
from moonviz.ui.lanes import RACE
from moonviz.ui.parts import panel
from moonviz.ui.progress import watch
from moonviz.ui.race import DIM, error_and_time, footer, memory_over_time, story
from moonviz.ui.router import through_router

through_router(__file__)

here = tab()

# What to race is one sentence. Nothing runs before the button is pressed.
wanted = sentence(here)
here.settle()
if wanted:
    start(here, wanted)
    st.rerun()

# A race that runs has the page for itself; one that ended badly leaves the last result in place.
watch(here, RACE)
running = here.job is not None and here.job.running

if here.shown and not running:
    stale = here.stale()
    st.html(DIM if stale else "<style></style>")
    with st.container(key="race-result"):
        # A finished race comes first: the untouched page already tells the story.
        story(here.shown, stale)
        memory_over_time(here.shown.report)
        error_and_time(here.shown.report)
        footer(here.shown)
elif not running and here.job is None:
    panel("No race yet.", "Choose methods and a network above, then run them on this machine.")

warm_up()
