"""Dry runs in the background: one method at a time, so that nobody waits long; dropped when nobody asks any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moonviz.jobs.engine import Engine
from moonviz.jobs.messages import FINAL, Failed, Lost, Peaks, ResultMessage, Sweep
from moonviz.specs import NetworkSpec
from moonviz.specs.run import MethodChoice
from moonviz.ui.whatif_points import Family, Wanted


@dataclass
class Sounding:
    """A sweep as the page follows it.

    Attributes:
        job: Its id.
        family: Where its points go.
        wanted: What it was asked for.
        next: The number of the next message to ask for.
    """

    job: str
    family: Family
    wanted: Wanted
    next: int = 0


def start(engine: Engine, tab: str, network: NetworkSpec, family: Family, wanted: Wanted) -> Sounding:
    """Ask for dry runs."""
    name, _, options = wanted.label.partition(":")
    chosen = {key: int(value) for key, _, value in (one.partition("=") for one in options.split(",") if one)}
    sweep = Sweep(
        network=network,
        methods=(MethodChoice(name=name, options=chosen),),
        depths=wanted.depths,
        batches=wanted.batches,
        samples=wanted.samples,
    )
    return Sounding(engine.submit(sweep, tab), family, wanted)


def listen(engine: Engine, sounding: Sounding) -> tuple[bool, bool]:
    """Hear what a sweep has said since.

    Returns:
        Whether there is news for the page, and whether it has ended.
    """
    news = False
    for message in engine.messages(sounding.job, sounding.next):
        sounding.next = message.number + 1
        if isinstance(message, Peaks):
            sounding.family.add(message.points)
            news = not sounding.wanted.samples  # a few short ones tell nothing before all are there
        if isinstance(message, FINAL):
            _end(sounding, message)
            return True, True
    return news, False


def _end(sounding: Sounding, message: object) -> None:
    label = sounding.wanted.label
    if isinstance(message, ResultMessage):
        if sounding.wanted.samples:
            sounding.family.sampled.add(label)
    elif isinstance(message, Failed | Lost):
        sounding.family.failed[label] = message.error.message


def outdated(sounding: Sounding, family: Family, wanted: Sequence[Wanted]) -> bool:
    """Whether the page no longer asks for what a sweep is at."""
    return sounding.family is not family or sounding.wanted not in wanted
