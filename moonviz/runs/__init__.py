"""Runs: the ledger, the clock, the truth, and the one runner that drives every method."""

from moonviz.runs.observer import Observer
from moonviz.runs.precision import measure_precision
from moonviz.runs.runner import run, run_methods
from moonviz.runs.trace import dry_run, walk
from moonviz.runs.training import backward, gradients

__all__ = ["Observer", "backward", "dry_run", "gradients", "measure_precision", "run", "run_methods", "walk"]
