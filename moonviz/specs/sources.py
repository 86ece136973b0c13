"""What is known of each data source without loading it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

DataSource = Literal["digits", "photos", "digits-sequence", "cifar10", "text"]
"""Sources that are always there."""

MOST_OWN_NUMBERS = 8_000_000
"""The most numbers that all examples of one's own data may have together."""
MOST_OWN_SHAPE = 65_536
MOST_OWN_CLASSES = 1_000
FEWEST_OWN_EXAMPLES = 10
_OWN = re.compile(r"own:([0-9a-f]{32}):([1-9]\d{0,4}(?:x[1-9]\d{0,4}){0,2}):([1-9]\d{0,3}):([1-9]\d{0,6})")


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


class _Sources(dict[str, SourceCard]):
    """The cards by source; those of own data are read from the source's name, and are not listed."""

    def __missing__(self, source: str) -> SourceCard:
        return own_card(source)


def own_source(key: str, shape: tuple[int, ...], classes: int, examples: int) -> str:
    """The name of own data: all that a network must know of them stands in it, so no process has to look it up."""
    return f"own:{key}:{'x'.join(map(str, shape))}:{classes}:{examples}"


def is_own(source: str) -> bool:
    """Whether a source is someone's own data."""
    return source.startswith("own:")


@lru_cache(maxsize=256)
def own_card(source: str) -> SourceCard:
    """What own data give, from their name.

    Raises:
        KeyError: If it is not such a name.
    """
    found = _OWN.fullmatch(source)
    if not found:
        raise KeyError(source)
    shape, classes, examples = tuple(map(int, found[2].split("x"))), int(found[3]), int(found[4])
    fits = prod(shape) <= MOST_OWN_SHAPE and examples * prod(shape) <= MOST_OWN_NUMBERS
    if not (fits and 2 <= classes <= MOST_OWN_CLASSES and examples >= FEWEST_OWN_EXAMPLES):
        raise KeyError(source)
    size = "×".join(map(str, shape))
    return SourceCard(
        shape, classes, examples, f"your own {examples:,} examples of {size} numbers in {classes} classes"
    )


SOURCES: dict[str, SourceCard] = _Sources()
SOURCES |= {
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


def _known(source: str) -> str:
    try:
        SOURCES[source]
    except KeyError:
        listed = ", ".join(f"`{name}`" for name in SOURCES)
        raise PydanticCustomError("unknown_source", f"there is no such data source; take one of {listed}") from None
    return source


Source = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(get_args(DataSource))})]
"""A source that ships with the package, or someone's own data, which only the program that keeps them can name."""
