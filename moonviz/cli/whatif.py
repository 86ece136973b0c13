"""Answers to "how deep does it fit" and "what does it take at these depths". Imported only by the command that asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from moonviz.cli.progress import ProgressBar
from moonviz.cli.question import Question
from moonviz.cli.work import require_all
from moonviz.estimates.devices import Device, needs
from moonviz.estimates.extrapolate import at
from moonviz.estimates.fit import Fit
from moonviz.estimates.points import PeakPoint
from moonviz.estimates.searching import fit
from moonviz.estimates.sweeping import MOST_STEPS, dry_steps, sweep
from moonviz.estimates.varying import depth_of, with_depth
from moonviz.figures.style import bytes_text, flops_text
from moonviz.networks import describe
from moonviz.results import Failure, NetworkCard, Report, Result
from moonviz.runs.environment import environment
from moonviz.specs import RunSpec
from moonviz.specs.methods import MethodOptions

_NOTHING = "—"
_STAGE = "dry runs"


def answer(spec: RunSpec, question: Question, bar: ProgressBar) -> Report:
    """Ask every method.

    Raises:
        InvalidSpec: If the network cannot have such a depth or batch.
        UnsupportedPair: If a method cannot train the network.
    """
    require_all(spec)
    methods = [choice.resolved for choice in spec.methods]
    found = _fits(spec, methods, question.device, question, bar) if question.device else _grid(
        spec, methods, question, bar
    )  # fmt: skip
    card = NetworkCard(spec=spec.network.model_dump(mode="json"), layers=describe(spec.network))
    return Report(environment=environment("meta"), network=card, results=tuple(found))


def _fits(
    spec: RunSpec, methods: Sequence[MethodOptions], device: Device, question: Question, bar: ProgressBar
) -> Iterator[Result]:
    for done, options in enumerate(methods):
        bar.stage(_STAGE, done, len(methods), options.label)
        found, points = fit(spec.network, options, device.memory_bytes, device, question.optimizer)
        if found.bytes is None:
            one = "example" if found.varied == "batch" else "block"
            message = f"Not even one {one} fits into {bytes_text(found.limit_bytes)}."
            error = Failure(message=message, remedy="Take a smaller batch or width, or another device.")
            yield _result(points[0], found).model_copy(update={"status": "too_large", "error": error})
        else:
            yield _result(at(points, found.depth, found.batch), found)


def _grid(spec: RunSpec, methods: Sequence[MethodOptions], question: Question, bar: ProgressBar) -> Iterator[Result]:
    network = spec.network
    depths = question.depths or (depth_of(network) or network.depth,)
    batches = question.batches or (network.batch,)
    for done, options in enumerate(methods):
        bar.stage(_STAGE, done, len(methods), options.label)
        long = any(dry_steps(with_depth(network, depth), options) > MOST_STEPS for depth in depths)
        points = sweep(network, [options], depths, batches, learn=long)
        for depth in depths:
            for batch in batches:
                yield _result(at(points, depth, batch))


def _result(point: PeakPoint, found: Fit | None = None) -> Result:
    fits = found is None or found.bytes is not None
    return Result(
        method=point.method,
        options=point.options,
        label=point.label,
        peak_bytes=point.peak_bytes if fits else None,
        peak_bytes_range=point.peak_bytes_range if fits else None,
        gradient_bytes=point.gradient_bytes if fits else None,
        parameter_bytes=point.parameter_bytes if fits else None,
        input_bytes=point.input_bytes if fits else None,
        flops=point.flops if fits else None,
        depth=found.depth if found else point.depth,
        batch=found.batch if found else point.batch,
        exact=point.exact if found is None else found.exact,
        fit=found.model_dump(mode="json") if found else None,
        predicted=True,
    )


def whatif_words(report: Report, question: Question) -> Iterator[Table | str]:
    """The answer as a table, and what it rests on."""
    if question.device:
        yield _fit_table(report, question.device)
        yield from _what_counts(question.device, question)
    else:
        yield _grid_table(report)
    yield from (f"{result.label}: {result.error.message} {result.error.remedy}" for result in report.results
                if result.error)  # fmt: skip
    if any(result.exact is False for result in report.results):
        yield "Extrapolated: put together step by step from dry runs of fewer blocks, since a dry run would take long."
    yield "Predicted by dry runs: nothing was computed."


def _fit_table(report: Report, device: Device) -> Table:
    varied = report.results[0].fit["varied"]
    title = f"{report.network.spec['name']} in {bytes_text(device.memory_bytes)} ({device.name})"
    table = Table(title=title, title_justify="left")
    table.add_column("Method")
    for words in ("Depth that fits", "Batch", "Takes, predicted", f"One {_one(varied)} more", "Runs out next"):
        table.add_column(words, justify="right")
    table.add_column("How")
    for result in report.results:
        found = result.fit
        takes = [_NOTHING if size is None else bytes_text(size) for size in (found["bytes"], found["bytes_one_deeper"])]
        limited = "nothing: the most a spec allows" if found["limited_by"] == "most" else found["limited_by"]
        table.add_row(result.label, f"{found['depth']:,}", f"{found['batch']:,}", *takes, limited, _how(result))
    return table


def _one(varied: str) -> str:
    return "example" if varied == "batch" else "block"


def _grid_table(report: Report) -> Table:
    table = Table(title=f"{report.network.spec['name']}, predicted", title_justify="left")
    table.add_column("Method")
    for words in ("Depth", "Batch", "Peak", "Gradients", "Weights", "Work"):
        table.add_column(words, justify="right")
    table.add_column("How")
    for result in report.results:
        sizes = (result.peak_bytes, result.gradient_bytes, result.parameter_bytes)
        table.add_row(
            result.label,
            f"{result.depth:,}",
            f"{result.batch:,}",
            *(_NOTHING if size is None else bytes_text(size) for size in sizes),
            _NOTHING if result.flops is None else flops_text(result.flops),
            _how(result),
        )
    return table


def _how(result: Result) -> str:
    return "dry run" if result.exact else "extrapolated"


def _what_counts(device: Device, question: Question) -> Iterator[str]:
    """What has to fit, and which parts of it are assumed."""
    empty = needs(PeakPoint(label="", method="", depth=1, batch=1), device, question.optimizer)
    assumed = [
        f"{term.label}, {bytes_text(term.bytes)} ({term.source})" for term in empty.terms if term.how == "assumed"
    ]
    yield f"What has to fit: weights, optimizer state ({question.optimizer}), batch and the step's peak" + (
        "." if not assumed else "; every storage rounded up; and, assumed: " + "; ".join(assumed) + "."
    )
    if device.kind != "custom":
        yield f"Memory of {device.name}: {device.source}{f' ({device.note})' if device.note else ''}."
