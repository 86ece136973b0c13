"""What each step of each method says: one sentence and a formula, in words a newcomer can follow.

The sentences are data (`caption_words.py`); which of them a step takes is read from what its record really kept and let
go of, so that a caption never speaks of bits where a layer keeps none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from moonviz.events import StepRecord
from moonviz.figures.caption_words import BITS, CAPTIONS, ERASED, KEPT, SHARED, Said
from moonviz.results import LayerCard
from moonviz.specs.methods import METHODS, MethodOptions, MoonwalkMixedOptions, MoonwalkPureOptions, ProjforwardOptions


@dataclass(frozen=True, slots=True)
class Speaker:
    """Finds the words of a method's steps.

    Attributes:
        options: The method's.
        last: The head's number.
        cards: The layers, as far as they are known.
    """

    options: MethodOptions
    last: int
    cards: tuple[LayerCard, ...] = ()

    def keys(self, steps: Sequence[StepRecord]) -> list[str]:
        """Which words each step of a run takes: its phase, what its record adds, after a colon what fills the words."""
        starts = _segment_starts(steps) if self._variant() in ("checkpointing", "moonwalk-mixed checkpointed") else ()
        befores: list[StepRecord | None] = [None, *steps]
        return [
            self._key(step, before, n in starts) for n, (step, before) in enumerate(zip(steps, befores, strict=False))
        ]

    def _key(self, step: StepRecord, before: StepRecord | None, starts_segment: bool) -> str:
        parts, filling = [str(step.phase)], ""
        if step.phase == "tangent" and self.options.method == "forward" and not _follows(step, before):
            parts.append("start")
        place = "stem" if step.layer == 0 else "head" if step.layer == self.last else ""
        if place:
            parts.append(place)
        else:
            more, filling = self._kept(step)
            parts += more or ["segment"] * starts_segment
        if self._should_make(step) and not any(one.kind == "gradient" for one in step.held_added):
            parts.append("bare")
        words = "+".join(parts)
        return f"{words}:{filling}" if filling else words

    def words(self, key: str) -> Said:
        """The sentence and the formula of a key, with all filled in but the layer's number."""
        name, _, filling = key.partition(":")
        own = CAPTIONS.get(self._variant(), {})
        found = own.get(name) or SHARED.get(name) or own.get(name.removesuffix("+bare"))
        say, formula = found or ("Work on layer {i}.", "")
        return say.replace("{kept}", filling).replace("{erased}", filling).replace("{m}", self._directions()), formula

    def done(self) -> Said:
        """What is said at the end."""
        if METHODS[self.options.method].exact:
            return "Done: every layer has its gradient.", f"g_{{0}} … g_{{{self.last}}}"
        many = self.options.directions if isinstance(self.options, ProjforwardOptions) else 1
        which = f"the average of {many:,} random directions" if many > 1 else "the answer to one random direction"
        return f"Done: {which}. A guess, not the gradient.", "ĝ = mean(d·v)"

    def _variant(self) -> str:
        if isinstance(self.options, MoonwalkMixedOptions) and self.options.phase_one != "residuals":
            return f"{self.options.method} {self.options.phase_one}"
        return self.options.method

    def _directions(self) -> str:
        if not isinstance(self.options, MoonwalkPureOptions):
            return ""
        chunk = self.options.chunk
        inputs = prod(self.cards[1].in_shape) if len(self.cards) > 1 else 0
        if inputs and inputs <= chunk:
            return f"all {inputs:,}"
        return f"up to {chunk:,}" if not inputs or inputs % chunk else f"{chunk:,}"

    def _kept(self, step: StepRecord) -> tuple[list[str], str]:
        """What a step of the body keeps or takes up, and what fills its words."""
        if not self.options.method.startswith(("moonwalk", "checkpointing")):
            return [], ""
        added = {one.kind for one in step.held_added if one.layer == step.layer}
        removed = {one.kind for one in step.held_removed if one.layer == step.layer}
        card = self.cards[step.layer] if step.layer < len(self.cards) else None
        if step.phase in ("forward", "recompute"):
            if "residual" in added:
                return ["bits" if _only_bits(card) else "residual"], _kept_words(card)
            return [], ""
        if step.phase == "advance":
            return [what for what in ("anchor", "fragment") if what in removed][:1], ""
        extra = [what for what in ("fragment", "anchor") if what in added]
        if extra or step.phase != "reverse" or "residual" not in removed:
            return extra, ERASED.get(card.kind if card else "", "the part it erases") if "fragment" in extra else ""
        return ["bits" if _only_bits(card) else "residual"], ""

    def _should_make(self, step: StepRecord) -> bool:
        """Whether a step of this kind makes a gradient where its layer has weights."""
        if self.options.method == "moonwalk-mixed" and step.phase in ("reverse", "invert"):
            return step.layer == self.last
        return step.phase in ("reverse", "invert", "advance")


def _follows(step: StepRecord, before: StepRecord | None) -> bool:
    """Whether a tangent comes from the layer before."""
    return before is not None and before.phase == "tangent" and before.layer == step.layer - 1


def _segment_starts(steps: Sequence[StepRecord]) -> set[int]:
    """At which steps of the first sweep a segment starts: its input outlives the step, that of the layer before not.

    Couplings share a half with the layer before them, so that a kept input may be in two layers' names.
    """
    held: dict[int, int] = {}
    starts = set()
    for n, step in enumerate(steps):
        if step.phase != "forward":
            break
        for changes, sign in ((step.held_added, 1), (step.held_removed, -1)):
            for one in changes:
                if one.kind == "activation":
                    held[one.layer] = held.get(one.layer, 0) + sign * one.bytes
        if held.get(step.layer - 1) and not held.get(step.layer - 2):
            starts.add(n)
    return starts


def _only_bits(card: LayerCard | None) -> bool:
    """Whether a layer keeps one bit per unit and no more."""
    if card is None:
        return False
    return KEPT.get(card.kind) == BITS or any(says in card.reason for says in ("Keeps bits only", "Keeps one bit"))


def _kept_words(card: LayerCard | None) -> str:
    if card is not None and card.kind in KEPT:
        return KEPT[card.kind]
    if card is not None and "Keeps that half" in card.reason:
        return "the half that it reads"
    return "one bit per hidden unit, its sign" if _only_bits(card) else "the little that h will need"
