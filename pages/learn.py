"""Learn: twelve lessons, each a text, a live view, and questions to be answered before they are run."""

from moonviz.ui.engine import warm_up
from moonviz.ui.learn import learn
from moonviz.ui.router import through_router

through_router(__file__)

learn()

warm_up()
