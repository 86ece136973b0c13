"""Walks through tiny networks, number by number: what is asked, what comes back, and examples. No torch here."""

from moonviz.walking.asked import WalkSpec
from moonviz.walking.examples import EXAMPLES, Example, example
from moonviz.walking.page import Frame, Kept, LayerAt, Line, WalkPage

__all__ = ["EXAMPLES", "Example", "Frame", "Kept", "LayerAt", "Line", "WalkPage", "WalkSpec", "example"]
