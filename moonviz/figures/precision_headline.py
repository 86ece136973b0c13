"""The sentence on top of the Precision page, computed from points: how deep it holds, where it is lost, what cures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from moonviz.figures.headline import Headline
from moonviz.figures.lollipops import anchored
from moonviz.figures.precision import dtypes, error_of, method_of, network_words, unit
from moonviz.figures.style import error_text
from moonviz.figures.words import digits, prose, short
from moonviz.precision import PrecisionPoint, PrecisionReport
from moonviz.results import TOLERANCE

WHY = (
    "Moonwalk and revbackprop both undo layers. Each undo may multiply rounding errors by the layer’s worst stretch, "
    "its conditioning, so gentle layers stay exact and harsh ones do not."
)


def precision_headline(report: PrecisionReport) -> Headline:
    """Tell one report: the main walk, or else the first method that undoes layers, or else backprop."""
    label, dtype = _subject(report)
    points = [one for one in report.points if one.label == label and one.dtype == dtype]
    done = [one for one in points if one.status == "ok"]
    if not done:
        why = prose(next((one.message for one in points if one.message), "") or "")
        return Headline(f"{_name(label)} <b>cannot train this network</b>.", f"{why} {escape(_what(report))}")
    html = f"In {dtype}, {_name(label)} {_verdict(done, unit(report.spec['network']))}{_cure(report, label, dtype)}."
    return Headline(html, escape(f"{WHY} {_what(report)}"))


def stored_headline(easy: PrecisionReport, harsh: PrecisionReport) -> Headline:
    """Tell two networks side by side: one that holds and one that does not, whichever way they came out."""
    sentences = []
    for report in (easy, harsh):
        label, dtype = _subject(report)
        done = [one for one in report.points if (one.label, one.dtype, one.status) == (label, dtype, "ok")]
        what = "layers" if report is harsh else unit(report.spec["network"])
        sentences.append((_name(label), dtype, _verdict(done, what)))
    (name, dtype, first), (_, _, second) = sentences
    start = "The network’s conditioning decides. " if ("digits" in first) != ("digits" in second) else ""
    where = escape(network_words(harsh))
    html = f"{start}In {dtype}, {name} {first}; with {where} it {second}."
    return Headline(html, escape(WHY))


def _subject(report: PrecisionReport) -> tuple[str, str]:
    labels = list(dict.fromkeys(point.label for point in report.points))
    plain = [label for label in labels if method_of(label).startswith("moonwalk") and not anchored(label)]
    other = [label for label in labels if method_of(label) != "backprop"]
    kinds = dtypes(report)
    return (plain or other or labels)[0], "float32" if "float32" in kinds else kinds[0]


def _verdict(points: Sequence[PrecisionPoint], what: str) -> str:
    """What becomes of a method as depth grows, to be read after its name."""
    points = sorted(points, key=lambda point: point.depth)
    tolerance = TOLERANCE[points[0].dtype]
    fine = [one.depth for one in points if _beside(one) <= tolerance]
    lost = [one.depth for one in points if error_of(one) >= 1]
    last = points[-1]
    if len(fine) == len(points):
        kept = digits(error_of(last))
        return f"keeps <b>{kept} digits</b> through {last.depth:,} {what}"
    if lost and fine:
        return f"only rounds to {max(fine):,} {what} and is <b>noise from {lost[0]:,}</b> on"
    if lost:
        return f"is <b>noise from {lost[0]:,} {what}</b> on"
    end = f"<b>drifts to an error of {error_text(error_of(last))}</b> at {last.depth:,}"
    return f"only rounds to {max(fine):,} {what} and {end}" if fine else f"{end} {what}"


def _beside(point: PrecisionPoint) -> float:
    """The error that the tolerance speaks of: against backprop in the same format."""
    error = point.relative_error_to_backprop
    return float("inf") if error is None else error


def _cure(report: PrecisionReport, label: str, dtype: str) -> str:
    """What anchors make of it at the deepest network, where they help by a factor of ten or more."""
    deep = max(point.depth for point in report.points)
    here = {
        point.label: point for point in report.points if (point.depth, point.dtype, point.status) == (deep, dtype, "ok")
    }
    cures = sorted((error_of(point), anchored(name) or 0) for name, point in here.items() if anchored(name))
    bare = here.get(label)
    if not cures or bare is None or cures[0][0] * 10 > error_of(bare):
        return ""
    error, every = cures[0]
    return f"; an anchor every {every:,} layers brings {deep:,} back to <b>{error_text(error)}</b>"


def _what(report: PrecisionReport) -> str:
    """What was asked, in a line."""
    network = report.spec["network"]
    depths = ", ".join(f"{depth:,}" for depth in report.spec["depths"])
    return (
        f"{network.get('name', 'Network')}: {network_words(report)}, depths {depths}, batch {network.get('batch')}, "
        f"medians over {report.spec['seeds']} draws of the weights."
    )


def _name(label: str) -> str:
    return f'<span class="mv-name mv-of-{escape(method_of(label))}">{escape(short(label))}</span>'


def precision_provenance(report: PrecisionReport, stored: bool) -> str:
    """Which machine stands behind the numbers."""
    here = report.environment
    return (
        f"{'Stored result' if stored else 'Measured here'}: {here.machine}, {here.cores} "
        f"core{'s' * (here.cores != 1)}, torch {here.torch}, on the CPU. Relative error of the whole gradient against "
        "float64 autograd on the same weights and batch. Bytes are predicted by a dry run, weight gradients left out."
    )
