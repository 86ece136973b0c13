"""What a page may ask of whatever runs its jobs. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from moonviz.jobs.messages import (
    AnyJob,
    Cancelled,
    Failed,
    Lost,
    Peaks,
    Points,
    Queued,
    ResultMessage,
    StageMessage,
    Steps,
)
from moonviz.specs.run import RunSpec

__all__ = ["AnyJob", "AnyMessage", "Engine", "Final"]

Final = ResultMessage | Failed | Cancelled | Lost
AnyMessage = Queued | StageMessage | Steps | Points | Peaks | Final


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a device is, as its worker measured when it started.

    Attributes:
        flops_per_second: The rate of a product of matrices in float32.
        seconds_per_step: What a step takes that has next to nothing to compute.
    """

    flops_per_second: float
    seconds_per_step: float

    def seconds(self, flops: int, steps: int, dtype: str = "float32") -> float:
        """Predicted time of one training step of so many FLOPs in so many steps of its schedule."""
        slower = 2.0 if dtype == "float64" else 1.0  # half as many numbers to a register
        return slower * flops / self.flops_per_second + steps * self.seconds_per_step


class Engine(Protocol):
    """Runs jobs elsewhere and tells what becomes of them. `LocalEngine` is the one for a single machine.

    None of these calls blocks or raises for a bad job: what goes wrong is said in the job's messages.
    """

    def submit(self, job: AnyJob, tab: str) -> str:
        """Hand a job in for a browser tab.

        Args:
            job: What to do.
            tab: Who asks; any string that tells tabs apart.

        Returns:
            The job's id. A job equal to one of this tab that has not ended is that job. A job that cannot be taken
            has an id too, and `Failed` as its only message.
        """
        ...

    def messages(self, job: str, start: int = 0) -> list[AnyMessage]:
        """The job's messages numbered `start` and up, in order; `Lost` for a job that is not, or no longer, known."""
        ...

    def final(self, job: str) -> Final | None:
        """The job's last message, if it has ended."""
        ...

    def wait(self, job: str, seconds: float | None = None) -> Final | None:
        """Block until the job has ended, or for some seconds; for scripts and tests, never for pages."""
        ...

    def cancel(self, job: str) -> None:
        """Stop a job; it ends within two seconds, `Cancelled` unless it was done already."""
        ...

    def close_tab(self, tab: str) -> None:
        """Stop a tab's jobs and forget them."""
        ...

    def speed(self, spec: RunSpec) -> Speed | None:
        """How fast the device is on which a run would take place; null as long as no worker has told."""
        ...

    def warm_up(self) -> None:
        """Get ready for the first job; returns at once."""
        ...

    def close(self) -> None:
        """Stop everything."""
        ...
