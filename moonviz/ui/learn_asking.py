"""What answering a lesson's question takes: dry runs, one network after the other. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from moonviz.errors import InvalidSpec
from moonviz.lessons import Lesson
from moonviz.lessons.models import Choice, Curve, Slider
from moonviz.lessons.quantities import method_choice
from moonviz.lessons.reading import answers_of
from moonviz.lessons.values import needs
from moonviz.results import Report, Result
from moonviz.specs import NetworkSpec, RunSpec
from moonviz.specs.run import MethodChoice


@dataclass
class Asking:
    """A question whose answer the engine is asked for, network by network.

    Attributes:
        lesson: The lesson's name.
        id: The question's.
        todo: What is still to be asked for.
        total: How many there were.
        job: The one that is asked now.
        results: What came back, by network and label.
        since: When it began, on the monotonic clock.
    """

    lesson: str
    id: str
    todo: list[RunSpec]
    total: int
    job: str = ""
    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    since: float = field(default_factory=monotonic)

    @property
    def words(self) -> str:
        """How far it is."""
        if self.total == 1:
            return "Predicting by a dry run"
        return f"Predicting by dry runs, {self.total - len(self.todo) + 1} of {self.total}"


def run_of(network: NetworkSpec, labels: tuple[str, ...], repeats: int = 3) -> RunSpec:
    """A run of methods written as in lessons.

    Raises:
        InvalidSpec: If they do not fit together.
    """
    choices = [choice.model_dump(mode="json") for choice in map(method_choice, labels)]
    return RunSpec.read({"network": network.model_dump(mode="json"), "methods": choices, "repeats": repeats})


def runs_for(lesson: Lesson, question: Choice | Slider | Curve) -> Iterator[RunSpec]:
    """The dry runs that a question needs: one for each network, with all methods that are asked of it."""
    wanted: dict[str, tuple[NetworkSpec, list[str]]] = {}
    for quantity in answers_of(question):
        for network, choice in needs(quantity, lesson.base):
            _, labels = wanted.setdefault(network.canonical(), (network, []))
            if choice.label not in labels:
                labels.append(choice.label)
    for network, labels in wanted.values():
        yield run_of(network, tuple(labels))


def result_of(report: Report, choice: MethodChoice) -> Result:
    """A method's result in a report.

    Raises:
        InvalidSpec: If it is not there, or did not finish.
    """
    found = next((one for one in report.results if one.label == choice.label and one.status == "ok"), None)
    if found is None:
        raise InvalidSpec(f"`{choice.label}` did not finish")
    return found


def where_of(network: NetworkSpec) -> str:
    """A network in a few words."""
    return f"{network.name}, {network.depth:,} blocks, batch {network.batch:,}, {network.dtype}"


def machine_of(report: Report) -> Callable[[NetworkSpec], str]:
    """Says of a network where it was run."""
    here = report.environment
    return lambda network: f"{where_of(network)}, on {here.machine}, {here.cores} cores"
