"""Results in words: how far gradients agree, what went wrong, and where a number comes from."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import floor, log10
from re import sub
from typing import Any

from moonviz.figures.style import bytes_text, significant
from moonviz.lessons.words import glossary
from moonviz.results import Report, Result
from moonviz.specs import METHODS
from moonviz.theory.projforward import expected_cosine

STATUS_WORDS = {
    "ok": "finished",
    "refused": "cannot train this network",
    "too_large": "does not fit",
    "cancelled": "stopped",
    "lost": "lost its worker",
    "failed": "failed",
}

PHASE_WORDS = {
    "forward": "forward",
    "reverse": "backward",
    "advance": "forward again",
    "recompute": "again",
    "invert": "undo",
    "tangent": "tangents",
}
PHASE_DURING = {
    "forward": "on the way forward",
    "reverse": "on the way back",
    "advance": "on the second way forward",
    "recompute": "while running again",
    "invert": "while undoing",
    "tangent": "while pushing tangents",
}

BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
"""Bytes of one number, by dtype."""

JARGON = {word.name: word.says for word in glossary().values()}
"""The words a newcomer needs, in the order they are met."""


def short(label: str) -> str:
    """A method's label with its first letter large, to start a sentence with; Moonwalk's main form loses its suffix."""
    name = label.replace("moonwalk-mixed", "moonwalk", 1)
    return name[:1].upper() + name[1:]


def prose(text: str) -> str:
    """Plain text as HTML, with `names` set as code."""
    return sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def digits(error: float) -> int:
    """How many decimal digits agree at a relative error."""
    return max(0, floor(-log10(error) + 1e-9)) if error > 0 else 16


def agreement_words(result: Result, dtype: str) -> tuple[str, str]:
    """The verdict on a gradient, and what is to be said beside it.

    Args:
        result: One that finished.
        dtype: The run's.

    Returns:
        Such as ("same", "6 digits agree with backprop"), compared in the run's own number format; for backprop itself
        ("reference", "against float64, 6 digits agree"), since only that can say how true it is.
    """
    if result.method in METHODS and not METHODS[result.method].exact:
        return "a noisy estimate", _cosine_words(result, dtype)
    gradient = result.gradient
    verdict = result.agreement(dtype)
    if gradient is None or verdict is None:
        alone = truth_words(result)
        return "not checked", f"too large to check against backprop{alone and f'; {alone}'}"
    error = gradient.relative_error_to_backprop
    if result.method == "backprop" and error == 0:
        return "reference", truth_words(result)
    if verdict == "not the gradient" or error is None:
        return "not the gradient", ""
    only = "only " if verdict == "drifting" and digits(error) else ""
    return verdict, f"{only}{_agree(error)} with backprop"


def truth_words(result: Result) -> str:
    """How many digits agree with the gradient in float64; empty where that was not computed."""
    truth = result.gradient.relative_error if result.gradient else None
    return "" if truth is None else f"against float64, {_agree(truth)}"


def _cosine_words(result: Result, dtype: str) -> str:
    """How well a guess may be expected to point along the gradient, and how well this one did."""
    weights = (result.parameter_bytes or 0) // BYTES[dtype]
    said = []
    if weights:
        said.append(f"expected cosine {significant(expected_cosine(result.options.get('directions', 1), weights), 2)}")
    if result.gradient and result.gradient.cosine is not None:
        said.append(f"here {significant(result.gradient.cosine, 2)}")
    return ", ".join(said)


def _agree(error: float) -> str:
    count = digits(error)
    if error == 0 or not count:
        return "no digit agrees" if error else "every bit agrees"
    return f"{count} digits agree" if count > 1 else "1 digit agrees"


def one_line(network: Report | Mapping[str, Any]) -> str:
    """What network was trained: preset, layers, batch, dtype. Takes a report, or a network's spec as plain data."""
    spec = network.network.spec if isinstance(network, Report) else network
    counts: dict[str, int] = {}
    for block in spec.get("body", ()):
        for layer in block["layers"]:
            counts[layer["kind"]] = counts.get(layer["kind"], 0) + block.get("repeat", 1)
    names = {"dense": "dense layer", "conv": "convolution", "leaky_relu": "LeakyReLU"}
    body = ", ".join(f"{count:,} {names.get(kind, kind)}{'s' * (count != 1)}" for kind, count in counts.items())
    return f"{spec.get('name', 'Network')}: {body}, batch {spec.get('batch', '?')}, {spec.get('dtype', 'float32')}"


def provenance(report: Report, stored: bool) -> str:
    """Which machine, versions and repeats stand behind the numbers."""
    here = report.environment
    timed = [one.seconds for one in report.results if one.seconds]
    runs = f"median of {timed[0].repeats} interleaved runs" if timed else "not timed"
    parts = [
        f"{'Stored result' if stored else 'Measured here'}: {here.machine}",
        f"{here.cores} core{'s' * (here.cores != 1)}, {here.threads} thread{'s' * (here.threads != 1)}",
        f"{bytes_text(here.memory_bytes)} memory" if here.memory_bytes else "",
        f"torch {here.torch}",
        str(report.network.spec.get("dtype", "")),
        f"device {here.device}",
        runs,
    ]
    text = ", ".join(part for part in parts if part) + ". Memory is tensor bytes; time is never taken while memory "
    text += "is traced."
    if any(one.shared_machine for one in report.results):
        text += " Other work ran on this machine while it was timed."
    if any(one.predicted for one in report.results):
        text += " Predicted by a dry run, not measured."
    return text
