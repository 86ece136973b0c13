"""A method on its way through a run, and the result it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from torch import Tensor

from moonviz.errors import SingularLayer, TooLarge, UnsupportedPair
from moonviz.networks import Network
from moonviz.results import Failure, Result, Seconds, Status
from moonviz.runs.trace import Trace
from moonviz.specs.methods import MethodOptions


@dataclass(slots=True)
class Entrant:
    """One method on its way through the stages; `failure` takes it out of the race, its place stays."""

    options: MethodOptions
    dry: Trace | None = None
    traced: Trace | None = None
    passes: list[tuple[float, list[float]]] = field(default_factory=list)
    status: Status = "ok"
    failure: Failure | None = None

    @property
    def label(self) -> str:
        """The method with its options."""
        return self.options.label

    def attempt(self, work: Callable[[], Any]) -> None:
        """Do a part of the work; what goes wrong in it stays this method's own."""
        try:
            work()
        except UnsupportedPair as error:
            self.status = "refused"
            self.failure = Failure(message=str(error), layer=error.layer, remedy=error.remedy)
        except TooLarge as error:
            self.status = "too_large"
            self.failure = Failure(
                message=str(error), remedy="Take a smaller depth or batch.", limit_bytes=error.limit_bytes
            )
        except SingularLayer as error:
            self.status, self.failure = "failed", Failure(message=str(error), layer=error.layer)
        except (RuntimeError, MemoryError) as error:
            # the processor's allocator says what CUDA's says, in a plain RuntimeError
            if isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error):
                remedy = "Take a smaller depth, batch or width."
                self.status = "too_large"
                self.failure = Failure(message=f"the device ran out of memory. {remedy}", remedy=remedy)
            else:
                first = str(error).partition("\n")[0]
                self.status = "failed"
                self.failure = Failure(
                    message=f"torch stopped in `{self.label}`: {first}", remedy="Use another method."
                )


def finished(entrant: Entrant, network: Network, batch: tuple[Tensor, Tensor]) -> Result:
    """The result of a method that went all the way; its agreement is still to be found."""
    traced, dry = entrant.traced, entrant.dry
    assert traced is not None
    assert dry is not None
    totals = [total for total, _ in entrant.passes]
    medians = [median(step) for step in zip(*(steps for _, steps in entrant.passes), strict=True)]
    return measured(entrant.options, traced, network, batch).model_copy(
        update={
            "predicted_peak_bytes": dry.peak_bytes,
            "predicted_allocator_bytes": None if traced.allocator_peak_bytes is None else dry.rounded_peak_bytes,
            "loss": float(traced.gradients.loss),
            "seconds": Seconds(median=median(totals), min=min(totals), max=max(totals), repeats=len(totals)),
            "steps": tuple(
                record.model_copy(update={"seconds": seconds})
                for record, seconds in zip(traced.records, medians, strict=True)
            ),
        }
    )


def measured(options: MethodOptions, traced: Trace, network: Network, batch: tuple[Tensor, Tensor]) -> Result:
    """What a trace alone tells of a method: bytes and FLOPs, without time and agreement."""
    weights = {tensor.untyped_storage()._cdata: tensor for tensor in (*network.parameters(), *network.buffers())}
    return Result(
        method=options.method,
        options=options.model_dump(),
        label=options.label,
        peak_bytes=traced.peak_bytes,
        activation_peak_bytes=traced.activation_peak_bytes,
        gradient_bytes=traced.gradient_bytes,
        parameter_bytes=sum(tensor.untyped_storage().nbytes() for tensor in weights.values()),
        input_bytes=sum(tensor.untyped_storage().nbytes() for tensor in batch),
        allocator_peak_bytes=traced.allocator_peak_bytes,
        flops=traced.flops,
        steps=traced.records,
    )


def unfinished(entrant: Entrant) -> Result:
    """The place of a method that did not, and why."""
    return Result(
        method=entrant.options.method,
        options=entrant.options.model_dump(),
        label=entrant.label,
        status=entrant.status,
        error=entrant.failure,
        peak_bytes=entrant.dry.peak_bytes if entrant.dry else None,
        predicted=entrant.dry is not None,
    )
