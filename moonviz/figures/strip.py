"""What each method keeps, layer by layer: area is memory, texture is the kind. HTML, so that it follows every width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from moonviz.events import Kind, StepRecord
from moonviz.figures.css import mark
from moonviz.figures.held import Folded, Moment, fold, fullest, per_column
from moonviz.figures.style import KINDS_DRAWN, bytes_text
from moonviz.figures.words import PHASE_DURING
from moonviz.results import Report
from moonviz.specs import METHODS

BAR_PIXELS = 80
LEAST_PIXELS = 4
"""What is kept at all is drawn at least this high: a dotted line must stay visible beside a wall."""

WIDTHS: dict[str, int] = {"wide": 150, "middle": 84, "narrow": 44}
"""Most columns of each variant; the stylesheet shows the one that fits."""

ARROWS = {"forward": "→", "advance": "→", "tangent": "→", "reverse": "←", "invert": "←", "recompute": "→"}
STACK: tuple[Kind, ...] = ("residual", *(kind for kind in KINDS_DRAWN if kind != "residual"))
"""From the bottom: the dotted line stays a line where something stands on it."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One method's strip.

    Attributes:
        method: Its name.
        label: Its name and options.
        moment: What it holds; null before its first step.
        caption: One sentence under the bars.
        phase: The sweep to mark as current; null for none.
        holds: What the number at the right is, such as "kept at most".
    """

    method: str
    label: str
    moment: Moment | None
    caption: str
    phase: str | None = None
    holds: str = "kept at most"


def finished_lanes(report: Report) -> list[Lane]:
    """One lane per method that has steps, at the moment it kept the most."""
    lanes = []
    for result in report.results:
        moment = fullest(result.steps)
        if moment:
            lanes.append(Lane(result.method, result.label, moment, _caption(moment, len(report.network.layers))))
    return lanes


def _caption(moment: Moment, layers: int) -> str:
    worth = moment.total / 200  # what is less than half a percent of all is not worth a word
    kinds = sorted(((kind, held) for kind, held in moment.by_kind().items() if held > worth), key=lambda pair: -pair[1])
    listed = ", ".join(f"{bytes_text(count)} of {KINDS_DRAWN[kind].name}" for kind, count in kinds)
    where = f"{PHASE_DURING[moment.phase]}, after layer {moment.layer}"
    return f"Its fullest moment, {where}: {listed or 'nothing'}, in {moment.layers():,} of {layers:,} layers."


def kept_table(report: Report) -> dict[str, list[object]]:
    """The numbers behind `finished_lanes`: what each method keeps at each layer at its fullest moment."""
    rows = [
        (lane.label, layer, KINDS_DRAWN[kind].name, count)
        for lane in finished_lanes(report)
        if lane.moment
        for (layer, kind), count in sorted(lane.moment.held.items())
    ]
    names = ("method", "layer", "kind", "bytes")
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def live_lane(method: str, label: str, steps: Sequence[StepRecord], moment: Moment | None, now: bool) -> Lane:
    """A lane while the race runs.

    Args:
        method: Its name.
        label: Its name and options.
        steps: What has been traced of it.
        moment: What to draw.
        now: Whether the moment is where it stands now, not its fullest.
    """
    if not steps or moment is None:
        return Lane(method, label, None, "Waiting for its turn.", holds="holds")
    if not now:
        return Lane(method, label, moment, "Traced. Drawn at its fullest moment.")
    words = f"At layer {moment.layer} {PHASE_DURING[moment.phase]}."
    return Lane(method, label, moment, words, phase=moment.phase, holds="holds")


def strip(lanes: Sequence[Lane], layers: int) -> str:
    """The strips of all lanes on one scale, as HTML.

    Args:
        lanes: From `finished_lanes` or `live_lane`.
        layers: How many layers there are, stem and head included.
    """
    moments = [lane.moment for lane in lanes if lane.moment]
    variants: dict[int, list[str]] = {}
    for name, columns in WIDTHS.items():
        variants.setdefault(per_column(layers, columns), []).append(name)
    folded = {
        together: [fold(lane.moment, layers, together) if lane.moment else None for lane in lanes]
        for together in variants
    }
    scales = {
        together: max((sum(column.values()) for one in many if one for column in one.columns), default=0) or 1
        for together, many in folded.items()
    }
    parts = []
    for at, lane in enumerate(lanes):
        bars = "".join(
            _bars(folded[together][at], layers, scales[together], together, names)
            for together, names in variants.items()
        )
        parts.append(_lane(lane, bars))
    axes = "".join(_axis(together, layers, names) for together, names in variants.items())
    return f'<div class="mv-strip">{"".join(parts)}{axes}{key(_kinds(moments))}</div>'


def _kinds(moments: Iterable[Moment]) -> list[Kind]:
    present = {kind for moment in moments for kind in moment.by_kind()}
    return [kind for kind in KINDS_DRAWN if kind in present]


def _lane(lane: Lane, bars: str) -> str:
    card = METHODS.get(lane.method)
    chips = "".join(
        f'<span class="mv-chip{" now" if phase == lane.phase else ""}" title="{escape(words)}">'
        f"{escape(words.split(',')[0])} {ARROWS[phase]}</span>"
        for phase, words in (card.schedule if card else ())
    )
    total = bytes_text(lane.moment.total) if lane.moment else "–"
    alt = f"{lane.label} {lane.holds} {total}. {lane.caption}"
    return (
        f'<section class="mv-lane mv-of-{escape(lane.method)}">'
        f'<header><span class="mv-method">{mark(lane.method)}{escape(lane.label)}</span>'
        f'<span class="mv-chips">{chips}</span>'
        f'<span class="mv-holds">{lane.holds} <b>{total}</b></span></header>'
        f'<div role="img" aria-label="{escape(alt)}">{bars}</div><p>{escape(lane.caption)}</p></section>'
    )


def _bars(folded: Folded | None, layers: int, scale: int, together: int, names: list[str]) -> str:
    columns = folded.columns if folded else ({},) * -(-layers // together)
    cells = "".join(_cell(column, at * together, together, layers, scale) for at, column in enumerate(columns))
    return f'<div class="mv-bars {" ".join(names)}">{cells}</div>'


def _cell(column: dict[Kind, int], first: int, together: int, layers: int, scale: int) -> str:
    if not column:
        return "<i></i>"
    last = min(first + together, layers) - 1
    place = f"Layer {first}" if last == first else f"Layers {first} to {last}"
    kept = [(kind, column[kind]) for kind in STACK if kind in column]
    bars = "".join(
        f'<b class="mv-k {kind}" style="height:{max(LEAST_PIXELS, BAR_PIXELS * count / scale):.4g}px"></b>'
        for kind, count in kept
    )
    says = ", ".join(f"{KINDS_DRAWN[kind].name} {bytes_text(count)}" for kind, count in kept)
    return f'<i title="{place}: {escape(says)}">{bars}</i>'


def _axis(together: int, layers: int, names: list[str]) -> str:
    middle = f"folded: 1 column = {together} layers" if together > 1 else "1 column = 1 layer"
    return (
        f'<div class="mv-axis {" ".join(names)}"><span>input → layer 0</span><span>{middle}</span>'
        f"<span>layer {layers - 1} → loss</span></div>"
    )


def key(kinds: Sequence[Kind], lead: str = "Bar height = bytes kept at that layer, all on one scale") -> str:
    """The key to the textures, as HTML, with an explanation on each."""
    items = "".join(
        f'<span title="{escape(KINDS_DRAWN[kind].about)}"><b class="mv-k {kind}"></b>'
        f"{escape(KINDS_DRAWN[kind].name)}</span>"
        for kind in kinds
    )
    start = f'<span class="lead">{escape(lead)}</span>' if lead else ""
    return f'<div class="mv-key">{start}{items}</div>'
