"""Readable tables of presets, methods and layers. Functions of plain data; no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from moonviz.calibration import Spread
from moonviz.calibration import Table as Calibration
from moonviz.results import LayerCard
from moonviz.specs import METHODS, PRESETS

_NOTHING = "—"
_LONGEST_PERIOD = 8
"""Most layers that are folded together when they repeat."""


def preset_table() -> Table:
    """Every preset, and the settings it takes with their defaults."""
    table = Table("Preset", "What it is", "Settings (`--set key=value`)", show_lines=True)
    for name, preset in PRESETS.items():
        fields = preset.settings.model_fields.items()
        table.add_row(name, preset.about, ", ".join(f"{key}={field.default}" for key, field in fields))
    return table


def method_table() -> Table:
    """Every method in teaching order; C: one layer's forward work, A: its activation, r: what its vjp needs."""
    table = Table("Method", "Idea", "Time", "Memory", "Layers", "Gradient", "Options", show_lines=True)
    for name, card in METHODS.items():
        options = ", ".join(f"{key}={field.default}" for key, field in card.options.model_fields.items())
        gradient = "exact" if card.exact else "noisy estimate"
        table.add_row(name, card.idea, card.time, card.memory, card.needs, gradient, options or _NOTHING)
    return table


def calibration_table(past: Calibration) -> Table:
    """What was predicted over what was measured, by machine and method; seconds are predicted at the device's best."""
    table = Table("Device", "Method", title=f"Predicted ÷ measured, {past.runs:,} kept", title_justify="left")
    for words in ("Peak bytes: median (range)", "Runs", "Step seconds: median (range)", "Runs"):
        table.add_column(words, justify="right")
    for row in past.rows:
        table.add_row(f"{row.device}, {row.machine}", row.method, *_spread(row.bytes), *_spread(row.seconds))
    return table


def _spread(found: Spread | None) -> tuple[str, str]:
    if found is None:
        return _NOTHING, _NOTHING
    return f"{found.median:.4g} ({found.min:.4g} to {found.max:.4g})", f"{found.count:,}"


def layer_table(layers: Sequence[LayerCard]) -> Table:
    """Every layer of a network, repeated ones folded into one line each."""
    table = Table("Layer", "Times", "Kind", "Capability", "In", "Out", "Parameters", "Why")
    for index, times, card in fold(layers):
        shapes = ("×".join(map(str, shape)) for shape in (card.in_shape, card.out_shape))
        table.add_row(index, str(times), card.kind, card.capability, *shapes, f"{card.parameters:,}", card.reason)
    return table


def fold(layers: Sequence[LayerCard]) -> Iterator[tuple[str, int, LayerCard]]:
    """Runs of layers that repeat with a short period, as (indices, times, first of its kind)."""
    at = 0
    while at < len(layers):
        period, times = _repetition(layers, at)
        for card in layers[at : at + period]:
            last = card.index + (times - 1) * period
            step = "" if period == 1 else f" by {period}"
            yield (str(card.index) if times == 1 else f"{card.index}–{last}{step}"), times, card
        at += period * times


def _repetition(layers: Sequence[LayerCard], at: int) -> tuple[int, int]:
    """The shortest period that repeats from here, and how often; (1, 1) if none does."""
    alike = [_looks(card) for card in layers[at:]]
    for period in range(1, min(_LONGEST_PERIOD, len(alike) // 2) + 1):
        times = 1
        while alike[times * period : (times + 1) * period] == alike[:period]:
            times += 1
        if times > 1:
            return period, times
    return 1, 1


def _looks(card: LayerCard) -> tuple[Any, ...]:
    return card.kind, card.capability, card.in_shape, card.out_shape, card.parameters, card.reason
