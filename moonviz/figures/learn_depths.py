"""Predicted peak by depth, a line for each method: the figure beside a lesson about depth."""

from __future__ import annotations

import plotly.graph_objects as go

from moonviz.figures.chart import Chart
from moonviz.figures.precision import inside
from moonviz.figures.style import Scheme, bytes_text, in_mib, look, pick, template
from moonviz.lessons import Lesson, number_of
from moonviz.lessons.quantities import read_quantity

HEIGHT = 420


def memory_by_depth(lesson: Lesson, scheme: Scheme) -> Chart:
    """A lesson's methods at the depths of its view."""
    depths = list(lesson.front.view.depths)
    figure = go.Figure(layout={"template": template(scheme), "height": HEIGHT, "hovermode": "x unified"})
    lines: dict[str, list[float]] = {}
    for label in lesson.front.methods:
        numbers = [number_of(lesson, read_quantity(f"peak {label}").at(depth=depth)) for depth in depths]
        lines[label] = [float(one.value) for one in numbers if one and not isinstance(one.value, tuple)]
    for label, values in lines.items():
        drawn = look(label.partition(":")[0])
        colour = pick(drawn.colour, scheme)
        figure.add_trace(
            go.Scatter(
                x=depths, y=[in_mib(value) for value in values], name=label, mode="lines+markers", cliponaxis=False,
                line={"color": colour, "width": drawn.width, "dash": drawn.dash},
                marker={"symbol": drawn.symbol, "size": 12 if drawn.symbol.startswith("star") else 9, "color": colour},
                customdata=[bytes_text(value) for value in values], hovertemplate="%{customdata}",
            )
        )  # fmt: skip
        figure.add_annotation(
            x=depths[-1], y=in_mib(values[-1]), text=f"<b>{inside(label)}</b>", xanchor="right", yanchor="bottom",
            yshift=7,
        )  # fmt: skip
    figure.update_xaxes(title_text="depth", tickvals=depths, ticktext=[f"{depth:,}" for depth in depths])
    figure.update_yaxes(title_text="MiB", rangemode="tozero")
    last = {label: values[-1] for label, values in lines.items()}
    most, least = max(last, key=last.__getitem__), min(last, key=last.__getitem__)
    caption = (
        f"Predicted by dry runs. At depth {depths[-1]:,} {inside(most)} takes {bytes_text(last[most], last[least])}, "
        f"{inside(least)} {bytes_text(last[least], last[most])}."
    )
    said = "; ".join(f"{label}: " + ", ".join(map(bytes_text, values)) for label, values in lines.items())
    table = {"depth": depths} | {f"{label} (MiB)": [in_mib(v) for v in values] for label, values in lines.items()}
    return Chart("Peak by depth", caption, figure, f"Predicted peak memory at depths {depths}. {said}.", table)
