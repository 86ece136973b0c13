"""What a method needs of the layers, and what a layer gives: an icon and words, always together."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from moonviz.specs.methods import Capability


@dataclass(frozen=True, slots=True)
class Badge:
    """One capability in words.

    Attributes:
        icon: A sign that stays readable without colour.
        name: One word or two.
        means: What it asks of a layer, in a sentence.
        tone: The badge's class: `good`, `amber` or `plain`.
    """

    icon: str
    name: str
    means: str
    tone: str


BADGES: dict[Capability, Badge] = {
    "any": Badge("·", "any layer", "Any layer that can be differentiated will do.", "plain"),
    "fragmental": Badge(
        "→‖",
        "fragments will do",
        "Each layer passes on all of h, or says which part of h it erases; that part, a fragment, is kept.",
        "amber",
    ),
    "submersive": Badge(
        "→",
        "submersive",
        "Each layer passes on all of h: nothing of the gradient at its output is lost at its input. Widths never grow.",
        "good",
    ),
    "invertible": Badge(
        "↔", "invertible", "Each layer can be undone: its input can be rebuilt from its output.", "good"
    ),
}
"""By what a method needs, from the least to the most."""

ORDER: tuple[str, ...] = ("ordinary", "fragmental", "submersive", "invertible")
"""What a layer can be, from the least to the most."""


def suffices(layer: str, needed: Capability) -> bool:
    """Whether a layer of this capability will do; one outside the walk always does."""
    return needed == "any" or layer == "outside the walk" or ORDER.index(layer) >= ORDER.index(needed)


def badge(needed: Capability) -> str:
    """The badge as HTML."""
    one = BADGES[needed]
    return (
        f'<span class="mv-badge {one.tone}" title="{escape(one.means)}"><span aria-hidden="true">{one.icon}</span>'
        f"{escape(one.name)}</span>"
    )
