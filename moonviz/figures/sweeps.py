"""Where the time went: each method's seconds by sweep."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from moonviz.events import Phase
from moonviz.figures.chart import Chart
from moonviz.figures.style import FONT, TOKENS, Scheme, blend, contrast, look, pick, seconds_text, template
from moonviz.figures.words import PHASE_WORDS, short
from moonviz.results import Report, Result

ROW = 60
APART = 0.05
"""From this share on, the sum of the steps is not the time of the whole."""
FEW = 3
"""More methods than this are not all told in the caption; the table and the alternative text hold them."""
SHADES = {1: (1.0,), 2: (0.32, 1.0), 3: (0.3, 0.72, 1.0)}


def phase_seconds(result: Result) -> dict[Phase, float]:
    """Seconds of each phase, in the order the phases first came; empty where steps were not timed."""
    sums: dict[Phase, float] = {}
    for step in result.steps:
        if step.seconds is None:
            return {}
        sums[step.phase] = sums.get(step.phase, 0.0) + step.seconds
    return sums


def _whole(one: Result) -> float:
    """Seconds of the whole step; the sum of its parts where only those were timed."""
    return one.seconds.median if one.seconds else sum(phase_seconds(one).values())


def why_apart(drawn: Sequence[Result]) -> str:
    """Why figures of single steps do not end where whole steps do, with a space before; empty where they do."""
    apart = []
    for one in drawn:
        whole, parts = _whole(one), sum(phase_seconds(one).values())
        if whole > 0 and abs(parts / whole - 1) > APART:
            apart.append((one.label, whole, parts))
    if not apart:
        return ""
    took = ", ".join(f"{label} {seconds_text(whole)}" for label, whole, _ in apart)
    longer = all(whole > parts for _, whole, parts in apart)
    why = ", since other work on the machine interrupts it" if longer else ""
    return f" Sums of each step’s median; the whole step took {took} (median){why}."


def _bar(
    one: Result, at: int, phase: Phase, seconds: float, start: float, scale: float, shade: float, scheme: Scheme
) -> go.Bar:
    page, ink = pick(TOKENS["page"], scheme), pick(TOKENS["ink"], scheme)
    drawn = look(one.method)
    colour = blend(pick(drawn.colour, scheme), page, shade)
    noisy = drawn.dash != "solid"
    hatch = {"shape": "/", "fgcolor": colour, "bgcolor": page, "solidity": 0.3} if noisy else {}
    return go.Bar(
        x=[seconds * scale],
        y=[at],
        base=[start * scale],
        orientation="h",
        width=0.52,
        name=f"{one.label}, {PHASE_WORDS[phase]}",
        marker={"color": colour, "cornerradius": 2, "line": {"width": 1, "color": page}, "pattern": hatch},
        text=[PHASE_WORDS[phase]],
        textposition="inside",
        insidetextanchor="start",
        textangle=0,
        insidetextfont={
            "size": 14,
            "color": ink if noisy else max((ink, page), key=lambda text: contrast(text, colour)),
        },
        customdata=[seconds_text(seconds)],
        hovertemplate="%{customdata}",
    )


def sweep_times(report: Report, scheme: Scheme) -> Chart | None:
    """A bar per method, cut by sweep; null where steps were not timed."""
    drawn = [(one, phase_seconds(one)) for one in report.results if one.status == "ok"]
    drawn = [(one, sums) for one, sums in drawn if sums]
    if not drawn:
        return None
    longest = max(sum(sums.values()) for _, sums in drawn)
    unit, scale = ("seconds", 1.0) if longest >= 1 else ("milliseconds", 1e3)
    figure = go.Figure(
        layout={"template": template(scheme), "height": 64 + ROW * max(len(drawn), 2), "barmode": "stack"}
    )
    for at, (one, sums) in enumerate(drawn):
        shades = SHADES.get(len(sums), (1.0,) * len(sums))
        start = 0.0
        for (phase, seconds), shade in zip(sums.items(), shades, strict=True):
            figure.add_trace(_bar(one, at, phase, seconds, start, scale, shade, scheme))
            start += seconds
    figure.update_layout(hovermode="closest", margin={"t": 4}, uniformtext={"minsize": 12, "mode": "hide"})
    figure.update_xaxes(title_text=f"{unit} of work", range=[0, longest * scale * 1.02])
    figure.update_yaxes(
        tickvals=list(range(len(drawn))), ticktext=[f"<b>{one.label}</b>" for one, _ in drawn],
        tickfont={"family": FONT, "size": 14, "color": pick(TOKENS["ink"], scheme)},
        range=[len(drawn) - 0.4, -0.4], showgrid=False,
    )  # fmt: skip
    said = "; ".join(
        f"{short(one.label)}: " + ", ".join(f"{PHASE_WORDS[phase]} {seconds_text(s)}" for phase, s in sums.items())
        for one, sums in drawn
    )
    caption = f"{said}."
    if len(drawn) > FEW:
        # Who was quickest is what the whole steps say; the bars are sums of parts.
        totals = sorted((_whole(one), one.label) for one, _ in drawn)
        (least, quick), (most, slow) = totals[0], totals[-1]
        caption = f"Longest: {slow}, {seconds_text(most)}; shortest: {quick}, {seconds_text(least)}."
    why = why_apart([one for one, _ in drawn])
    rows = [(one.label, PHASE_WORDS[phase], s) for one, sums in drawn for phase, s in sums.items()]
    table = {"method": [r[0] for r in rows], "sweep": [r[1] for r in rows], "seconds": [round(r[2], 6) for r in rows]}
    return Chart("Time by sweep", f"{caption}{why}", figure, f"Time by sweep. {said}.{why}", table)
