"""Two walls: to which depth a number format keeps a chosen error, beside the depth that memory allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import inf
from typing import Any

from moonviz.figures.css import mark
from moonviz.figures.lollipops import anchored
from moonviz.figures.precision import error_of, method_of
from moonviz.figures.style import factor_text, memory_text, power_text
from moonviz.figures.whatif_answer import Answer, Ask
from moonviz.figures.words import short
from moonviz.precision import PrecisionPoint, PrecisionReport
from moonviz.specs import NetworkSpec

ORDER = ("float64", "float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class Wall:
    """How deep one method keeps an error in one number format.

    Attributes:
        kept: The deepest measured network up to which every one kept it; 0 where none did.
        lost: The first measured network that did not; null where all did.
        error: The error at the deepest one that kept it, or at the first that did not.
    """

    kept: int
    lost: int | None
    error: float

    @property
    def words(self) -> str:
        """In a few words: `≥ 128`, `16 to 32`, `< 4`."""
        if self.lost is None:
            return f"≥ {self.kept:,}"
        return f"{self.kept:,} to {self.lost:,}" if self.kept else f"below {self.lost:,}"


def walls(points: Sequence[PrecisionPoint], limit: float) -> dict[tuple[str, str], Wall]:
    """By (label, number format): where the error against the true gradient passes a limit."""
    lines: dict[tuple[str, str], dict[int, float]] = {}
    for point in points:
        if point.status == "ok":
            lines.setdefault((point.label, point.dtype), {})[point.depth] = error_of(point)
    found = {}
    for key, line in lines.items():
        lost = next((depth for depth in sorted(line) if line[depth] > limit), None)
        kept = max((depth for depth in line if lost is None or depth < lost), default=0)
        found[key] = Wall(kept, lost, line.get(kept, line[lost] if lost else inf))
    return found


def kind_of(network: NetworkSpec | Mapping[str, Any]) -> str:
    """Equal for networks whose blocks are of one kind, whatever their width, depth and data: that is what matters."""
    whole = network.model_dump(mode="json") if isinstance(network, NetworkSpec) else network
    kinds = []
    for block in whole.get("body", ()):
        for layer in block["layers"]:
            kept = _without_width(layer)
            if kept not in kinds:
                kinds.append(kept)
    return repr(kinds)


def _without_width(layer: Mapping[str, Any]) -> list[tuple[str, Any]]:
    left_out = ("width", "channels", "hidden", "seed")
    items = ((name, value) for name, value in sorted(layer.items()) if name not in left_out)
    return [(name, _without_width(value) if isinstance(value, Mapping) else value) for name, value in items]


def first_wall(answers: Sequence[Answer], ask: Ask, found: Mapping[tuple[str, str], Wall], limit: int) -> str:
    """Which wall comes first for Moonwalk, or else for the deepest method that was measured, as HTML."""
    measured = [one for one in answers if (one.label, ask.dtype) in found and one.deepest and one.reach > 0]
    if not measured:
        return ""
    one = next((one for one in measured if one.method.startswith("moonwalk")), max(measured, key=lambda a: a.reach))
    wall, reach = found[one.label, ask.dtype], one.reach
    said = short(one.label) if one.method == "moonwalk-mixed" else one.label
    name = f'<span class="mv-name mv-of-{escape(one.method)}">{escape(said)}</span>'
    error = f"an error of {power_text(limit)}"
    if wall.lost is not None and wall.lost <= reach:
        where = f"between {wall.kept:,} and {wall.lost:,} blocks" if wall.kept else f"before {wall.lost:,} blocks"
        backprop = found.get(("backprop", ask.dtype))
        same = one.method != "backprop" and backprop is not None and backprop.lost == wall.lost
        more = " Backprop does no better there: it is the number format that is too coarse." if same else ""
        return (
            f"<b>Memory is not the first wall.</b> {name} would fit {reach:,} blocks, but in {ask.dtype} it passes "
            f"{error} {where}.{more}"
        )
    if wall.lost is None and wall.kept < reach:
        return (
            f"In {ask.dtype} {name} stays below {error} as far as was measured, {wall.kept:,} blocks. Memory ends at "
            f"{reach:,}; what rounding does between the two nobody has measured."
        )
    return f"<b>Memory is the first wall.</b> It ends {name} at {reach:,} blocks; in {ask.dtype} {error} is kept there."


def walls_table(
    answers: Sequence[Answer], ask: Ask, found: Mapping[tuple[str, str], Wall], memory: Mapping[str, str]
) -> str:
    """A row for each method: what memory allows, and how deep each number format keeps the error, as HTML.

    Args:
        answers: By method.
        ask: What is asked.
        found: As `walls` gives them.
        memory: By label, what memory allows, in words.
    """
    labels = [one.label for one in answers if any(key[0] == one.label for key in found)]
    labels += [label for label in dict.fromkeys(key[0] for key in found) if anchored(label)]
    dtypes = [dtype for dtype in ORDER if any(key[1] == dtype for key in found)]
    head = "".join(f"<th scope=col>{dtype}</th>" for dtype in dtypes)
    rows = "".join(_row(label, dtypes, found, memory.get(label, "not known yet")) for label in labels)
    return (
        '<table class="mv-rows mv-walls"><thead><tr><th scope=col>Method</th>'
        f"<th scope=col>Memory allows <span>({ask.dtype})</span></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(label: str, dtypes: Sequence[str], found: Mapping[tuple[str, str], Wall], memory: str) -> str:
    method, every = method_of(label), anchored(label)
    name = f"{method}, an anchor every {every:,}" if every else label
    cells = "".join(f'<td data-of="{dtype}">{_cell(found.get((label, dtype)))}</td>' for dtype in dtypes)
    return (
        f'<tr><th scope=row><span class="mv-method">{mark(method)}{escape(name)}</span></th>'
        f'<td data-of="Memory allows"><b>{memory}</b></td>{cells}</tr>'
    )


def _cell(wall: Wall | None) -> str:
    if wall is None:
        return "not measured"
    return f"<b>{wall.words}</b> blocks"


def memory_words(answers: Sequence[Answer], ask: Ask) -> dict[str, str]:
    """By label, the depth that memory allows."""
    said = {}
    for one in answers:
        if one.deepest:
            sure = "" if one.confirmed else "≈ "
            said[one.label] = f"{sure}{one.reach:,} block{'s' * (one.reach != 1)}"
    return said


def lift(plain: Answer, anchors: Answer, ask: Ask, found: Mapping[tuple[str, str], Wall]) -> str:
    """What anchors would lift precision to, and what they cost, as HTML; empty where that is not known.

    Args:
        plain: Moonwalk without anchors.
        anchors: Moonwalk with them.
        ask: What is asked.
        found: As `walls` gives them.
    """
    before, after = found.get((plain.label, ask.dtype)), found.get((anchors.label, ask.dtype))
    if not (before and after and plain.need and anchors.need and anchors.deepest):
        return ""
    every = anchored(anchors.label) or 0
    more = anchors.need.total_bytes - plain.need.total_bytes
    start = (
        f"<b>An anchor every {every:,} blocks</b> keeps all of h there, the gradient on its way, and restarts from it."
    )
    if after.kept > before.kept:
        then = f"It lifts {ask.dtype} from {before.words} to {after.words} blocks"
    elif before.lost is None:
        then = (
            f"Without anchors {ask.dtype} already keeps this error through {before.kept:,} blocks, the deepest measured"
        )
    else:
        then = f"It does not help {ask.dtype} here: {after.words} blocks"
    peak = factor_text(anchors.need.total_bytes / max(1, plain.need.total_bytes))
    cost = f"at {ask.depth:,} blocks it takes {memory_text(max(0, more))} more, {peak} × as much"
    reach = (
        f"memory then allows {'' if anchors.confirmed else '≈ '}{anchors.reach:,} blocks in place of {plain.reach:,}"
    )
    return f"{start} {then}; {cost}, and {reach}."


def walls_provenance(reports: Sequence[PrecisionReport], stored: bool) -> str:
    """What was measured, and on which machine."""
    first = reports[0]
    spec, here = first.spec["network"], first.environment
    depths = sorted({point.depth for report in reports for point in report.points})
    return (
        f"{'Stored result' if stored else 'Measured here'}: {spec.get('name', 'network')}, batch {spec.get('batch')}, "
        f"depths {', '.join(f'{depth:,}' for depth in depths)}, {here.machine}, {here.cores} "
        f"core{'s' * (here.cores != 1)}, torch {here.torch}, on the CPU, against float64 autograd. Small networks of "
        "the same blocks stand for large ones; what memory allows is predicted."
    )
