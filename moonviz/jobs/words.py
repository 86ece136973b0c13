"""What the local engine says when a job cannot go on. No torch here."""

from __future__ import annotations

import signal

from moonviz.jobs.admission import Limits
from moonviz.jobs.book import Entry
from moonviz.jobs.engine import Final
from moonviz.jobs.faults import SMALLER
from moonviz.jobs.messages import Cancelled, Failed, Lost, ResultMessage
from moonviz.results import Failure

AGAIN = "Run it again; a new worker process takes over."


def unknown(number: int) -> Lost:
    """For a job that is not known."""
    return Lost(
        number=max(number, 0),
        error=Failure(message="This job is not known here any more.", remedy="Run it again."),
    )


def dead(lane: str, code: int, at: str) -> Lost:
    """For a job whose worker died `at` a place with an exit code."""
    if code >= 0:
        how, remedy = f"ended by itself with exit code {code}", f"{AGAIN} The app's log tells why it ended."
    else:
        name = next((known.name for known in signal.Signals if known == -code), f"signal {-code}")
        how, remedy = f"was killed ({name})", AGAIN
        if name == "SIGKILL":
            remedy += f" If it was the system that ran out of memory: {SMALLER[0].lower()}{SMALLER[1:]}"
    return Lost(error=Failure(message=f"The worker process of lane `{lane}` {how} {at}.", remedy=remedy))


def last_words(limits: Limits, lane: str, victim: Entry, code: int) -> Final:
    """For a job whose worker has ended: stopped as asked, stopped for taking too long, or lost."""
    if victim.stopping:
        return Cancelled(at=victim.at) if victim.stopping == "cancel" else limits.overtime(victim.job)
    return dead(lane, code, victim.at if victim.sent else "while it started")


def no_process(lane: str, error: OSError) -> Lost:
    """For a job whose worker could not be started."""
    return Lost(
        error=Failure(
            message=f"No worker process of lane `{lane}` could be started: {error.strerror or error}.",
            remedy="Free some memory on this machine, then run it again.",
        )
    )


def unchecked(error: Failure) -> Failure:
    """For a run whose size check broke off with `error`."""
    return Failure(message=f"The size of this run could not be checked. {error.message}", remedy=error.remedy)


def marked_shared(message: ResultMessage) -> ResultMessage:
    """The same result, in which everything that was timed says that another lane worked meanwhile."""
    results = [
        result | ({"shared_machine": True} if result.get("seconds") else {}) for result in message.data["results"]
    ]
    return message.model_copy(update={"data": message.data | {"results": results}})


def closed() -> Failed:
    """For a job that comes too late."""
    return Failed(reason="refused", error=Failure(message="The app is shutting down.", remedy="Start it again."))


def tab_is_full() -> Failed:
    """For a third job of one tab."""
    return Failed(
        reason="refused",
        error=Failure(
            message="This tab has a running and a waiting job already.",
            remedy="Cancel one of them, or wait until the first is done.",
        ),
    )


def all_is_full(waiting: int) -> Failed:
    """For a job too many."""
    return Failed(
        reason="refused",
        error=Failure(
            message=f"{waiting} jobs are waiting already, which is the most that may.",
            remedy="Try again in a minute, or run moonviz on a machine of your own.",
        ),
    )
