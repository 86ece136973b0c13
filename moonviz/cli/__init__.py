"""The command line: the app's headless twin."""

from moonviz.cli.app import main

__all__ = ["main"]
