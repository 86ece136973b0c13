"""Layers: what each can do is its type."""

from moonviz.layers.base import FragmentalLayer, InvertibleLayer, Layer, SubmersiveLayer
from moonviz.layers.factory import NEEDS, capability, make
from moonviz.layers.foreign import Foreign
from moonviz.layers.placement import Placement

__all__ = [
    "NEEDS",
    "Foreign",
    "FragmentalLayer",
    "InvertibleLayer",
    "Layer",
    "Placement",
    "SubmersiveLayer",
    "capability",
    "make",
]
