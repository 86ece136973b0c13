"""Who can train a draft network and why not, and the peaks that dry runs predict, as HTML."""

from __future__ import annotations

from html import escape
from re import sub

from moonviz.building import Check
from moonviz.figures.css import mark
from moonviz.figures.style import bytes_text
from moonviz.figures.words import prose
from moonviz.specs import METHODS, NetworkSpec

_NOTES = {"projforward": ", noisy", "forward": ", slowly"}
"""What a yes leaves unsaid."""
_WITHOUT = "`forward` has no bar: it makes a pass for every single weight, too many to go through at every edit."


def who_can_train(check: Check | None) -> str:
    """Every method, whether it can train the network, and why not."""
    rows = "".join(_method(name, check) for name in METHODS)
    return f'<h2 class="mv-h">Who can train this network?</h2><dl class="mv-can">{rows}</dl>'


def _method(name: str, check: Check | None) -> str:
    known = check is not None and not check.problem and name in check.refusals
    why = check.refusals[name] if known and check else None
    if check is not None and check.problem:
        answer, tone = "not yet", "no"
    elif not known:
        answer, tone = "…", ""
    else:
        answer, tone = (f"yes{_NOTES.get(name, '')}", "yes") if why is None else ("no", "no")
    sign = {"yes": "✓ ", "no": "✕ "}.get(tone, "")
    reason = f'<dd class="why">{prose(_short(name, why))}</dd>' if why else ""
    return f'<div class="{tone}">{mark(name)}<dt>{escape(name)}</dt><dd>{sign}{answer}</dd>{reason}</div>'


def _short(name: str, why: str) -> str:
    """The first sentence of a refusal, without the method's name: both stand beside it, and the badge says the rest."""
    said = sub(rf"^`{name}[^`]*` ", "", why).partition(". ")[0].rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."


def predicted_peaks(check: Check | None, network: NetworkSpec) -> str:
    """A bar for each method that can train the network; dimmed while its peak is not known yet.

    Naive forward mode has none, and that is said: its dry run takes a pass for every weight.
    """
    head = f'<h2 class="mv-h">Predicted peak, batch {network.batch:,}</h2>'
    if check is None or check.problem:
        return f'{head}<p class="mv-aside">Known as soon as the layers fit.</p>' if check else head
    able = [name for name in METHODS if check.refusals.get(name, "") is None and name != "forward"]
    known = {name: peak for name in able if (peak := check.peaks.get(name)) is not None}
    most = max(known.values(), default=1)
    rows = "".join(_bar(name, known.get(name), most) for name in able)
    below = "Dry runs on paper: no arithmetic is done. Weights and the batch are not counted."
    if check.refusals.get("forward", "") is None:
        below += " " + _WITHOUT
    if check.peaks and not known:
        below = "This network is too deep for a dry run at every edit. Race it to see."
        rows = ""
    return f'{head}<div class="mv-peaks">{rows}</div><p class="mv-aside">{prose(below)}</p>'


def _bar(name: str, peak: int | None, most: int) -> str:
    if peak is None:
        return f'<div class="dim"><span>{escape(name)}</span><i></i><b>…</b></div>'
    share = f"{100 * peak / most:.1f}"
    return (
        f'<div><span>{escape(name)}</span><i class="mv-of-{escape(name)}" style="--w:{share}%"></i>'
        f"<b>{bytes_text(peak, most)}</b></div>"
    )
