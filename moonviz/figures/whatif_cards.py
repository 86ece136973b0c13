"""The answer of each method as a card: a big number, what it costs, what runs out next."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from moonviz.estimates.fit import Fit
from moonviz.figures.css import mark
from moonviz.figures.style import factor_text, memory_text
from moonviz.figures.whatif_answer import Answer, Ask
from moonviz.figures.whatif_headline import limit_words
from moonviz.figures.words import prose


def cards(answers: Sequence[Answer], ask: Ask, busy: bool) -> str:
    """All cards in a row, as HTML.

    Args:
        answers: In order.
        ask: What is asked.
        busy: Whether dry runs are on their way that may confirm what is extrapolated.
    """
    return f'<div class="mv-bigs" role="list">{"".join(_card(one, ask, busy) for one in answers)}</div>'


def _card(one: Answer, ask: Ask, busy: bool) -> str:
    noisy = "" if one.exact else " noisy"
    head = f'<p class="k">{mark(one.method)}{escape(one.label)}</p>'
    if one.refusal:
        body = f'<p class="v none">refused</p><p>{prose(one.refusal)}</p>'
        return f'<div class="mv-big off" role="listitem">{head}{body}</div>'
    if one.main is None:
        waits = "Its first dry runs are on their way." if busy else "No dry run of it is at hand."
        return f'<div class="mv-big off" role="listitem">{head}<p class="v none">…</p><p>{waits}</p></div>'
    lines = [line for line in (_other(one, ask), _next(one), _time(one), _noise(one)) if line]
    said = "".join(f"<p>{line}</p>" for line in lines)
    return (
        f'<div class="mv-big{noisy} mv-of-{one.method}" role="listitem">{head}{_big(one, ask)}'
        f"{_badge(one, busy)}{said}</div>"
    )


def _big(one: Answer, ask: Ask) -> str:
    noun = ("block" if one.reach == 1 else "blocks") if ask.deep else ("example" if one.reach == 1 else "examples")
    about = "" if one.confirmed else '<span class="about" title="extrapolated">≈</span>'
    number = f"{one.reach:,}"
    return f'<p class="v">{about}{number} <small>{noun}</small></p>'


def _badge(one: Answer, busy: bool) -> str:
    fit = one.main
    if one.guessed:
        return '<p class="how">≈ scaled from other settings</p>'
    if fit is not None and fit.exact:
        return '<p class="how sure">✓ confirmed by a dry run</p>'
    return f'<p class="how">≈ extrapolated{", being confirmed" if busy else ""}</p>'


def _other(one: Answer, ask: Ask) -> str:
    """The second answer: the largest batch at the depth looked at."""
    if not ask.deep or one.largest is None:
        return ""
    fit = one.largest
    blocks = f"{ask.depth:,} block{'s' * (ask.depth != 1)}"
    if fit.batch == 0:
        return f"At {blocks} not even a single example fits."
    about = "" if fit.exact and not one.guessed else "≈ "
    return f"Largest batch at {blocks}: <b>{about}{fit.batch:,}</b>"


def _next(one: Answer) -> str:
    fit = one.main
    if fit is None:
        return ""
    if fit.limited_by == "most":
        return "No more blocks are allowed here; memory would go on." if fit.varied == "depth" else ""
    return f"Next to run out: {escape(limit_words(fit.limited_by))}{_margin(fit)}"


def _margin(fit: Fit) -> str:
    if not fit.bytes or not fit.bytes_one_deeper:
        return ""
    return f"; one more takes {memory_text(fit.bytes_one_deeper - fit.bytes)}"


def _time(one: Answer) -> str:
    """Work beside backprop's, by FLOPs."""
    if one.method == "backprop":
        return "The reference for time"
    if one.time is None:
        return ""
    return f"Predicted time: {factor_text(one.time)} × backprop’s, by FLOPs"


def _noise(one: Answer) -> str:
    return "" if one.exact else "Its gradient is a noisy guess, whatever fits"
