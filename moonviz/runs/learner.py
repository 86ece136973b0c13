"""One network on its way down by one method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite

import torch
from torch import Tensor

from moonviz.errors import SingularLayer
from moonviz.networks import Network
from moonviz.networks.steps import Grads
from moonviz.results import Failure
from moonviz.runs.observer import Observer
from moonviz.runs.trace import pass_through
from moonviz.specs.methods import MethodOptions, ProjforwardOptions
from moonviz.specs.train import TrainSpec

Batch = tuple[Tensor, Tensor]


@dataclass(slots=True)
class Learner:
    """A network on its way down; `error` takes it out, its place stays."""

    options: MethodOptions
    network: Network
    velocity: Grads = field(default_factory=dict)
    stopped_at: int | None = None
    error: Failure | None = None

    def learn(self, spec: TrainSpec, batch: Batch, step: int, watch: Observer) -> float | None:
        """One step; its loss, or null if it could not be done."""
        torch.manual_seed(spec.batch_seed + step)  # random layers of both networks see the same draws
        try:
            found = pass_through(self.network, _at_step(self.options, step), *batch, tick=watch.tick)
        except SingularLayer as error:
            self._stop(step, str(error), error.layer)
            return None
        loss = float(found.loss)
        if not isfinite(loss):
            self._stop(step, "The loss is no longer a finite number: the steps were too long.", None)
            return None
        self._descend(found.by_name, spec)
        return loss

    @torch.no_grad()
    def _descend(self, grads: Grads, spec: TrainSpec) -> None:
        weights = dict(self.network.named_parameters())
        for name, grad in grads.items():
            known = self.velocity.get(name)
            by = grad if known is None else known.mul_(spec.momentum).add_(grad)
            if spec.momentum:
                self.velocity[name] = by
            weights[name].sub_(by, alpha=spec.learning_rate)

    @torch.no_grad()
    def accuracy(self, batches: Sequence[Batch]) -> float:
        """Share of examples whose largest output is the right one. No step begins, so nothing random moves on."""
        rightly = counted = 0
        for x, target in batches:
            # a copy: layers write into what they are given
            out = self.network.through(range(self.network.length + 2), x.clone())
            rightly += int((out.argmax(1) == target).sum())
            counted += len(target)
        return rightly / counted

    def _stop(self, step: int, message: str, layer: str | None) -> None:
        self.stopped_at = step + 1
        self.error = Failure(message=message, layer=layer, remedy="Take a smaller learning rate.")


@torch.no_grad()
def apart(a: Network, b: Network) -> tuple[float | None, float | None]:
    """(max |a − b|, ‖a − b‖ / ‖a‖) over all weights, in float64; null where not finite."""
    largest = squares = size = 0.0
    for mine, other in zip(a.parameters(), b.parameters(), strict=True):
        own = mine.to("cpu", torch.float64)
        difference = own - other.to("cpu", torch.float64)
        largest = max(largest, float(difference.abs().max()))
        squares += float(difference.square().sum())
        size += float(own.square().sum())
    if not isfinite(squares):  # a NaN is lost in `max`
        return None, None
    return largest, (squares / size) ** 0.5 if size else None


def _at_step(options: MethodOptions, step: int) -> MethodOptions:
    """A noisy method draws new directions at every step; the same ones for ever would train nothing else."""
    if isinstance(options, ProjforwardOptions):
        return options.model_copy(update={"seed": (options.seed + step) % 2**32})
    return options
