"""Build: make a network layer by layer, and see at once what each layer means for the walk."""

from moonviz.ui.build import leave, workbench
from moonviz.ui.build_explorer import explorer
from moonviz.ui.build_start import start_from
from moonviz.ui.engine import warm_up
from moonviz.ui.router import through_router

through_router(__file__)

leave()
# An edit runs the bench alone; what a network can start from waits below it.
workbench()
start_from()
explorer()

warm_up()
