"""Figures that plotly checks only when somebody looks inside. What goes to the browser needs no second form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import plotly.graph_objects as go

from moonviz.figures.style import Scheme, template


class LazyFigure(go.Figure):
    """A plotly figure kept as the plain data it is made of.

    Checking every property takes plotly longer than everything else on a page that answers to a slider. Whoever asks
    for a trace or the layout gets the whole figure, checked, as of any other.

    Args:
        data: Traces, each with its `type`.
        layout: All but the template, written out: nested dictionaries, no `title_text`.
        scheme: Whose template is used.
    """

    def __init__(self, data: list[dict[str, Any]], layout: dict[str, Any], scheme: Scheme) -> None:
        self.__dict__["_plain"] = (data, layout, scheme)

    def __getattr__(self, name: str) -> Any:
        plain = self.__dict__.pop("_plain", None)
        if plain is None:
            raise AttributeError(name)
        data, layout, scheme = plain
        super().__init__(data=data, layout=layout | {"template": plain_template(scheme)})
        return getattr(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return go.Figure, (super().to_dict(),)

    def to_dict(self) -> dict[str, Any]:
        """What plotly draws; nobody may change it in place."""
        plain = self.__dict__.get("_plain")
        if plain is None:
            return super().to_dict()
        data, layout, scheme = plain
        # Plotly leaves empty lists out, too.
        kept = {name: value for name, value in layout.items() if value != []}
        return {"data": list(data), "layout": kept | {"template": plain_template(scheme)}}


@lru_cache(maxsize=2)
def plain_template(scheme: Scheme) -> dict[str, Any]:
    """The template of a scheme as plain data."""
    return template(scheme).to_plotly_json()
