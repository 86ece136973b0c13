"""Dry-run points made by hand, on straight lines, so that every answer can be reckoned on paper."""

from __future__ import annotations

from moonviz.estimates.devices import custom
from moonviz.estimates.points import PeakPoint
from moonviz.figures.whatif_answer import Ask, answers
from moonviz.results import Failure

MIB = 2**20
WEIGHTS = MIB
"""Of one block; as many bytes of gradients."""
PER_EXAMPLE = 1000
ACTIVATION = {"backprop": 64, "revbackprop": 0, "moonwalk-mixed": 1, "checkpointing": 8, "projforward": 0}
"""KiB of one block and example that each method keeps."""


def point(label: str, depth: int, batch: int, *, exact: bool = True) -> PeakPoint:
    method = label.partition(":")[0]
    kept = ACTIVATION[method] * 1024 * depth * batch
    parts = {"activation": kept, "gradient": WEIGHTS * depth, "temporary": 2048 * batch}
    return PeakPoint(
        label=label, method=method, depth=depth, batch=batch, peak_bytes=sum(parts.values()), by_category=parts,
        gradient_bytes=WEIGHTS * depth, parameter_bytes=WEIGHTS * depth, input_bytes=PER_EXAMPLE * batch,
        rounding_bytes=100 * depth, flops=(3 if method == "backprop" else 5) * depth * batch, exact=exact,
    )  # fmt: skip


def points(label: str) -> tuple[PeakPoint, ...]:
    return tuple(point(label, depth, batch) for depth in (1, 2, 4) for batch in (8, 16))


def refused(label: str) -> tuple[PeakPoint, ...]:
    why = Failure(message=f"`{label}` needs layers that are invertible.")
    return (PeakPoint(label=label, method=label, depth=1, batch=8, status="refused", error=why),)


def asked(mib: int = 100, *, depth: int = 4, batch: int = 8, optimizer: str = "none", cuda: bool = False, **how) -> Ask:
    return Ask(custom(mib * MIB, cuda=cuda), optimizer, depth, batch, what="A net", **how)


def answered(ask: Ask, *labels: str, refuses: str = "", guesses: tuple[str, ...] = ()):
    known = {label: refused(label) if label == refuses else points(label) for label in labels}
    return answers(ask, known, guesses)


def needed(label: str, depth: int, batch: int) -> int:
    """Weights, batch and peak, reckoned afresh."""
    kept = ACTIVATION[label.partition(":")[0]] * 1024 * depth * batch + 2048 * batch
    return 2 * WEIGHTS * depth + PER_EXAMPLE * batch + kept


def deepest_on_paper(label: str, limit: int, batch: int) -> int:
    depth = 0
    while depth < 10_000 and needed(label, depth + 1, batch) <= limit:
        depth += 1
    return depth
