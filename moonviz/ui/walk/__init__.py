"""The walk: a component that steps a method through a tiny network, and the view that pages and lessons call."""

from moonviz.ui.walk.component import script, style, walk
from moonviz.ui.walk.state import WalkState
from moonviz.ui.walk.view import walk_view

__all__ = ["WalkState", "script", "style", "walk", "walk_view"]
