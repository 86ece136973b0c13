"""What jobs are and what they say while they run: plain data, one JSON line each. No torch here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from moonviz.building.facts import Place
from moonviz.estimates.points import PeakPoint
from moonviz.events import StepRecord
from moonviz.results import Failure
from moonviz.specs.base import Spec
from moonviz.specs.layers import LayerSpec
from moonviz.specs.network import Batch, Depth, NetworkSpec, Seed
from moonviz.specs.precision import PrecisionSpec
from moonviz.specs.run import MethodChoice, RunSpec
from moonviz.specs.train import TrainSpec
from moonviz.training import TrainPoint
from moonviz.walking import WalkSpec

Stage = Literal["check", "trace", "warm-up", "time", "truth", "train", "precision"]


class Run(Spec):
    """Run every method of a run spec; lane *measure*."""

    kind: Literal["run"] = "run"
    spec: RunSpec


class Describe(Spec):
    """Describe a network's layers; lane *estimate*."""

    kind: Literal["describe"] = "describe"
    network: NetworkSpec


class Check(Spec):
    """Say all that is known of a draft network; lane *estimate*.

    Attributes:
        network: The draft.
        after: The place for which layers to add are wanted.
        methods: Those whose peaks are predicted: the slow part, so ask without any first.
    """

    kind: Literal["check"] = "check"
    network: NetworkSpec
    after: Place | None = None
    methods: Annotated[tuple[str, ...], Field(strict=False, max_length=16)] = ()


class Estimate(Spec):
    """Dry-run every method of a run spec; lane *estimate*."""

    kind: Literal["estimate"] = "estimate"
    spec: RunSpec


class Sweep(Spec):
    """Dry-run methods over depths and batches; lane *estimate*.

    Attributes:
        network: Any network of the family; its own depth and batch stand where none are given.
        methods: Which.
        depths: Depths to run.
        batches: Batches to run, each at every depth.
        samples: Run what every other depth and batch is put together from, too.
    """

    kind: Literal["sweep"] = "sweep"
    network: NetworkSpec
    methods: Annotated[tuple[MethodChoice, ...], Field(strict=False, min_length=1, max_length=16)]
    depths: Annotated[tuple[Depth, ...], Field(strict=False, max_length=64)] = ()
    batches: Annotated[tuple[Batch, ...], Field(strict=False, max_length=64)] = ()
    samples: bool = True


class Precision(Spec):
    """Measure errors by depth, dtype and method on small networks; lane *measure*, on the CPU."""

    kind: Literal["precision"] = "precision"
    spec: PrecisionSpec


class Train(Spec):
    """Train one network by two methods on the same batches; lane *measure*."""

    kind: Literal["train"] = "train"
    spec: TrainSpec


class Probe(Spec):
    """Look at the Jacobian of one layer of a network's body, at an example of its data; lane *probe*."""

    kind: Literal["probe"] = "probe"
    network: NetworkSpec
    number: Annotated[int, Field(ge=1)]


class ProbeLayer(Spec):
    """Look at the Jacobian of a layer on its own, at a random input of this shape; lane *probe*."""

    kind: Literal["probe_layer"] = "probe_layer"
    layer: LayerSpec
    in_shape: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65_536)], ...], Field(strict=False, min_length=1, max_length=3)
    ]
    seed: Seed = 0


class Walk(Spec):
    """Walk a method through a tiny network and write down every number; lane *probe*."""

    kind: Literal["walk"] = "walk"
    spec: WalkSpec


AnyJob = Run | Describe | Check | Estimate | Sweep | Precision | Train | Probe | ProbeLayer | Walk
JobSpec = Annotated[AnyJob, Field(discriminator="kind")]
JOB: TypeAdapter[AnyJob] = TypeAdapter(JobSpec)

BACKGROUND = (Precision, Train)
"""Jobs of the *measure* lane that give way to every `Run`: they wait behind it, or stop for it and begin again."""
GIVES_WAY = (*BACKGROUND, Sweep)
"""The same, and what gives way to every other job of the *estimate* lane; what it has found is kept meanwhile."""
PROBES = (Probe, ProbeLayer, Walk)
"""Jobs of the *probe* lane: small, soon over, and not counted as a tab's job."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = 0
    """Place in the job's stream; a reader that reconnects asks from a number."""


class Queued(_Message):
    """Waiting; `position` 0 is next, and `starting` tells that a worker process is being started.

    `seconds` until it begins are predicted from the jobs ahead, null where one of them cannot be predicted.
    """

    kind: Literal["queued"] = "queued"
    position: int
    starting: bool = False
    seconds: float | None = None


class StageMessage(_Message):
    """Where the job is: `done` of `total` parts of the stage; `label`: the method it is at."""

    kind: Literal["stage"] = "stage"
    name: Stage
    done: int
    total: int
    label: str | None = None


class Steps(_Message):
    """Traced records as they come; their seconds are null."""

    kind: Literal["steps"] = "steps"
    label: str
    records: tuple[StepRecord, ...]


class Points(_Message):
    """Points of a training as they come."""

    kind: Literal["points"] = "points"
    points: tuple[TrainPoint, ...]


class Peaks(_Message):
    """Dry runs of a sweep as they come."""

    kind: Literal["peaks"] = "peaks"
    points: tuple[PeakPoint, ...]


class ResultMessage(_Message):
    """The end: the job's whole report as plain data.

    For Describe that is a list of layer cards, for Check a `Check`, for Sweep a list of `PeakPoint`s, for a probe a
    `LayerProbe`, for Walk a `WalkPage`.
    """

    kind: Literal["result"] = "result"
    data: Any


class Failed(_Message):
    """The end: bad input, too large, or an error of ours."""

    kind: Literal["failed"] = "failed"
    reason: Literal["refused", "too_large", "failed"]
    error: Failure


class Cancelled(_Message):
    """The end: the user stopped it, `at` in words."""

    kind: Literal["cancelled"] = "cancelled"
    at: str | None = None


class Lost(_Message):
    """The end: the worker process died and has been replaced."""

    kind: Literal["lost"] = "lost"
    error: Failure


_AnyMessage = Queued | StageMessage | Steps | Points | Peaks | ResultMessage | Failed | Cancelled | Lost
Message = Annotated[_AnyMessage, Field(discriminator="kind")]
MESSAGE: TypeAdapter[Any] = TypeAdapter(Message)
FINAL = (ResultMessage, Failed, Cancelled, Lost)
