"""moonviz in the browser: `streamlit run app.py`. A router; the pages are in `pages/`."""

import streamlit as st

from moonviz.ui.linking import arrive
from moonviz.ui.router import framed

PAGES = [
    st.Page("pages/race.py", title="Race", default=True),
    st.Page("pages/build.py", title="Build"),
    st.Page("pages/whatif.py", title="What if"),
    st.Page("pages/learn.py", title="Learn"),
    st.Page("pages/methods.py", title="Methods"),
    st.Page("pages/precision.py", title="Precision"),
]

st.set_page_config(page_title="moonviz", layout="wide", initial_sidebar_state="collapsed")
page = st.navigation(PAGES, position="top")
with framed():
    arrive(PAGES, page)
    page.run()
