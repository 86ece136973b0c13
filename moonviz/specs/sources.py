"""What is known of each data source without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DataSource = Literal["digits", "photos", "digits-sequence", "cifar10", "text"]


@dataclass(frozen=True, slots=True)
class SourceCard:
    """What a source gives.

    Attributes:
        shape: Shape of one example.
        classes: How many classes a target may name.
        examples: How many examples ship with the package.
        about: What it is and where it comes from.
        values: Real numbers, or bytes as int64.
        targets: One class per example, or one per position.
    """

    shape: tuple[int, ...]
    classes: int
    examples: int
    about: str
    values: Literal["numbers", "bytes"] = "numbers"
    targets: Literal["example", "position"] = "example"

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of one example's target."""
        return self.shape[-1:] if self.targets == "position" else ()


SOURCES: dict[DataSource, SourceCard] = {
    "digits": SourceCard((1, 8, 8), 10, 1_797, "1,797 handwritten digits of 8×8 pixels (scikit-learn's bundled copy)"),
    "photos": SourceCard(
        (3, 32, 32), 2, 520, "32×32 colour patches of scikit-learn's two bundled photographs; class: which photograph"
    ),
    "digits-sequence": SourceCard((1, 64), 10, 1_797, "the same handwritten digits, each as a sequence of 64 pixels"),
    "cifar10": SourceCard(
        (3, 32, 32),
        10,
        2_000,
        "2,000 synthetic images of CIFAR-10's size and number of classes; the real ones where MOONVIZ_CIFAR10 names "
        "the folder of its binary version",
    ),
    "text": SourceCard(
        (64,),
        256,
        736,
        "the first four chapters of Alice's Adventures in Wonderland, in windows of 64 bytes; target: the next byte",
        values="bytes",
        targets="position",
    ),
}
