"""What is known of each data source without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DataSource = Literal["digits", "photos"]


@dataclass(frozen=True, slots=True)
class SourceCard:
    """Shape of one example, number of classes and of examples, and where the data comes from."""

    shape: tuple[int, ...]
    classes: int
    examples: int
    about: str


SOURCES: dict[DataSource, SourceCard] = {
    "digits": SourceCard((1, 8, 8), 10, 1_797, "1,797 handwritten digits of 8×8 pixels (scikit-learn's bundled copy)"),
    "photos": SourceCard(
        (3, 32, 32), 2, 520, "32×32 colour patches of scikit-learn's two bundled photographs; class: which photograph"
    ),
}
