"""What each step of each method says: one sentence and a formula, in words a newcomer can follow.

The sentences are data; which of them a step takes is read from what its record really kept and let go of, so that a
caption never speaks of bits where a layer keeps none. `{i}` stands for the layer's number, `{kept}` for what the layer
keeps, `{m}` for the directions pushed at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from moonviz.events import StepRecord
from moonviz.results import LayerCard
from moonviz.specs.methods import METHODS, MethodOptions, MoonwalkMixedOptions, MoonwalkPureOptions, ProjforwardOptions

Said = tuple[str, str]
"""A sentence and its formula: plain text, with `_{…}` and `^{…}` for what stands below and above the line."""

RUN = "x_{i} = f_{i}(x_{i-1})"
GRAD = "g_{i} = h_{i} ∂f_{i}/∂θ_{i}"
BACK = "h_{i-1} = h_{i} J_{i}"
AHEAD = "h_{i} = h_{i-1} J_{i}^{R}"
UNDO = "x_{i-1} = f_{i}^{−1}(x_{i})"
SIGN = "r_{i} = sign(z_{i})"
LOSS = "loss = f_{i}(x_{i-1})"
START = "h_{i-1} = ∂loss/∂x_{i-1}"

_SHARED: dict[str, Said] = {
    "forward+stem": ("Run the stem: the batch goes in.", "x_{0} = f_{0}(batch)"),
    "forward+head": ("Run the head and compute the loss.", LOSS),
    "reverse+head": ("Start h at the loss, and make the head’s gradient.", f"{START} · g_{{i}}"),
    "reverse+head+bare": ("Start h at the loss.", START),
    "reverse+stem": ("Run the stem again and make its gradient from h.", "g_{0} = h_{0} ∂f_{0}/∂θ_{0}"),
    "reverse+stem+bare": ("Reach the stem: it has no weights, so the walk ends.", ""),
    "advance+stem": ("Run the stem again and make its gradient from h.", "g_{0} = h_{0} ∂f_{0}/∂θ_{0}"),
    "advance+stem+bare": ("Run the stem again; it has no weights.", "x_{0} = f_{0}(batch)"),
    "advance+head": ("Compute the loss once more, and make the head’s gradient.", f"{LOSS} · g_{{i}}"),
    "advance": ("Walk forward again: recover h at layer {i}, make its gradient.", f"{AHEAD} · {GRAD}"),
    "advance+bare": ("Walk forward again: recover h at layer {i}; it has no weights.", AHEAD),
    "advance+fragment": ("Recover h at layer {i} with its fragment, and make its gradient.", f"{AHEAD} · {GRAD}"),
    "advance+fragment+bare": ("Recover h at layer {i} with the fragment that was kept.", AHEAD),
    "advance+anchor": ("Make the gradient of layer {i}; go on from the h kept there.", f"{GRAD} · h_{{i}} kept"),
    "advance+anchor+bare": ("Pass layer {i}, and go on from the whole h kept there.", "h_{i} kept"),
}
_SEGMENTS: dict[str, Said] = {
    "forward": ("Run layer {i}; store only the first input of each segment.", RUN),
    "forward+segment": ("Run layer {i}; store its input, since a segment starts here.", f"{RUN} · keep x_{{i-1}}"),
}
_MIXED: dict[str, Said] = {
    "forward": ("Run layer {i}; keep nothing: h can pass back without.", RUN),
    "forward+bits": ("Run layer {i}; keep {kept}.", f"{RUN} · {SIGN}"),
    "forward+residual": ("Run layer {i}; keep {kept}.", f"{RUN} · keep r_{{i}}"),
    "reverse": ("Carry h back through layer {i}; nothing kept is needed.", BACK),
    "reverse+bits": ("Carry h back through layer {i} with its bits alone; drop them.", BACK),
    "reverse+residual": ("Carry h back through layer {i} with what it kept; drop that.", BACK),
    "reverse+fragment": ("Carry h back through layer {i}; keep {erased}.", f"{BACK} · keep c_{{i}} ⊂ h_{{i}}"),
    "reverse+anchor": ("Carry h back through layer {i}; keep this whole h as an anchor.", f"{BACK} · keep h_{{i}}"),
    "reverse+fragment+anchor": (
        "Carry h back through layer {i}; keep what it erases, and all of h.",
        f"{BACK} · keep c_{{i}}, h_{{i}}",
    ),
}
_STORE = "store all that its gradient will need."

CAPTIONS: dict[str, dict[str, Said]] = {
    "backprop": {
        "forward": (f"Run layer {{i}} and {_STORE}", RUN),
        "forward+stem": (f"Run the stem and {_STORE}", "x_{0} = f_{0}(batch)"),
        "forward+head": ("Compute the loss and store what its gradient will need.", LOSS),
        "reverse": ("Walk back through layer {i}: use what was stored, then free it.", f"{GRAD} · {BACK}"),
        "reverse+bare": ("Walk back through layer {i}: use what was stored, then free it.", BACK),
        "reverse+stem": ("Make the stem’s gradient from h: the walk is over.", "g_{0} = h_{0} ∂f_{0}/∂θ_{0}"),
    },
    "checkpointing": _SEGMENTS
    | {
        "recompute": ("Run layer {i} again from its segment’s input, storing this time.", f"{RUN} again"),
        "reverse": ("Walk back through layer {i} of the rebuilt segment, then free it.", f"{GRAD} · {BACK}"),
        "reverse+bare": ("Walk back through layer {i} of the rebuilt segment, then free it.", BACK),
    },
    "revbackprop": {
        "forward": ("Run layer {i} and store nothing: it can be undone.", RUN),
        "invert": ("Undo layer {i}, then make its gradient with the rebuilt input.", f"{UNDO} · {GRAD}"),
        "invert+bare": ("Undo layer {i}, and carry h back with the rebuilt input.", f"{UNDO} · {BACK}"),
    },
    "forward": {
        "forward": ("Run layer {i} once: all its weights have had their turn.", RUN),
        "forward+stem": ("Run the stem once: all its weights have had their turn.", "x_{0} = f_{0}(batch)"),
        "tangent": ("Push one weight’s nudge on through layer {i}.", "ẋ_{i} = J_{i} ẋ_{i-1}"),
        "tangent+start": ("Nudge one weight of layer {i}.", "ẋ_{i} = ∂f_{i}/∂θ_{i} v"),
        "tangent+start+stem": ("Nudge one weight of the stem.", "ẋ_{0} = ∂f_{0}/∂θ_{0} v"),
        "tangent+head": ("The loss’s answer to the nudge is that weight’s gradient.", "g·v = ∂loss/∂x_{i-1} ẋ_{i-1}"),
        "tangent+start+head": ("Nudge one weight of the head; the loss answers at once.", "g·v = ∂loss/∂θ_{i} v"),
    },
    "projforward": {
        "tangent": (
            "Push one random direction through layer {i}, beside x.",
            "ẋ_{i} = J_{i} ẋ_{i-1} + ∂f_{i}/∂θ_{i} v_{i}",
        ),
        "tangent+stem": ("Nudge all weights in one random direction, the stem’s first.", "ẋ_{0} = ∂f_{0}/∂θ_{0} v_{0}"),
        "tangent+head": ("The loss answers d; add d·v to the guess of every gradient.", "ĝ = mean(d·v)"),
    },
    "moonwalk-pure": {
        "tangent": ("Push {m} input directions through layer {i}, beside x.", "ẋ_{i} = J_{i} ẋ_{i-1}"),
        "tangent+stem": ("Start {m} directions at the input of layer 1.", "ẋ_{0} = e_{1}, e_{2}, …"),
        "tangent+head": ("Each direction’s answer at the loss is one number of h.", "h_{0}·e = ∂loss/∂x_{i-1} ẋ_{i-1}"),
    },
    "moonwalk-mixed": _MIXED,
    "moonwalk-mixed inverse": {
        "forward": ("Run layer {i} and store nothing: it can be undone.", RUN),
        "invert": ("Undo layer {i} to see its input, then carry h back through it.", f"{UNDO} · {BACK}"),
        "invert+fragment": ("Undo layer {i}, carry h back, and keep {erased}.", f"{UNDO} · keep c_{{i}} ⊂ h_{{i}}"),
        "invert+anchor": ("Undo layer {i}, carry h back, and keep all of h as an anchor.", f"{UNDO} · keep h_{{i}}"),
    },
    "moonwalk-mixed checkpointed": _MIXED
    | _SEGMENTS
    | {
        "recompute": ("Run layer {i} of the segment again; it need keep nothing.", f"{RUN} again"),
        "recompute+bits": ("Run layer {i} again; keep {kept}.", f"{RUN} again · {SIGN}"),
        "recompute+residual": ("Run layer {i} again; keep {kept}.", f"{RUN} again · keep r_{{i}}"),
    },
}
"""By method, or moonwalk-mixed and its phase one; what is not here is in the table all share."""

_BITS = "one bit per unit, its sign"
KEPT: dict[str, str] = {
    "leaky ReLU": _BITS,
    "ReLU": _BITS,
    "GELU": "its input",
    "SiLU": "its input",
    "ELU": "its output",
    "softplus": "its output",
    "tanh": "its output",
    "sigmoid": "its output",
    "softmax": "its output",
    "layer norm": "its normalised input",
    "RMS norm": "its normalised input",
    "batch norm": "its normalised input",
    "max pool": "the place of each window’s winner",
    "affine coupling": "its input, which h will need",
}
"""What a layer's residual is, by kind; couplings and residual blocks say it in their cards."""

ERASED: dict[str, str] = {
    "conv": "the few columns it erases",
    "ReLU": "h where its units are dead",
    "GELU": "h where its slope is near 0",
    "SiLU": "h where its slope is near 0",
    "dropout": "h where it drops units",
}
"""What a layer's fragment is, by kind."""


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
        found = own.get(name) or _SHARED.get(name) or own.get(name.removesuffix("+bare"))
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
    return KEPT.get(card.kind) == _BITS or any(says in card.reason for says in ("Keeps bits only", "Keeps one bit"))


def _kept_words(card: LayerCard | None) -> str:
    if card is not None and card.kind in KEPT:
        return KEPT[card.kind]
    if card is not None and "Keeps that half" in card.reason:
        return "the half that it reads"
    return "one bit per hidden unit, its sign" if _only_bits(card) else "the little that h will need"
