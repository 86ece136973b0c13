"""Making a network by hand: what is known of a draft, and the edits that lead from one to the next. No torch."""

from moonviz.building.drafts import blank
from moonviz.building.facts import Check, LayerFacts, Offer, Place, Problem, Repair
from moonviz.building.history import History

__all__ = ["Check", "History", "LayerFacts", "Offer", "Place", "Problem", "Repair", "blank"]
