"""Where the time went: each method's seconds by sweep."""

from __future__ import annotations

import plotly.graph_objects as go

from moonviz.events import Phase
from moonviz.figures.chart import Chart
from moonviz.figures.style import FONT, TOKENS, Scheme, blend, contrast, look, pick, seconds_text, template
from moonviz.figures.words import PHASE_WORDS, short
from moonviz.results import Report, Result

ROW = 60
APART = 0.15
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


def _apart(one: Result, sums: dict[Phase, float]) -> bool:
    """Whether the layers' medians sum to something clearly different from the median of the whole step."""
    return bool(one.seconds) and abs(sum(sums.values()) / one.seconds.median - 1) > APART


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
    apart = [one.label for one, sums in drawn if _apart(one, sums)]
    if apart:
        said += f". Medians by layer, so those of {' and '.join(apart)} need not sum to the whole step’s"
    caption = f"{said}."
    if len(drawn) > FEW:
        totals = sorted((sum(sums.values()), one.label) for one, sums in drawn)
        (least, quick), (most, slow) = totals[0], totals[-1]
        caption = f"Longest: {slow}, {seconds_text(most)}; shortest: {quick}, {seconds_text(least)}."
    rows = [(one.label, PHASE_WORDS[phase], s) for one, sums in drawn for phase, s in sums.items()]
    table = {"method": [r[0] for r in rows], "sweep": [r[1] for r in rows], "seconds": [round(r[2], 6) for r in rows]}
    return Chart("Time by sweep", caption, figure, f"Time by sweep. {said}.", table)
