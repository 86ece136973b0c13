"""What one tab does on the Learn page: its lesson, what it asked the engine, and what came back. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from moonviz.errors import InvalidSpec
from moonviz.figures.learn import answer_payload, stored_answer
from moonviz.jobs.messages import Estimate, ResultMessage
from moonviz.lessons import Lesson, Number, lessons
from moonviz.lessons.quantities import Term
from moonviz.lessons.reading import answers_of
from moonviz.lessons.values import evaluate, needs
from moonviz.results import Report, Result
from moonviz.specs import NetworkSpec, RunSpec
from moonviz.specs.run import MethodChoice
from moonviz.ui.following import Following
from moonviz.ui.learn_asking import Asking, machine_of, result_of, run_of, runs_for, where_of
from moonviz.ui.walk.state import WalkState

SILENT = "The engine did not answer in time, so this is what it gave beforehand."
PATIENCE_SECONDS = 12.0
"""How long dry runs may take before a question is answered from what was computed beforehand."""
MOST_KEPT = 64


@dataclass
class LearnDesk:
    """The Learn part of a tab. Plain data only.

    Attributes:
        at: The name of the lesson shown.
        named: Whether the address or the reader chose it; else the browser's own place counts.
        ack: The last thing heard from the browser.
        asking: The question that is being answered by dry runs.
        running: The question that waits for the run, if any.
        racing: The lesson whose race was run last.
        answers: By lesson and question.
        reports: Races to show, by lesson.
        ran: Which of them were measured here.
        problem: Why the view has nothing to show, by lesson.
        looking: The job that predicts the view's race, and its lesson.
        goes: The page to open next.
        walks: Walks through tiny networks, by lesson, with what the reader chose and moved.
    """

    at: str = field(default_factory=lambda: lessons()[0].name)
    named: bool = False
    ack: dict[str, Any] | None = None
    asking: Asking | None = None
    waiting: list[str] = field(default_factory=list)
    running: str = ""
    racing: str = ""
    answers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    ran: set[str] = field(default_factory=set)
    problem: dict[str, str] = field(default_factory=dict)
    looking: tuple[str, str] | None = None
    job: Following | None = None
    goes: str = ""
    walks: dict[str, WalkState] = field(default_factory=dict)

    @property
    def lesson(self) -> Lesson:
        """The lesson shown."""
        return next((one for one in lessons() if one.name == self.at), lessons()[0])

    @property
    def busy(self) -> bool:
        """Whether news is to come."""
        walk = self.walks.get(self.at)
        walking = walk is not None and walk.job is not None
        return bool(self.asking or self.looking or walking or (self.job is not None and self.job.running))

    def heard(self, act: Mapping[str, Any]) -> bool:
        """Whether an act is new; it is told again until it is acknowledged."""
        mine = {"client": act.get("client"), "number": act.get("number") or 0}
        if self.ack and self.ack["client"] == mine["client"] and self.ack["number"] >= mine["number"]:
            return False
        self.ack = mine
        return True

    def go(self, name: str) -> None:
        """Show a lesson, if there is one of that name."""
        if any(one.name == name for one in lessons()):
            self.at, self.named, self.running = name, True, ""

    def take(self, report: Report, spec: RunSpec) -> None:
        """A run of this lesson has ended: show it, and answer the question that waited for it."""
        name = self.racing or self.at
        self.reports[name] = report
        self.ran.add(name)
        if self.running and name == self.at:
            self.settle(self.running, lambda network, choice: result_of(report, choice), "run", machine_of(report))
            self.running = ""

    def run(self, depth: int = 0, labels: tuple[str, ...] = ()) -> RunSpec:
        """What the lesson's network and methods ask for, at another depth or by other methods if they are given.

        Raises:
            InvalidSpec: If they do not fit together.
        """
        changed = {"depth": str(depth)} if depth else {}
        return run_of(self.lesson.base.network(Term("", changed)), labels or self.lesson.front.methods)

    def ask(self, id_: str) -> None:
        """Begin to answer a question of the lesson by dry runs, or answer it at once where nothing need be asked."""
        question = self.lesson.question(id_)
        if question is None or (self.asking and self.asking.id == id_):
            return
        if self.asking:
            self.waiting.append(id_)
            return
        if not question.answer or question.by == "stored":
            self.put(id_, stored_answer(self.lesson, question))
            return
        try:
            wanted = list(runs_for(self.lesson, question))
        except InvalidSpec:
            self.put(id_, stored_answer(self.lesson, question, SILENT))
            return
        self.asking = Asking(self.at, id_, wanted, len(wanted))

    def proceed(self, submit: Callable[[Estimate], str], final: Callable[[str], Any]) -> bool:
        """One step further with what is being asked. Returns whether something changed."""
        asking = self.asking
        if asking is None:
            return False
        if asking.lesson != self.at:
            self.asking = None
            return True
        if not asking.job:
            asking.job = submit(Estimate(spec=asking.todo[0]))
            return True
        end = final(asking.job)
        if end is None:
            late = monotonic() - asking.since > PATIENCE_SECONDS
            if late:
                self._silent(asking.id)
            return late
        network, asking.job = asking.todo.pop(0).network, ""
        if not isinstance(end, ResultMessage):
            self._silent(asking.id)
            return True
        for result in Report.model_validate(end.data).results:
            asking.results[network.canonical(), result.label] = result
        if not asking.todo:
            known = asking.results
            self.settle(asking.id, lambda net, choice: known[net.canonical(), choice.label], "dry run", where_of)
            self._next()
        return True

    def settle(
        self,
        id_: str,
        fetch: Callable[[NetworkSpec, MethodChoice], Result],
        source: str,
        where: Callable[[NetworkSpec], str],
    ) -> None:
        """Answer a question from results; from what was computed beforehand where they do not hold it."""
        lesson, question = self.lesson, self.lesson.question(id_)
        if question is None:
            return
        found: dict[str, Number] = {}
        try:
            for quantity in answers_of(question):
                network = needs(quantity, lesson.base)[0][0]
                found[quantity.text()] = Number(evaluate(quantity, lesson.base, fetch), source, where(network))
        except (InvalidSpec, KeyError):
            self.put(id_, stored_answer(lesson, question, SILENT))
            return
        self.put(id_, answer_payload(lesson, question, found))

    def _silent(self, id_: str) -> None:
        question = self.lesson.question(id_)
        if question:
            self.put(id_, stored_answer(self.lesson, question, SILENT))
        self._next()

    def _next(self) -> None:
        self.asking = None
        if self.waiting:
            self.ask(self.waiting.pop(0))

    def put(self, id_: str, answer: dict[str, Any]) -> None:
        """Keep an answer for as long as the page needs it; the browser keeps it for good."""
        self.answers[self.at, id_] = answer
        while len(self.answers) > MOST_KEPT:
            self.answers.pop(next(iter(self.answers)))

    def run_failed(self) -> None:
        """The run that a question waited for ended badly."""
        end = self.job.end if self.job else None
        if self.running and not isinstance(end, ResultMessage):
            self._silent(self.running)
            self.running = ""

    def waits(self) -> dict[str, str]:
        """What is said at each question whose answer is on its way."""
        said = {self.asking.id: self.asking.words} if self.asking else {}
        if self.running and self.job:
            said[self.running] = self.job.words()
        return said
