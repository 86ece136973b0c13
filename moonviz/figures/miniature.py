"""A network's stack in miniature: a bar for each written layer, as tall as what it puts out, in its badge's colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log2, prod

from moonviz.figures.badges import SIGNS
from moonviz.results import LayerCard
from moonviz.specs import NetworkSpec

TALL, LOW = 44, 6
"""Pixels of the tallest and the lowest bar."""
_TONES = {"invertible": "good", "submersive": "good", "fragmental": "amber", "ordinary": "warn"}
MOST_BARS = 26


def miniature(network: NetworkSpec, cards: Sequence[LayerCard]) -> str:
    """The picture as HTML.

    Args:
        network: What is drawn; layers of a repeated block are drawn once, with how often.
        cards: Its layers as the engine sees them, all repeats written out: stem, body, head.
    """
    groups = _groups(network, cards)
    sizes = [log2(1 + prod(card.out_shape)) for group, _ in groups for card in group]
    most = max(sizes, default=1.0)
    drawn = "".join(_group(group, times, most) for group, times in groups)
    counts = [card.capability for card in cards[1:-1]]
    words = ", ".join(f"{counts.count(name):,} {name}" for name in dict.fromkeys(counts))
    return f'<div class="mv-mini" role="img" aria-label="{escape(f"Layers of the body: {words}.")}">{drawn}</div>'


def _groups(network: NetworkSpec, cards: Sequence[LayerCard]) -> list[tuple[list[LayerCard], int]]:
    """Layers that are repeated together, once, and how often; splits and joins are left out."""
    body, at = list(cards[1:-1]), 0
    groups: list[tuple[list[LayerCard], int]] = [([cards[0]], 1)]
    for block in network.body:
        while at < len(body) and body[at].kind in ("split", "join"):
            at += 1
        groups.append((body[at : at + len(block.layers)], block.repeat))
        at += len(block.layers) * block.repeat
    groups.append(([cards[-1]], 1))
    return _shortened([(group, times) for group, times in groups if group])


def _shortened(groups: list[tuple[list[LayerCard], int]]) -> list[tuple[list[LayerCard], int]]:
    room, kept = MOST_BARS, []
    for group, times in groups[:-1]:
        if room < len(group):
            break
        kept.append((group, times))
        room -= len(group)
    return [*kept, groups[-1]]


def _group(group: Sequence[LayerCard], times: int, most: float) -> str:
    bars = "".join(_bar(card, most) for card in group)
    count = f"<small>×{times:,}</small>" if times > 1 else ""
    return f'<span class="{"many" if times > 1 else ""}"><b>{bars}</b>{count}</span>'


def _bar(card: LayerCard, most: float) -> str:
    height = LOW + (TALL - LOW) * log2(1 + prod(card.out_shape)) / most
    tone = _TONES.get(card.capability, "plain")
    says = escape(f"{card.kind} {SIGNS[card.capability]} {card.capability}")
    return f'<i class="{tone}" style="height:{height:.0f}px" title="{says}"></i>'
