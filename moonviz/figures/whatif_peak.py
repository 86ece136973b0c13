"""What one training step takes at the depth looked at, part by part: weights, optimizer, batch, peak, the device's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from moonviz.estimates.devices import Term
from moonviz.figures.chart import Chart
from moonviz.figures.lazy import LazyFigure
from moonviz.figures.margins import glyph
from moonviz.figures.style import FONT, KINDS_DRAWN, TOKENS, Pair, Scheme, memory_text, pick, tint
from moonviz.figures.whatif_answer import Answer, Ask

ROW = 44
SHOWN = 0.004
"""A part smaller than this share of the longest bar is not drawn; the table has it."""


@dataclass(frozen=True, slots=True)
class TermLook:
    """How a part is drawn that is no kind of held bytes."""

    colour: Pair
    name: str
    pattern: str = ""


TERMS: dict[str, TermLook] = {
    "weights": TermLook(("#586174", "#a3aec4"), "weights"),
    "optimizer": TermLook(("#586174", "#a3aec4"), "optimizer state", "x"),
    "batch": TermLook(("#586174", "#a3aec4"), "batch", "."),
    "rounding": TermLook(("#b3261e", "#ff9d94"), "allocator rounding", "-"),
    "workspace": TermLook(("#b3261e", "#ff9d94"), "workspaces, assumed", "/"),
    "context": TermLook(("#b3261e", "#ff9d94"), "CUDA context, assumed", "\\"),
}
"""Parts beside the step's own peak: grey is there before the step, red is the device's."""


def peak_parts(answers: Sequence[Answer], ask: Ask, scheme: Scheme) -> Chart | None:
    """A bar for each method, cut into its parts; null where nothing is known.

    Args:
        answers: By method.
        ask: What is asked.
        scheme: Light or dark.
    """
    drawn = [one for one in answers if one.need is not None]
    if not drawn:
        return None
    totals = [one.need.total_bytes for one in drawn]  # type: ignore[union-attr]
    longest = max(totals)
    bars = [bar for n, one in enumerate(drawn) for bar in _bars(one, n, longest, scheme)]
    limit = ask.device.memory_bytes
    notes = [_total(one, n, longest, limit, scheme) for n, one in enumerate(drawn)]
    warn = pick(TOKENS["warn"], scheme)
    shapes = []
    if limit <= longest * 1.25:
        shapes.append(
            {"type": "line", "x0": limit, "x1": limit, "y0": 0, "y1": 1, "yref": "y domain", "layer": "above",
             "line": {"color": warn, "width": 2, "dash": "dot"}}
        )  # fmt: skip
    step = _step(longest)
    ticks = [step * n for n in range(int(longest / step) + 1)]
    layout = {
        "height": 58 + ROW * max(2, len(drawn)), "barmode": "stack",
        "hovermode": "closest", "margin": {"l": 8, "r": 14, "t": 4, "b": 8}, "shapes": shapes, "annotations": notes,
        "xaxis": {"range": [0, longest * 1.28], "tickvals": ticks, "ticktext": [memory_text(tick) for tick in ticks]},
        "yaxis": {
            "tickvals": list(range(len(drawn))), "showgrid": False, "range": [len(drawn) - 0.4, -0.6],
            "ticktext": [f"{glyph(one.method, scheme)} <b>{one.label}</b>" for one in drawn],
            "tickfont": {"family": FONT, "size": 14, "color": pick(TOKENS["ink"], scheme)},
        },
    }  # fmt: skip
    said = "; ".join(f"{one.label} {_words(one)}" for one in drawn)
    return Chart(
        title(ask), _caption(drawn, ask), LazyFigure(bars, layout, scheme),
        f"{title(ask)}, stacked by part. {said}.", _table(drawn),
    )  # fmt: skip


def title(ask: Ask) -> str:
    """Of the figure."""
    return f"What {ask.depth:,} block{'s' * (ask.depth != 1)} at batch {ask.batch:,} take, part by part"


def _bars(one: Answer, row: int, longest: int, scheme: Scheme) -> list[dict[str, Any]]:
    bars, start = [], 0
    for term in one.need.terms if one.need else ():
        if term.bytes >= SHOWN * longest:
            bars.append(_bar(one, term, row, start, scheme))
        start += term.bytes
    return bars


def _bar(one: Answer, term: Term, row: int, start: int, scheme: Scheme) -> dict[str, Any]:
    pair, name, pattern = _look(term.key)
    colour, page = pick(pair, scheme), pick(TOKENS["page"], scheme)
    hatch = {"shape": pattern, "fgcolor": colour, "bgcolor": tint(colour, 0.14), "solidity": 0.34}
    how = {"exact": "by a dry run", "extrapolated": "≈ extrapolated", "assumed": "assumed, not measured"}[term.how]
    return {
        "type": "bar", "orientation": "h", "x": [term.bytes], "y": [row], "base": [start], "width": 0.56,
        "name": f"{one.label}, {name}", "hovertemplate": f"{name}: {memory_text(term.bytes)}, {how}<extra></extra>",
        "marker": {"color": colour, "line": {"width": 1, "color": page}} | ({"pattern": hatch} if pattern else {}),
    }  # fmt: skip


def _look(key: str) -> tuple[Pair, str, str]:
    if key in TERMS:
        found = TERMS[key]
        return found.colour, found.name, found.pattern
    kind = KINDS_DRAWN.get(key, KINDS_DRAWN["temporary"])  # type: ignore[call-overload]
    return kind.colour, kind.name, kind.pattern


def _total(one: Answer, row: int, longest: int, limit: int, scheme: Scheme) -> dict[str, Any]:
    total = one.need.total_bytes  # type: ignore[union-attr]
    sure = "" if one.here and one.here.exact and not one.guessed else "≈ "
    over = total > limit
    text = f"<b>{sure}{memory_text(total)}</b>{' does not fit' if over else ''}"
    return {
        "x": total, "y": row, "xanchor": "left", "xshift": 8, "yanchor": "middle", "text": text,
        "font": {"size": 14, "color": pick(TOKENS["warn" if over else "ink"], scheme)},
    }  # fmt: skip


def _step(longest: int) -> int:
    """A power of two, of which at most six fit."""
    step = 1
    while longest / step > 5:
        step *= 2
    return step


def _words(one: Answer) -> str:
    need = one.need
    parts = ", ".join(f"{_look(term.key)[1]} {memory_text(term.bytes)}" for term in need.terms if term.bytes)  # type: ignore[union-attr]
    return f"{memory_text(need.total_bytes)}: {parts}"  # type: ignore[union-attr]


def _caption(drawn: Sequence[Answer], ask: Ask) -> str:
    """Who fits, and what the largest part of the hungriest is."""
    fits = [one for one in drawn if one.need and one.need.total_bytes <= ask.device.memory_bytes]
    most = max(drawn, key=lambda one: one.need.total_bytes)  # type: ignore[union-attr]
    part = max(most.need.terms, key=lambda term: term.bytes)  # type: ignore[union-attr]
    limit = memory_text(ask.device.memory_bytes)
    if len(fits) == len(drawn):
        start = f"{'All of them fit' if len(drawn) > 1 else 'It fits'} into {limit}."
    elif not fits:
        start = f"{'None of them fits' if len(drawn) > 1 else 'It does not fit'} into {limit}."
    else:
        start = f"{len(fits)} of {len(drawn)} fit into {limit}."
    share = round(100 * part.bytes / max(1, most.need.total_bytes))  # type: ignore[union-attr]
    return f"{start} Of {most.label}’s bytes, {share} % are {_look(part.key)[1]}."


def _table(drawn: Sequence[Answer]) -> dict[str, list[object]]:
    rows = [(one.label, term) for one in drawn for term in (one.need.terms if one.need else ())]
    return {
        "method": [label for label, _ in rows],
        "part": [_look(term.key)[1] for _, term in rows],
        "bytes": [term.bytes for _, term in rows],
        "known": [term.how for _, term in rows],
        "from": [term.source for _, term in rows],
    }


def key_of_parts(answers: Sequence[Answer]) -> str:
    """The key to the textures, as HTML: parts that some bar has, in stacking order."""
    terms = {term.key: term for one in answers if one.need for term in one.need.terms if term.bytes}
    items = "".join(
        f'<span title="{escape(term.source)}"><b class="mv-k {escape(name)}"></b>{escape(_look(name)[1])}</span>'
        for name, term in terms.items()
    )
    return f'<div class="mv-key">{items}</div>'


def device_terms(answers: Sequence[Answer]) -> str:
    """Where the parts come from that are the device's own, as a list in HTML; empty where there are none."""
    first = next((one.need for one in answers if one.need), None)
    own = [term for term in first.terms if term.key in ("rounding", "workspace", "context")] if first else []
    if not own:
        return ""
    items = "".join(
        f"<li><b>{escape(_look(term.key)[1].split(',')[0])}</b>, {_how(term)}: {escape(memory_text(term.bytes))}. "
        f"{_linked(term.source)}</li>"
        for term in own
    )
    return f'<ul class="mv-terms">{items}</ul>'


def _how(term: Term) -> str:
    return "assumed, not measured" if term.how == "assumed" else "computed storage by storage"


def _linked(source: str) -> str:
    """Words for people; an address in them is a link."""
    start, _, rest = source.partition("(http")
    if not rest:
        return escape(source[:1].upper() + source[1:]) + "."
    url, _, after = f"http{rest}".partition(")")
    words = escape(start[:1].upper() + start[1:]).rstrip()
    return f'{words} (<a href="{escape(url.split(" ")[0])}" target="_blank" rel="noopener">source</a>){escape(after)}.'
