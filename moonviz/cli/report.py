"""A report as a readable table, in the words of the app's figures. Imports plotly, so only commands that need it do."""

from __future__ import annotations

from rich.table import Table

from moonviz.figures.style import bytes_text, factor_text, flops_text, seconds_text
from moonviz.figures.train_words import train_headline, train_provenance
from moonviz.figures.words import STATUS_WORDS, agreement_words, one_line, provenance
from moonviz.results import TOLERANCE, Report, Result
from moonviz.specs import METHODS
from moonviz.training import TrainReport

_NOTHING = "—"


def result_table(report: Report) -> Table:
    """Every result of a report in a row; what nothing was computed for is headed "predicted"."""
    predicted = any(result.predicted for result in report.results)
    table = Table(title=one_line(report) + (", predicted" if predicted else ""), title_justify="left")
    table.add_column("Method")
    for words in ("Peak", "Activation peak", "Gradients", "Work"):
        table.add_column(f"{words}, predicted" if predicted else words, justify="right")
    if not predicted:
        table.add_column("Step time: median (range)", justify="right")
        table.add_column("Time / backprop", justify="right")
        table.add_column("Gradient against backprop")
    backprop = next((result for result in report.results if result.method == "backprop"), None)
    for result in report.results:
        if result.status == "ok":
            table.add_row(*_row(result, backprop, report.network.spec["dtype"], predicted))
        else:
            table.add_row(result.label, STATUS_WORDS[result.status])
    return table


def _row(result: Result, backprop: Result | None, dtype: str, predicted: bool) -> list[str]:
    sizes = (result.peak_bytes, result.activation_peak_bytes, result.gradient_bytes)
    row = [result.label, *(_NOTHING if size is None else bytes_text(size) for size in sizes)]
    row.append(_NOTHING if result.flops is None else flops_text(result.flops))
    return row if predicted else [*row, *_times(result, backprop), verdict(result, dtype)]


def _times(result: Result, backprop: Result | None) -> tuple[str, str]:
    took = result.seconds
    if took is None:
        return _NOTHING, _NOTHING
    said = f"{seconds_text(took.median)} ({seconds_text(took.min)} to {seconds_text(took.max)})"
    if backprop is None or backprop.seconds is None:
        return said, _NOTHING
    return said, f"{factor_text(took.median / backprop.seconds.median)}×"


def verdict(result: Result, dtype: str) -> str:
    """Whether this is backprop's gradient, in words; a noisy estimate is called so, whatever it came to."""
    if not METHODS[result.method].exact:
        cosine = None if result.gradient is None else result.gradient.cosine
        return "noisy estimate" + ("" if cosine is None else f", cosine {cosine:.2f}")
    word, detail = agreement_words(result, dtype)
    return f"{word}, {detail}" if detail else word


def footnotes(report: Report) -> list[str]:
    """What the table has no room for: why a method gave no result, what "same" means, whose numbers these are."""
    notes = []
    for result in report.results:
        if result.error is not None:
            remedy = result.error.remedy
            more = f" {remedy}" if remedy and remedy not in result.error.message else ""
            notes.append(f"{result.label}: {result.error.message}{more}")
    dtype = report.network.spec["dtype"]
    if any(result.gradient is not None for result in report.results):
        notes.append(f"“Same”: the relative error to backprop is at most {TOLERANCE[dtype]:g}, as {dtype} allows.")
    predicted = any(result.predicted for result in report.results)
    notes.append("Predicted by a dry run: nothing was computed." if predicted else provenance(report, stored=False))
    return notes


def training_table(report: TrainReport) -> Table:
    """Both methods of a training in a row each."""
    steps = report.points[-1].step
    table = Table(title=f"{report.spec['network']['name']}, {steps:,} steps", title_justify="left")
    table.add_column("Method")
    for words in ("Activation peak", "Peak", "Last loss", "Right on held-out images"):
        table.add_column(words, justify="right")
    for one, loss in zip(report.runs, report.points[-1].losses, strict=True):
        last = _NOTHING if loss is None else f"{loss:.4g}"
        right = _NOTHING if one.accuracy is None else f"{100 * one.accuracy:.1f} %"
        table.add_row(one.label, bytes_text(one.activation_peak_bytes), bytes_text(one.peak_bytes), last, right)
    return table


def training_notes(report: TrainReport) -> list[str]:
    """The training in a sentence, what went wrong, and whose numbers these are."""
    line = train_headline(report)
    failed = [f"{one.label}: {one.error.message} {one.error.remedy or ''}" for one in report.runs if one.error]
    return [line.text, *failed, train_provenance(report)]
