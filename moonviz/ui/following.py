"""A job as one tab follows it: messages folded into what the page shows. No Streamlit here, so it is tested alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic

from moonviz.events import StepRecord
from moonviz.figures.playing_sweeps import sweep_starts
from moonviz.figures.words import PHASE_DURING
from moonviz.jobs.messages import (
    FINAL,
    Cancelled,
    Failed,
    Lost,
    Message,
    Points,
    Queued,
    ResultMessage,
    StageMessage,
    Steps,
)
from moonviz.precision import PrecisionReport
from moonviz.results import Failure, Report
from moonviz.specs import RunSpec
from moonviz.specs.precision import PrecisionSpec
from moonviz.specs.train import TrainSpec
from moonviz.training import TrainPoint, TrainReport

STAGES = ("check", "trace", "warm-up", "time", "truth")
STAGE_WORDS = {
    "check": "Checking that it fits",
    "trace": "Tracing memory, layer by layer",
    "warm-up": "Warming up",
    "time": "Timing, with nothing traced",
    "truth": "Computing the true gradient in float64",
    "train": "Training",
    "precision": "Comparing with float64 autograd",
}
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth")


@dataclass
class Following:
    """What has been heard of a job.

    Attributes:
        id: The job.
        spec: What was asked for.
        next: The number of the next message to ask for.
        queue: The last word on waiting; null once work began.
        stage: The last stage.
        steps: Traced records by label.
        points: Points of a training.
        end: The last message, once there is one.
        cancelling: Whether the user pressed Cancel.
        heard: When the last word on waiting was heard, on the monotonic clock.
    """

    id: str
    spec: RunSpec | PrecisionSpec | TrainSpec
    next: int = 0
    queue: Queued | None = None
    stage: StageMessage | None = None
    steps: dict[str, list[StepRecord]] = field(default_factory=dict)
    points: list[TrainPoint] = field(default_factory=list)
    end: ResultMessage | Failed | Cancelled | Lost | None = None
    cancelling: bool = False
    heard: float = 0.0

    @property
    def running(self) -> bool:
        """Whether the job goes on."""
        return self.end is None

    def absorb(self, messages: Iterable[Message]) -> None:
        """Fold messages in, in order."""
        for message in messages:
            self.next = message.number + 1
            if isinstance(message, Queued):
                self.queue, self.heard = message, monotonic()
                self.points.clear()  # a training that gave way to a race begins again
            elif isinstance(message, StageMessage):
                self.queue, self.stage = None, message
            elif isinstance(message, Steps):
                self.queue = None
                self.steps.setdefault(message.label, []).extend(message.records)
            elif isinstance(message, Points):
                self.queue = None
                self.points.extend(message.points)
            elif isinstance(message, FINAL):
                self.end = message

    def lose(self, why: str) -> None:
        """Close the job from this side: nobody knows it any more."""
        self.end = Lost(number=self.next, error=Failure(message=why, remedy="Run it again."))

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages it goes through, in order."""
        if isinstance(self.spec, TrainSpec):
            return ("check", "trace", "train")
        return STAGES if isinstance(self.spec, RunSpec) else ("precision",)

    def report(self) -> Report | PrecisionReport | TrainReport | None:
        """The report, if the job ended with one."""
        if not isinstance(self.end, ResultMessage):
            return None
        kinds = {RunSpec: Report, PrecisionSpec: PrecisionReport, TrainSpec: TrainReport}
        return kinds[type(self.spec)].model_validate(self.end.data)

    def subject(self) -> str:
        """What it is about, whatever the controls say by now: the network and its size."""
        network = self.spec.network
        name = network.name or "a network"
        if isinstance(self.spec, PrecisionSpec):
            depths = ", ".join(f"{depth:,}" for depth in self.spec.depths)
            return f"{name} at depths {depths} in {', '.join(self.spec.dtypes)}"
        return f"{name}, depth {network.depth:,}, batch {network.batch:,}, {network.dtype}"

    def again(self) -> str:
        """What a button says that runs it once more."""
        if not isinstance(self.spec, RunSpec):
            return "Run again"
        network = self.spec.network
        return f"Run again: {network.name or 'a network'}, depth {network.depth:,}"

    def words(self) -> str:
        """Where it is, in one line."""
        if self.cancelling:
            return "Stopping"
        if self.queue:
            if self.queue.starting:
                return "Starting PyTorch (about 2 s)"
            if self.queue.position == 0:
                return f"Next in line{self._start()}"
            place = self.queue.position
            where = f"{ORDINALS[place] if place < len(ORDINALS) else f'Number {place + 1}'} in line"
            return f"{where}{self._start()}"
        if not self.stage:
            return "Asking for a place"
        of = f", {min(self.stage.done + 1, self.stage.total)} of {self.stage.total}" if self.stage.total > 1 else ""
        by = f": {self.stage.label}" if self.stage.label else ""
        return f"{STAGE_WORDS[self.stage.name]}{by}{of}"

    def _start(self) -> str:
        """When it is predicted to start, counted down from when that was heard."""
        if self.queue is None or self.queue.seconds is None:
            return ""
        left = self.queue.seconds - (monotonic() - self.heard)
        return f"; starts in about {left:,.0f} s" if left >= 1 else "; starts soon"

    def stopped(self) -> str:
        """Where it was stopped, in one line."""
        at = list(self.steps)[-1] if self.steps and self.stage and self.stage.name == "trace" else None
        if at:
            last = self.steps[at][-1]
            sweep = self._sweep(at)
            where = f"of sweep {sweep}" if sweep else PHASE_DURING[last.phase]
            return f"Stopped at layer {last.layer} {where} ({at}); nothing is kept."
        if self.stage:
            words = STAGE_WORDS[self.stage.name].partition(",")[0]
            return f"Stopped while {words[0].lower()}{words[1:]}; nothing is kept."
        return "Stopped before it began."

    def _sweep(self, label: str) -> int:
        """In which sweep a method is, from 1; 0 where it has no more than one."""
        options = next(choice.resolved for choice in self.spec.methods if choice.label == label)
        starts = sweep_starts(options, self.steps[label], self.layers() - 1)
        return sum(at < len(self.steps[label]) for at, _ in starts) if len(starts) > 1 else 0

    def layers(self) -> int:
        """How many layers the strips need: what the spec says, or more where steps went further."""
        network = self.spec.network
        body = sum(len(block.layers) * block.repeat for block in network.body)
        seen = max((step.layer for steps in self.steps.values() for step in steps), default=0)
        return max(body + 2, seen + 1)
