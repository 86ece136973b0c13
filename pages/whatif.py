"""What if: how deep can a network go, and with how large a batch, before memory or precision runs out?"""

import streamlit as st

from moonviz.errors import InvalidSpec
from moonviz.ui.engine import tab, warm_up
from moonviz.ui.router import through_router
from moonviz.ui.whatif import asked, big_numbers, curves, follow, headline, section
from moonviz.ui.whatif_controls import hear, memory_row, network_sentence, size_row
from moonviz.ui.whatif_foot import cannot, hand_over, predicted_beside_measured, words
from moonviz.ui.whatif_walls import second_wall

through_router(__file__)

here = tab()
page = here.whatif
page.adopt(here.preset, here.settings, here.own)
hear(page)
try:
    network = page.network()
except InvalidSpec as error:
    cannot(error)
    network = None

if network is None:
    network_sentence(page, set())
else:
    now = asked(page, network)
    # The answer in big words first, then what it depends on.
    headline(now)
    network_sentence(page, {one.method for one in now.answers if one.refusal})
    memory_row(page)
    size_row(page, now.ask.deep)
    big_numbers(now)
    follow(now)
    curves(now)
    hand_over(now)
    section("Memory is one wall, precision the other", "")
    second_wall(now)
    words()
    predicted_beside_measured()

warm_up()
st.html("<span></span>")
