from __future__ import annotations

import json
from copy import copy

import plotly.graph_objects as go
import plotly.io
import pytest
from whatif_cases import answered, asked

from moonviz.figures.lazy import LazyFigure
from moonviz.figures.style import template
from moonviz.figures.whatif import memory_by
from moonviz.figures.whatif_peak import peak_parts

THREE = ("backprop", "revbackprop", "moonwalk-mixed")


def sent(figure):
    return json.loads(plotly.io.to_json(figure.to_dict(), validate=False))


def drawn(kind, scheme):
    ask = asked(200)
    found = answered(ask, *THREE)
    return (peak_parts(found, ask, scheme) if kind == "parts" else memory_by(kind, found, ask, scheme)).figure


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["depth", "batch", "parts"])
def test_the_browser_gets_what_plotly_makes_of_a_checked_figure(kind, scheme):
    figure = drawn(kind, scheme)
    plain = sent(figure)
    checked = go.Figure(figure.to_dict())
    assert checked.layout.template == template(scheme)
    assert plain == sent(checked) == sent(copy(figure))
    assert figure.data
    assert sent(figure) == plain


def test_looking_inside_checks_every_property():
    wrong = LazyFigure([{"type": "scatter", "colour": "red"}], {}, "light")
    with pytest.raises(ValueError, match="colour"):
        _ = wrong.data
