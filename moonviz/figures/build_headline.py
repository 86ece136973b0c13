"""The Build page's headline, computed from what the engine says of the draft."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from moonviz.building import Check, LayerFacts
from moonviz.figures.headline import Headline
from moonviz.figures.style import bytes_text, factor_text
from moonviz.figures.words import prose

WALK = (
    "Moonwalk can walk forward through a layer when the gradient at its output can be read from the gradient at its "
    "input, or from a part of it that is kept. The badge says whether that holds, and why."
)
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven")
_MOONWALK = "moonwalk-mixed"


def build_headline(check: Check | None) -> Headline:
    """One sentence about the draft: what stops Moonwalk or the network, or who can train it.

    Args:
        check: What is known; null while nothing is.
    """
    if check is None:
        return Headline("Build a network, layer by layer.", WALK)
    if check.problem:
        name = capital(check.problem.layer_name)
        return Headline(
            f"{escape(name)} does not fit. {_clicks(1 if check.repairs else 0, 1)}".strip(),
            prose(capital(check.problem.message)),
        )
    breaking = blocking(check)
    if breaking:
        mended = {repair.place.key for repair in check.repairs}
        count = sum(one.place.key in mended for one in breaking)
        stop = f"{_layers(breaking)} stop{'s' * (len(breaking) == 1)} Moonwalk. {_clicks(count, len(breaking))}"
        return Headline(stop.strip(), WALK)
    return Headline(_able(check), WALK)


def blocking(check: Check) -> list[LayerFacts]:
    """The layers that no walk can pass."""
    return [one for one in check.layers if one.capability == "ordinary"]


def _able(check: Check) -> str:
    """Who can train it, and what Moonwalk is predicted to save."""
    able = [name for name, why in check.refusals.items() if why is None]
    every = len(able) == len(check.refusals)
    who = "Every method" if every else f"{capital(COUNTS[len(able)])} of {COUNTS[len(check.refusals)]} methods"
    start = f"{who} can train this network."
    ours, theirs = check.peaks.get(_MOONWALK), check.peaks.get("backprop")
    if not ours or not theirs:
        return start
    if ours < 0.95 * theirs:
        saved = f"<b>{factor_text(theirs / ours)} times less memory</b> than backprop"
    else:
        saved = f"<b>{bytes_text(ours, theirs)}</b>, backprop {bytes_text(theirs, ours)}"
    return f"{start} Moonwalk is predicted to need {saved}."


def _layers(breaking: Sequence[LayerFacts]) -> str:
    numbers = [f"{one.number:,}" for one in breaking]
    if len(numbers) == 1:
        return f"Layer {numbers[0]}"
    if len(numbers) > 4:
        return f"{capital(COUNTS[len(numbers)]) if len(numbers) < len(COUNTS) else len(numbers)} layers"
    return f"Layers {', '.join(numbers[:-1])} and {numbers[-1]}"


def _clicks(mended: int, faults: int) -> str:
    """How many clicks mend it; nothing where they do not."""
    if mended < faults or not mended:
        return ""
    count = capital(COUNTS[mended]) if mended < len(COUNTS) else f"{mended}"
    return f"<b>{count} click{'s' * (mended > 1)} repair{'s' * (mended == 1)} it.</b>"


def capital(words: str) -> str:
    """With a capital first letter."""
    return words[:1].upper() + words[1:]
