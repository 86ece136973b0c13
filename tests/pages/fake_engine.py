"""An engine that says what a test tells it to."""

from __future__ import annotations

from moonviz.jobs.messages import Lost
from moonviz.results import Failure


class FakeEngine:
    def __init__(self) -> None:
        self.jobs, self.script, self.cancelled, self.closed = [], [], [], []
        self.ends = {}
        self.fast = None

    def submit(self, job, tab):
        self.jobs.append((job, tab))
        return f"job-{len(self.jobs)}"

    def messages(self, job, start=0):
        if job != f"job-{len(self.jobs)}":
            return [Lost(number=start, error=Failure(message="This job is not known here any more."))]
        numbered = [message.model_copy(update={"number": n}) for n, message in enumerate(self.script)]
        return numbered[start:]

    def final(self, job):
        return self.ends.get(job)

    def speed(self, spec):
        return self.fast

    def cancel(self, job):
        self.cancelled.append(job)

    def close_tab(self, tab):
        self.closed.append(tab)

    def warm_up(self):
        pass

    def close(self):
        pass
