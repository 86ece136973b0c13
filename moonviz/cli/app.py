"""The commands of `python -m moonviz`.

Exit codes: 0 all well; 2 bad input or a pair of method and layer that cannot work, told in one line before any work;
1 anything else, with the finished results still written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from moonviz.cli import lessons
from moonviz.cli import options as o
from moonviz.cli.inputs import Changes, read_network, read_run, read_train
from moonviz.cli.output import Output
from moonviz.cli.progress import ProgressBar
from moonviz.cli.question import read_question
from moonviz.cli.tables import calibration_table, layer_table, method_table, preset_table
from moonviz.errors import InvalidSpec, SingularLayer, TooLarge, UnsupportedPair
from moonviz.results import NetworkCard, Report
from moonviz.specs import METHODS, PRESETS

# What needs torch is imported inside the command that uses it: torch takes seconds to load, and `--help` has no use
# for it.

_INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

app = typer.Typer(
    help="Compare backpropagation with Moonwalk: gradients, memory and time.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(lessons.app, name="lessons")


@app.command()
def presets(json: o.Json = None) -> None:
    """List the networks that can be had by name."""
    output = Output(json)
    output.words.print(preset_table())
    cards = [
        {
            "name": name,
            "title": card.title,
            "about": card.about,
            "notice": card.notice,
            "settings": card.settings.model_json_schema(),
        }
        for name, card in PRESETS.items()
    ]
    output.write_data(presets=cards)


@app.command()
def methods(json: o.Json = None) -> None:
    """List the methods, what they cost and what they need."""
    output = Output(json)
    output.words.print(method_table())
    cards = [
        {
            "name": name,
            "idea": card.idea,
            "schedule": [{"phase": phase, "words": words} for phase, words in card.schedule],
            "time": card.time,
            "memory": card.memory,
            "needs": card.needs,
            "exact": card.exact,
            "reference": card.reference,
            "options": card.options.model_json_schema(),
        }
        for name, card in METHODS.items()
    ]
    output.write_data(methods=cards)


@app.command()
def describe(
    net: o.Net,
    set_: o.Set = None,
    depth: o.Depth = None,
    batch: o.Batch = None,
    dtype: o.DType = None,
    seed: o.Seed = None,
    json: o.Json = None,
) -> None:
    """Show a network's layers and what each is capable of."""
    output = Output(json)
    spec = read_network(net, Changes(set_ or (), depth, batch, dtype, seed))
    from moonviz.networks import describe as describe_layers

    layers = describe_layers(spec)
    output.words.print(f"{spec.name}, batch {spec.batch}, {spec.dtype}, {spec.depth} blocks")
    output.words.print(layer_table(layers))
    output.write_data(network=NetworkCard(spec=spec.model_dump(mode="json"), layers=layers).model_dump(mode="json"))


@app.command()
def run(
    net: o.Net,
    method: o.Method,
    set_: o.Set = None,
    depth: o.Depth = None,
    batch: o.Batch = None,
    dtype: o.DType = None,
    device: o.Device = "auto",
    repeats: o.Repeats = None,
    seed: o.Seed = None,
    json: o.Json = None,
) -> int:
    """Train one step by each method; measure memory, time and agreement."""
    output = Output(json)
    spec = read_run(net, Changes(set_ or (), depth, batch, dtype, seed), method, device, repeats)
    from moonviz.cli.work import measure

    with ProgressBar(output.progress) as bar:
        report = measure(spec, bar)
    return _deliver(report, output)


@app.command()
def train(
    net: o.Net,
    method: o.Method,
    steps: Annotated[int, typer.Option(help="Steps of gradient descent.")] = 200,
    rate: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Momentum.")] = None,
    set_: o.Set = None,
    depth: o.Depth = None,
    batch: o.Batch = None,
    dtype: o.DType = None,
    device: o.Device = "auto",
    seed: o.Seed = None,
    json: o.Json = None,
) -> int:
    """Train on the handwritten digits by two methods; compare losses, accuracies and weights."""
    output = Output(json)
    changes = Changes(set_ or (), depth, batch, dtype, seed)
    spec = read_train(net, changes, method, steps=steps, learning_rate=rate, momentum=momentum, device=device)
    from moonviz.cli.work import teach

    with ProgressBar(output.progress) as bar:
        report = teach(spec, bar)
    from moonviz.cli.report import training_notes, training_table

    output.words.print(training_table(report))
    for note in training_notes(report):
        output.words.print(note)
    output.write(report.to_json(indent=2))
    return 0 if all(one.error is None for one in report.runs) else 1


@app.command()
def estimate(
    net: o.Net,
    method: o.Method,
    set_: o.Set = None,
    depth: o.Depth = None,
    batch: o.Batch = None,
    dtype: o.DType = None,
    device: o.Device = "auto",
    seed: o.Seed = None,
    fit: o.Fit = None,
    device_model: o.DeviceModel = None,
    optimizer: o.OptimizerName = None,
    depths: o.Depths = None,
    batches: o.Batches = None,
    json: o.Json = None,
) -> int:
    """Predict each method's memory by a dry run, or ask how deep it fits; nothing is computed."""
    output = Output(json)
    spec = read_run(net, Changes(set_ or (), depth, batch, dtype, seed), method, device)
    question = read_question(spec.network, fit, device_model, optimizer, depths, batches)
    from moonviz.cli.work import predict

    if question is None:
        return _deliver(predict(spec), output)
    from moonviz.cli.whatif import answer, whatif_words

    with ProgressBar(output.progress) as bar:
        report = answer(spec, question, bar)
    for words in whatif_words(report, question):
        output.words.print(words)
    return _written(report, output)


@app.command()
def doctor(
    device: o.Device = "auto",
    full: Annotated[bool, typer.Option("--full", help="Check the presets at their own size.")] = False,
    json: o.Json = None,
) -> int:
    """Check this machine: versions, exactness of every method on every preset, memory ledger, times."""
    output = Output(json)
    from moonviz.doctor import examine

    with ProgressBar(output.progress) as bar:
        found = examine(device, full=full, observer=bar)
    for check in found.checks:
        output.words.print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.message}")
    if found.calibration.rows:
        output.words.print(calibration_table(found.calibration))
    output.write(found.to_json())
    return 0 if found.ok else 1


def _deliver(report: Report, output: Output) -> int:
    """Show and write a report; the exit code it deserves."""
    from moonviz.cli.report import footnotes, result_table

    output.words.print(result_table(report))
    for note in footnotes(report):
        output.words.print(note)
    return _written(report, output)


def _written(report: Report, output: Output) -> int:
    """Write a report; the exit code it deserves."""
    output.write(report.to_json(indent=2))
    return 0 if all(result.status == "ok" for result in report.results) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: What stands after the program's name; `None` takes the process's own.
    """
    try:
        code = app(args=arguments, prog_name="moonviz", standalone_mode=False) or 0
        return _tell("interrupted", 1) if code == _INTERRUPTED else code
    except (InvalidSpec, UnsupportedPair) as error:
        return _tell(error, 2)
    except typer.TyperException as error:
        return _tell(error.format_message(), 2)
    except (TooLarge, SingularLayer, OSError) as error:
        return _tell(error, 1)


def _tell(error: object, code: int) -> int:
    """One line on standard error, whatever the message holds."""
    if line := " ".join(str(error).split()):  # none where the help was shown instead
        print(f"Error: {line}", file=sys.stderr)
    return code
