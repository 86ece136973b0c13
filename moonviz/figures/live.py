"""Curves that fill while a race is traced: one line per method over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from moonviz.events import StepRecord
from moonviz.figures.style import Scheme, anchor, bytes_text, in_mib, look, pick, template

HEIGHT = 240


def live(steps: Mapping[str, Sequence[StepRecord]], methods: Mapping[str, str], scheme: Scheme) -> go.Figure:
    """Bytes alive by step, so far.

    Args:
        steps: Traced records by label.
        methods: Every label of the race with its method, traced or not.
        scheme: Light or dark.
    """
    longest = max((len(many) for many in steps.values()), default=0)
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT, "hovermode": False})
    for label, method in methods.items():
        drawn = look(method)
        heights = [0, *(step.peak_bytes for step in steps.get(label, ()))]
        figure.add_trace(
            go.Scatter(
                y=[in_mib(height) for height in heights],
                name=label,
                mode="lines",
                line={"color": pick(drawn.colour, scheme), "width": drawn.width, "dash": drawn.dash},
            )
        )
        if len(heights) > 1:
            at = max(range(len(heights)), key=heights.__getitem__)
            figure.add_annotation(
                x=at, y=in_mib(heights[at]), yshift=12, xanchor=anchor(at / max(longest, 20)),
                text=f"<b>{label} {bytes_text(heights[at])}</b>",
            )  # fmt: skip
    most = max((step.peak_bytes for many in steps.values() for step in many), default=2**20)
    figure.update_xaxes(title_text="step", range=[0, max(longest * 1.06, 20)])
    figure.update_yaxes(title_text="MiB", range=[0, in_mib(most) * 1.2])
    return figure
