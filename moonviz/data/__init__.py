"""Data sets, and stored results with the machine they come from."""
