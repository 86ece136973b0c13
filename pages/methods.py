"""Methods: what each does, sweep by sweep, what it costs, and what it asks of the layers."""

import streamlit as st

from moonviz.data.stored import stored
from moonviz.figures.methods import comparison, example_words, letters, method_card, methods_headline
from moonviz.specs import METHODS
from moonviz.ui.linking import copy_link
from moonviz.ui.parts import heading, show_headline, words_explained
from moonviz.ui.router import through_router

through_router(__file__)

show_headline(methods_headline(stored("photo-revnet")))

# Letters and pictures are explained first, letters again beside every formula: nobody should have to look for them.
with st.container(
    horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="methods-letters"
):
    st.html(letters(), width="stretch")
    words_explained()

# One card for each, in teaching order, from the same data that the engine reads.
for card in METHODS.values():
    st.html(method_card(card))

heading("Side by side", f"Time beside backprop’s, and memory for {example_words()}. Predicted by the formulas.")
st.html(comparison())

with st.container(key="methods-foot"):
    copy_link("methods")
