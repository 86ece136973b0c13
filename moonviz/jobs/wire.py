"""The lines that a worker process and its client exchange, one JSON object each. No torch here.

The client writes `Do` and `Stop` to the worker's standard input; the worker writes one `Hello` and then `Said` lines.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from moonviz.jobs.messages import Message


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Do(_Line):
    """Do a job: `job` is its JSON text, so that a spec the worker cannot read still has an id to answer to."""

    kind: Literal["do"] = "do"
    id: str
    job: str
    limit_bytes: int | None = None


class Stop(_Line):
    """Stop the job at its next event."""

    kind: Literal["stop"] = "stop"
    id: str


class Hello(_Line):
    """The worker is ready.

    Attributes:
        pid: Its process.
        devices: What it can compute on, the one that `auto` takes first.
        flops_per_second: A rate that its device surely does not exceed by much; null where none was measured.
        seconds_per_step: What a step through a layer takes that has next to nothing to compute; null as above.
    """

    kind: Literal["hello"] = "hello"
    pid: int
    devices: tuple[str, ...]
    flops_per_second: float | None = None
    seconds_per_step: float | None = None


class Said(_Line):
    """A message of a job.

    Attributes:
        id: The job.
        at: When it happened, on the monotonic clock, which all processes of a machine share. A stage's time is that
            of its beginning.
        message: What was said; the client numbers it.
    """

    kind: Literal["said"] = "said"
    id: str
    at: float
    message: Message


ASKED: TypeAdapter[Do | Stop] = TypeAdapter(Annotated[Do | Stop, Field(discriminator="kind")])
ANSWERED: TypeAdapter[Hello | Said] = TypeAdapter(Annotated[Hello | Said, Field(discriminator="kind")])
