"""The finish: one row per method with its peak, time, work and the error of its gradient. An HTML table."""

from __future__ import annotations

from html import escape
from math import log10

from moonviz.figures.css import mark
from moonviz.figures.style import bytes_text, error_text, factor_text, flops_text, power_text, seconds_text
from moonviz.figures.words import STATUS_WORDS, agreement_words, prose
from moonviz.results import TOLERANCE, Report, Result

FLOORS = {"float64": -16}
"""Where the error scale starts, as a power of ten, by dtype; −8 for all others."""

GRADIENT = (
    "Whether a method finds what backprop finds in the same number format; what both round away is no difference."
)
WORK = "Floating-point operations of one step, as counted from the tensor operations."


def error_floor(dtype: str) -> int:
    """The power of ten at the left end of the error scale."""
    return FLOORS.get(dtype, -8)


def error_place(error: float, dtype: str) -> float:
    """Where an error stands on the scale, in percent from the left; clipped to its ends."""
    lowest = error_floor(dtype)
    return 100.0 if error >= 1 else max(0.0, 100 * (log10(error) - lowest) / -lowest) if error > 0 else 0.0


def finish(report: Report) -> str:
    """The table of results, in the order they were asked for."""
    dtype = str(report.network.spec.get("dtype", "float32"))
    done = [one for one in report.results if one.status == "ok"]
    scale = {
        "peak": max((one.peak_bytes or 0 for one in report.results), default=0),
        "time": max((one.seconds.median for one in done if one.seconds), default=0.0),
    }
    backprop = next((one for one in done if one.method == "backprop"), None)
    allocator = any(one.allocator_peak_bytes for one in done)
    rows = "".join(_row(one, backprop, scale, dtype, allocator) for one in report.results)
    extra = '<th scope="col">Allocator peak</th>' if allocator else ""
    span = f"{power_text(error_floor(dtype))} to 1; shaded: tolerance"
    return (
        f'<table class="mv-finish"><caption class="mv-hidden">Results by method</caption><thead><tr>'
        f'<th scope="col">Finish</th><th scope="col">Peak memory</th>{extra}'
        f'<th scope="col">Time <span>of one step</span></th><th scope="col" title="{WORK}">Work</th>'
        f'<th scope="col">Error against the true gradient <span>in float64; {span}</span></th>'
        f'<th scope="col" title="{GRADIENT}">Gradient <span>beside backprop’s, both in {dtype}</span></th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(result: Result, backprop: Result | None, scale: dict[str, float], dtype: str, allocator: bool) -> str:
    head = f'<th scope="row"><span class="mv-method">{mark(result.method)}{escape(result.label)}</span></th>'
    opening = f'<tr class="mv-of-{escape(result.method)}'
    if result.status != "ok":
        wide, needs = 6 if allocator else 5, ""
        if result.peak_bytes:  # predicted by the dry run that refused it
            wide -= 1
            share = min(1.0, result.peak_bytes / scale["peak"]) if scale["peak"] else 1.0
            needs = f'<td data-of="Needs">{_bar(share)}<span class="mv-num"><b>{bytes_text(result.peak_bytes)}</b> '
            needs += "predicted</span></td>"
        return f'{opening} fell">{head}{needs}<td colspan="{wide}">{_fell(result)}</td></tr>'
    cells = [_peak(result, backprop, scale["peak"])]
    if allocator:
        here = result.allocator_peak_bytes
        cells.append(f'<td data-of="Allocator peak">{bytes_text(here) if here else "not counted"}</td>')
    cells += [_time(result, backprop, scale["time"]), _work(result, backprop), *_error(result, backprop, dtype)]
    return f'{opening}">{head}{"".join(cells)}</tr>'


def _fell(result: Result) -> str:
    words = f"<b>{STATUS_WORDS[result.status].capitalize()}.</b>"
    if result.error:
        words += f" {prose(result.error.message)}"
        if result.error.remedy and result.error.remedy.rstrip(".") not in result.error.message:
            words += f" {prose(result.error.remedy)}"
    return words


def _bar(share: float) -> str:
    return f'<span class="mv-bar"><b style="width:{max(1.5, 100 * share):.4g}%"></b></span>'


def _peak(result: Result, backprop: Result | None, most: float) -> str:
    here = result.peak_bytes
    if not here:
        return '<td data-of="Peak memory">not measured</td>'
    beside = ""
    if backprop and backprop is not result and backprop.peak_bytes:
        ratio = backprop.peak_bytes / here
        beside = f"{factor_text(ratio)}× less" if ratio >= 1.005 else f"{factor_text(1 / ratio)}× as much"
    predicted = " predicted" if result.predicted else ""
    return (
        f'<td data-of="Peak memory">{_bar(here / most)}<span class="mv-num"><b>{bytes_text(here)}</b> '
        f"{beside}{predicted}</span></td>"
    )


def _time(result: Result, backprop: Result | None, most: float) -> str:
    if not result.seconds:
        return '<td data-of="Time">not timed</td>'
    here = result.seconds.median
    text = f"<b>{seconds_text(here)}</b>"
    if backprop and backprop.seconds:
        text = f"<b>{factor_text(here / backprop.seconds.median)}×</b> {seconds_text(here)}"
    spread = f"{seconds_text(result.seconds.min)} to {seconds_text(result.seconds.max)}"
    return (
        f'<td data-of="Time" title="Median of {result.seconds.repeats} runs, {spread}">{_bar(here / most)}'
        f'<span class="mv-num">{text}</span></td>'
    )


def _work(result: Result, backprop: Result | None) -> str:
    if not result.flops:
        return '<td data-of="Work">not counted</td>'
    text = flops_text(result.flops)
    ratio = f"<b>{factor_text(result.flops / backprop.flops)}×</b> " if backprop and backprop.flops else ""
    return f'<td data-of="Work"><span class="mv-num">{ratio}{text}</span></td>'


def _error(result: Result, backprop: Result | None, dtype: str) -> tuple[str, str]:
    strong, rest = agreement_words(result, dtype)
    tone = {"drifting": " drifting", "not the gradient": " wrong", "a noisy estimate": " noisy"}.get(strong, "")
    said = f", {escape(rest)}" if rest else ""
    words = f'<td data-of="Gradient" class="mv-words{tone}"><b>{escape(strong)}</b>{said}</td>'
    error = result.gradient.relative_error if result.gradient else None
    if error is None:
        return '<td data-of="Error">not measured</td>', words
    ticks = ""
    own = backprop.gradient.relative_error if backprop and backprop is not result and backprop.gradient else None
    if own is not None:
        ticks = f'<s style="left:{error_place(own, dtype):.4g}%" title="backprop’s own error {error_text(own)}"></s>'
    says = f"relative error {error_text(error)} against {result.gradient.reference}" if result.gradient else ""
    scale = (
        f'<span class="mv-scale" role="img" aria-label="{escape(says)}" title="{escape(says)}">'
        f'<u style="width:{error_place(TOLERANCE[dtype], dtype):.4g}%"></u>{ticks}'
        f'<em style="left:{error_place(error, dtype):.4g}%">{mark(result.method)}</em></span>'
    )
    return f'<td data-of="Error">{scale}</td>', words
