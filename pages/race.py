"""Race: several methods take one training step on the same network and batch. What did each keep, pay, and get?"""

import streamlit as st

from moonviz.ui.controls import sentence
from moonviz.ui.engine import start, tab, warm_up
from moonviz.ui.keeping import footer
from moonviz.ui.race import below
from moonviz.ui.router import through_router
from moonviz.ui.stage import frozen, stage
from moonviz.ui.train import train_section

through_router(__file__)

here = tab()

# What to race is one sentence. Nothing runs before the button is pressed.
wanted = sentence(here)
here.settle()
if wanted:
    start(here, wanted)
    st.rerun()

# A finished race comes first: the untouched page already tells the story. A race that runs takes the same place.
stage(here)
running = here.job is not None and here.job.running
told = here.shown and not running and not frozen(here)
if told:
    with st.container(key="race-result"):
        below(here.shown)
train_section(here)
if told:
    footer(here.shown)

warm_up()
