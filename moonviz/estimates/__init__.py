"""What-if: what a method would take, by a dry run of the method itself, and what follows from a few dry runs.

Pages use `devices`, `points`, `extrapolate` and `fit`; `checking`, `dry`, `modules`, `searching` and `sweeping` need
torch, so nothing is imported here.
"""
