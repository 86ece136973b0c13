"""Build: make a network layer by layer, and see at once what each layer means for the walk."""

from moonviz.ui.build import workbench
from moonviz.ui.engine import warm_up
from moonviz.ui.router import through_router

through_router(__file__)

workbench()

warm_up()
