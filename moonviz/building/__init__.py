"""Making a network by hand: what is known of a draft, and the edits that lead from one to the next. No torch."""

from moonviz.building.facts import Check, LayerFacts, Offer, Place, Problem, Repair

__all__ = ["Check", "LayerFacts", "Offer", "Place", "Problem", "Repair"]
