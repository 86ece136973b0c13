"""What the What-if page counts and assumes, in words for newcomers; and its predictions beside measurements. HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from moonviz.calibration import Spread, Table
from moonviz.figures.css import mark
from moonviz.figures.style import significant

COUNTED: dict[str, str] = {
    "Weights": "The network’s numbers themselves, with buffers. They are there before the step begins.",
    "Optimizer state": "What an optimizer remembers for each weight: nothing, one number (momentum), or two (Adam).",
    "Batch": "The examples and their targets that the step learns from at once.",
    "Peak": "The most that is alive at one moment of the step: activations, gradients and whatever the method keeps.",
    "Dry run": "The method’s own code runs on tensors without numbers. Each allocation is counted, nothing is "
    "computed, so any laptop can tell what 24 GiB would hold.",
    "≈ Extrapolated": "Every repeated block allocates the same bytes, so a few short dry runs give each block’s share "
    "exactly, and deep networks are put together from them. ≈ stands where no dry run of that very depth was made.",
    "Confirmed": "A dry run of that very depth and batch, and of one more, has given the same answer.",
    "Assumed": "No GPU was measured for this: the CUDA context and the workspaces of its libraries are taken from the "
    "sources named. Tensors and their rounding are computed.",
}


def explained() -> str:
    """The words of the page as a list."""
    items = "".join(f"<div><dt>{escape(word)}</dt><dd>{escape(says)}</dd></div>" for word, says in COUNTED.items())
    return f'<dl class="mv-counted">{items}</dl>'


def checked_words(offs: Sequence[float]) -> str:
    """How extrapolations compare with the dry runs that came later; empty where there are none."""
    if not offs:
        return ""
    worst = max(offs)
    count = f"{len(offs):,} dry run{'s' * (len(offs) != 1)}"
    if worst == 0:
        return f"Checked here: {count} made afterwards gave what was extrapolated, to the byte."
    return f"Checked here: {count} made afterwards differ by at most {significant(100 * worst, 2)} %."


def calibration_table(table: Table) -> str:
    """Predicted ÷ measured by device and method; what to do where there is nothing."""
    if table.note:
        return f'<p class="mv-notice">{escape(table.note)}</p>'
    if not table.rows:
        return '<p class="mv-notice">Nothing was measured on this machine yet. Run a race and it appears here.</p>'
    rows = "".join(
        f'<tr><th scope=row><span class="mv-method">{mark(row.method.partition(":")[0])}{escape(row.method)}</span>'
        f"</th>"
        f'<td data-of="Machine">{escape(row.machine)}, {escape(row.device)}</td>'
        f'<td data-of="Bytes, predicted ÷ measured">{_spread(row.bytes)}</td>'
        f'<td data-of="Seconds, predicted ÷ measured">{_spread(row.seconds)}</td>'
        f'<td data-of="Runs">{max((s.count for s in (row.bytes, row.seconds) if s), default=0):,}</td></tr>'
        for row in table.rows
    )
    return (
        '<table class="mv-rows"><thead><tr><th scope=col>Method</th><th scope=col>Machine</th>'
        "<th scope=col>Bytes <span>predicted ÷ measured</span></th>"
        f"<th scope=col>Seconds <span>predicted ÷ measured</span></th><th scope=col>Runs</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "not measured"
    if spread.min == spread.max:
        return f"<b>{significant(spread.median)}</b>{' in every run' if spread.count > 1 else ''}"
    return f"<b>{significant(spread.median)}</b>, from {significant(spread.min)} to {significant(spread.max)}"


CALIBRATION = (
    "On the CPU a race’s bytes are counted by the same ledger as a dry run’s, so their ratio must be 1. On CUDA it is "
    "held against the allocator’s peak. Seconds are predicted from FLOPs at the machine’s best rate, which is the "
    "least a step can take: small networks take far longer."
)
