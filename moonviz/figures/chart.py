"""What a page needs to show one figure: the figure itself, its words, and its twin as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

Columns = Mapping[str, Sequence[object]]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure.

    Attributes:
        title: A few words.
        caption: One sentence computed from the numbers.
        figure: For plotly.
        alt: A sentence with the figure's numbers, for those who do not see it.
        table: The same numbers by column name, units in the names.
    """

    title: str
    caption: str
    figure: go.Figure
    alt: str
    table: Columns
