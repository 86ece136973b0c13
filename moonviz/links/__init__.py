"""Share links: what a tab is about as one short text for a URL, and back. Bounded, repaired, and plain data only."""

from __future__ import annotations

from moonviz.links.codec import MAX_LETTERS, decode, encode
from moonviz.links.state import PrecisionChoice, State, TrainingChoice, WhatifChoice

__all__ = ["MAX_LETTERS", "PrecisionChoice", "State", "TrainingChoice", "WhatifChoice", "decode", "encode"]
