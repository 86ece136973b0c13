"""What the server keeps for all tabs: the engine, and figures by the report they show."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import streamlit as st

from moonviz.figures.chart import Chart
from moonviz.figures.headline import Headline, headline
from moonviz.figures.layers import layer_times
from moonviz.figures.memory import memory
from moonviz.figures.playing import payload
from moonviz.figures.style import Scheme
from moonviz.figures.sweeps import sweep_times
from moonviz.results import Report

CHARTS: dict[str, Callable[[Report, Scheme], Chart | None]] = {
    "sweeps": sweep_times,
    "times": layer_times,
}


def digest(report: Report) -> str:
    """The one key by which anything made from a report is kept: its canonical JSON, hashed.

    Streamlit's own hashing would forget the class of nested data, so that two different specs could share an entry.
    """
    return sha256(report.to_json().encode()).hexdigest()


_digests: dict[int, tuple[Report, str]] = {}


def key_of(report: Report) -> str:
    """`digest`, computed once per report object: reports are frozen."""
    held = _digests.get(id(report))
    if held is None or held[0] is not report:
        if len(_digests) > 64:
            _digests.clear()
        held = _digests[id(report)] = (report, digest(report))
    return held[1]


def chart(report: Report, name: str, scheme: Scheme) -> Chart | None:
    """One of `CHARTS`, drawn once."""
    return _chart(key_of(report), name, scheme, report)


def memory_chart(report: Report, label: str, scheme: Scheme, shared: bool) -> Chart:
    """A method's memory, drawn once."""
    return _memory(key_of(report), label, scheme, shared, report)


def telling(report: Report) -> Headline:
    """The headline, written once."""
    return _telling(key_of(report), report)


def playing(report: Report, race: str, stale: bool) -> dict[str, Any]:
    """What the player is fed, made once; `race` is its id."""
    return _playing(key_of(report), race, report) | {"stale": stale}


@st.cache_resource(max_entries=128, show_spinner=False)
def _chart(key: str, name: str, scheme: Scheme, _report: Report) -> Any:
    return CHARTS[name](_report, scheme)


@st.cache_resource(max_entries=128, show_spinner=False)
def _memory(key: str, label: str, scheme: Scheme, shared: bool, _report: Report) -> Any:
    return memory(_report, label, scheme, shared)


@st.cache_resource(max_entries=32, show_spinner=False)
def _telling(key: str, _report: Report) -> Any:
    return headline(_report)


@st.cache_resource(max_entries=32, show_spinner=False)
def _playing(key: str, race: str, _report: Report) -> Any:
    return payload(_report, id=race)
