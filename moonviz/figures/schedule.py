"""A method's schedule as a small picture: one arrow per sweep, and under it what is kept and what is made.

HTML rather than SVG, since Streamlit's `st.html` takes SVG out; textures and colours are those of the strips.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from moonviz.specs import MethodCard

LAYERS = 8
SEGMENT = 4
PART = 3
"""Where a sweep ends that runs up to one layer, and the next begins."""
BACKWARD = ("reverse", "invert")

_FULL, _BITS = 20, 4


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep of the picture.

    Attributes:
        words: As on the card.
        backward: Whether it goes from the loss to the input.
        first: The first layer it touches, from 0.
        last: The last one.
        kept: Layers in which something is kept, with what: a kind of `KINDS_DRAWN`.
        made: Layers whose gradient it makes.
        pushes: Whether directions travel along.
    """

    words: str
    backward: bool
    first: int
    last: int
    kept: dict[int, str]
    made: tuple[int, ...]
    pushes: bool


def picture(card: MethodCard) -> list[Sweep]:
    """The sweeps of a card, read from its schedule."""
    return [_sweep(card, phase, words) for phase, words in card.schedule]


def _sweep(card: MethodCard, phase: str, words: str) -> Sweep:
    says = words.lower()
    segment = "segment again" in says or "through it" in says
    first = LAYERS - SEGMENT if segment else PART if "of its weights" in says else 0
    last = PART if "up to a layer" in says else LAYERS - 1
    touched = range(first, last + 1)
    kept: dict[int, str] = {}
    if "storing everything" in says:
        kept = dict.fromkeys(touched, "activation")
    elif "segment inputs" in says:
        kept = dict.fromkeys(range(0, LAYERS, SEGMENT), "activation")
    elif "keeping bits" in says:
        kept = dict.fromkeys(touched, "residual")
    made: tuple[int, ...] = ()
    if "making gradients" in says or not card.exact:
        made = tuple(touched)
    elif "of its weights" in says:
        made = (PART,)
    return Sweep(words, phase in BACKWARD, first, last, kept, made, phase == "tangent")


def schedule(card: MethodCard) -> str:
    """The picture as HTML: sweeps from top to bottom, input at the left, loss at the right."""
    rows = "".join(_row(sweep, card.exact) for sweep in picture(card))
    says = "; ".join(f"{n}. {sweep.words}, {_direction(sweep)}" for n, sweep in enumerate(picture(card), start=1))
    ends = '<div class="mv-ends"><span>input</span><span>loss</span></div>'
    return (
        f'<div class="mv-schedule mv-of-{escape(card.name)}" role="img" aria-label="{escape(says)}">{ends}{rows}</div>'
    )


def _direction(sweep: Sweep) -> str:
    return "towards the input" if sweep.backward else "towards the loss"


def _row(sweep: Sweep, exact: bool) -> str:
    cells = []
    for layer in range(LAYERS):
        kind = sweep.kept.get(layer)
        high = _BITS if kind == "residual" else _FULL
        bar = f'<b class="mv-k {kind}" style="height:{high}px"></b>' if kind else ""
        diamond = (
            f'<u class="{"" if exact else "hollow"}"></u>'
            if layer in sweep.made
            else "<u hidden></u>"
            if sweep.made
            else ""
        )
        cells.append(f"<i>{bar}{diamond}</i>")
    left, right = 100 * sweep.first / LAYERS, 100 * (LAYERS - 1 - sweep.last) / LAYERS
    classes = " ".join(
        name for name, on in (("back", sweep.backward), ("pushes", sweep.pushes), ("noisy", not exact)) if on
    )
    arrow = f'<span class="mv-arrow {classes}" style="margin:0 {right:.4g}% 0 {left:.4g}%"></span>'
    bare = "" if sweep.kept else " bare"
    under = f'<div class="mv-cells{bare}">{"".join(cells)}</div>' if sweep.kept or sweep.made else ""
    return f'<div class="mv-sweep"><p>{escape(sweep.words)}</p>{arrow}{under}</div>'
