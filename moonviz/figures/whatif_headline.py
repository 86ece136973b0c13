"""The sentence on top of the What-if page: how deep backprop gets, how deep the leanest exact method gets instead."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from moonviz.figures.headline import Headline
from moonviz.figures.style import memory_text
from moonviz.figures.whatif_answer import Answer, Ask
from moonviz.figures.words import prose, short

OPTIMIZERS = {"none": "no optimizer state", "momentum": "SGD with momentum", "adam": "Adam"}


def whatif_headline(answers: Sequence[Answer], ask: Ask) -> Headline:
    """Tell the answer, whichever way it came out."""
    under = _under(answers, ask)
    known = [one for one in answers if one.main is not None]
    if not known:
        refused = [one for one in answers if one.refusal]
        if refused and len(refused) == len(answers):
            return Headline(f"{_name(refused[0])} <b>cannot train this network</b>.", prose(refused[0].refusal))
        return Headline("How deep can this network go? Dry runs are on their way.", under)
    exact = [one for one in known if one.exact]
    if not exact:
        (best, *_) = sorted(known, key=lambda one: -one.reach)
        guess = f"{_start(ask)} {_name(best)} {_reaches(best, ask)}, but its gradient is <b>a noisy guess</b>."
        return Headline(guess, under)
    backprop = next((one for one in exact if one.method == "backprop"), None)
    others = [one for one in exact if one is not backprop]
    rival = _rival(others)
    fell = next((one for one in answers if one.refusal and one.method.startswith("moonwalk")), None)
    if max(one.reach for one in exact) == 0:
        return Headline(_nothing(exact, ask), under)
    if backprop is None or rival is None:
        sentence = _alone(backprop or rival or exact[0], ask)
    else:
        sentence = _duel(backprop, rival, ask)
    if fell and not (rival and rival.method.startswith("moonwalk")):
        sentence += f" {_name(fell)} cannot train this network."
    return Headline(sentence, under)


def _rival(others: Sequence[Answer]) -> Answer | None:
    """Whom backprop is compared with: the deepest form of Moonwalk, else the deepest of all."""
    walks = [one for one in others if one.method.startswith("moonwalk")]
    return max(walks or others, key=lambda one: one.reach, default=None)


def _start(ask: Ask) -> str:
    return f"With {memory_text(ask.device.memory_bytes)},"


def _duel(backprop: Answer, rival: Answer, ask: Ask) -> str:
    ours, theirs, name = rival.reach, backprop.reach, _name(rival)
    noun = _noun(ask)
    if _endless(backprop) and _endless(rival):
        most = f"{ours:,}"
        return f"{_start(ask)} backprop and {name} both go to <b>{most} {noun}</b>, the most a network may have here."
    if theirs == 0:
        return f"{_start(ask)} backprop does not fit at all. {name} {_goes(rival, ask)}."
    if ours == 0:
        return f"{_start(ask)} backprop {_stops(backprop, ask)}. {name} <b>does not fit</b> at all."
    if ours > theirs:
        goes = f"goes on to <b>{_number(rival)}</b>" if ask.deep else f"takes <b>{_number(rival)}</b>"
        return f"{_start(ask)} backprop {_stops(backprop, ask)}. {name} {goes}{_beyond(rival)}."
    if ours == theirs:
        return f"{_start(ask)} backprop and {name} both {_stops(backprop, ask, many=True)}."
    return f"{_start(ask)} backprop {_reaches(backprop, ask)}. {name} already stops at <b>{_number(rival)}</b>."


def _alone(one: Answer, ask: Ask) -> str:
    return f"{_start(ask)} {_name(one)} {_reaches(one, ask)}{_beyond(one)}."


def _nothing(exact: Sequence[Answer], ask: Ask) -> str:
    least = min(exact, key=lambda one: one.main.bytes_one_deeper or 0)  # type: ignore[union-attr]
    needs = memory_text(least.main.bytes_one_deeper or 0)  # type: ignore[union-attr]
    what = f"one block at batch {ask.batch:,}" if ask.deep else "a single example"
    return f"{_start(ask)} <b>not even {what} fits</b>: the leanest, {_name(least)}, takes {needs}."


def _stops(one: Answer, ask: Ask, many: bool = False) -> str:
    verb = "stop" if many else "stops"
    if ask.deep:
        return f"{verb} at {_number(one)} {_noun(ask, one.reach)}"
    return f"{verb} at a batch of {_number(one)}"


def _reaches(one: Answer, ask: Ask) -> str:
    if one.reach == 0:
        return "<b>does not fit</b> at all"
    if ask.deep:
        return f"reaches <b>{_number(one)} {_noun(ask, one.reach)}</b>"
    return f"takes a batch of <b>{_number(one)}</b>"


def _goes(one: Answer, ask: Ask) -> str:
    return f"{_reaches(one, ask)}{_beyond(one)}"


def _beyond(one: Answer) -> str:
    return ", the most a network may have here" if _endless(one) else ""


def _endless(one: Answer) -> bool:
    return one.main is not None and one.main.limited_by == "most"


def _number(one: Answer) -> str:
    return f"{'' if not one.guessed else '≈ '}{one.reach:,}"


def _noun(ask: Ask, count: int = 2) -> str:
    return ("block" if count == 1 else "blocks") if ask.deep else "examples"


def _name(one: Answer) -> str:
    words = short(one.label)
    words = words[:1].lower() + words[1:] if one.method != "moonwalk-mixed" else words
    return f'<span class="mv-name mv-of-{escape(one.method)}">{escape(words)}</span>'


def _under(answers: Sequence[Answer], ask: Ask) -> str:
    """What was asked, and what the numbers are."""
    noisy = [one for one in answers if not one.exact and one.reach > 0]
    if ask.deep:
        size = f"batch {ask.batch:,}"
    else:
        size = f"{ask.depth:,} block{'s' * (ask.depth != 1)}; none of them is repeated, so the batch is what can grow"
    how = "Predicted by dry runs of each method’s own schedule, to the byte and without doing the arithmetic."
    if any(one.guessed for one in answers):
        how = "≈ scaled from dry runs of other settings, until those of these settings are done."
    more = ""
    if noisy and any(one.exact and one.reach >= 0 for one in answers):
        best = max(noisy, key=lambda one: one.reach)
        more = f" {escape(short(best.label))} would reach {_number(best)}, but its gradient is a noisy guess."
    words = [ask.what, size, ask.dtype, OPTIMIZERS[ask.optimizer], escape(device_words(ask))]
    return f"{', '.join(word for word in words if word)}. {how}{more}"


def device_words(ask: Ask) -> str:
    """What the memory is of."""
    if ask.device.kind != "custom":
        return f"on {ask.device.name}"
    return "on a CUDA GPU" if ask.device.cuda else "counting tensors alone"


def limit_words(key: str) -> str:
    """What runs out next, in words."""
    return LIMITS.get(key, key)


LIMITS = {
    "weights": "the weights themselves",
    "optimizer": "the optimizer’s numbers",
    "batch": "the batch",
    "activation": "stored activations",
    "residual": "residual bits",
    "cotangent": "h, the gradient on its way",
    "anchor": "anchors",
    "fragment": "fragments of h",
    "sketch": "sketches of h",
    "tangent": "tangents",
    "gradient": "weight gradients",
    "temporary": "working space within a step",
    "rounding": "the allocator’s rounding",
    "workspace": "kernel workspaces",
    "context": "the CUDA context",
    "most": "nothing: it is the most a network may have here",
}
"""By a term's key: what grows with one more block or example."""
