"""What the walk can do with a layer of a draft, as a badge: an icon and words, always together."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from moonviz.building import LayerFacts
from moonviz.figures.style import bytes_text
from moonviz.figures.words import BYTES
from moonviz.specs import NetworkSpec


@dataclass(frozen=True, slots=True)
class LayerBadge:
    """A badge.

    Attributes:
        icon: Which of the stack's icons.
        words: One word or a few.
        tone: `good`, `amber`, `warn` or `plain`.
        bytes: What is kept for it, in words; empty for nothing.
    """

    icon: str
    words: str
    tone: str
    bytes: str = ""

    def plain(self) -> dict[str, str]:
        """As strict JSON data."""
        return asdict(self)


_BADGES = {
    "invertible": LayerBadge("invertible", "invertible", "good"),
    "submersive": LayerBadge("submersive", "submersive", "good"),
    "fragmental": LayerBadge("fragmental", "needs a fragment", "amber"),
    "ordinary": LayerBadge("ordinary", "breaks the walk", "warn"),
    "outside the walk": LayerBadge("outside", "ordinary layer", "plain"),
}
MISFIT = LayerBadge("misfit", "does not fit", "warn")
UNKNOWN = LayerBadge("unknown", "not known yet", "plain")
SIGNS = {"invertible": "↔", "submersive": "→", "fragmental": "→‖", "ordinary": "→/", "outside the walk": "○"}
"""The icons as text, for HTML without drawings."""


def layer_badge(facts: LayerFacts | None, network: NetworkSpec) -> LayerBadge:
    """The badge of a layer, with the bytes of its fragment for the whole batch."""
    if facts is None or facts.capability is None:
        return UNKNOWN
    badge = _BADGES[facts.capability]
    if facts.capability != "fragmental" or not facts.fragment:
        return badge
    count = facts.fragment * network.batch * BYTES[network.dtype]
    return LayerBadge(badge.icon, badge.words, badge.tone, f"{bytes_text(count)} kept")
