"""A report as a tab shows it. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from moonviz.figures.playing import race_id, stored_id
from moonviz.results import Report
from moonviz.specs import RunSpec


@dataclass
class Shown:
    """The report on the page.

    Attributes:
        report: It.
        run: The run that made it; null where that cannot be said any more.
        stored: True if it shipped with the package.
        job: The job that made it in this tab, if one did.
        loaded: The name of the file it was read from, if it was.
    """

    report: Report
    run: RunSpec | None
    stored: bool = False
    job: str = ""
    loaded: str = ""

    @property
    def race(self) -> str:
        """The race's name for the player: that of the running race it was, if this tab saw it run."""
        return race_id(self.run, self.job) if self.run and self.job else stored_id(self.report)
