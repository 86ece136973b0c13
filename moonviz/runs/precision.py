"""Where "exact" stops: errors of each method by depth and dtype, on small networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

import torch
from torch import Tensor

from moonviz.errors import InvalidSpec, SingularLayer, UnsupportedPair
from moonviz.networks import build
from moonviz.networks.steps import Grads
from moonviz.precision import PrecisionPoint, PrecisionReport
from moonviz.runs.agreement import relative_error
from moonviz.runs.environment import environment
from moonviz.runs.observer import Nobody, Observer
from moonviz.runs.trace import dry_run, pass_through
from moonviz.runs.truth import find_truth
from moonviz.specs.methods import BackpropOptions, MethodOptions
from moonviz.specs.network import NetworkSpec
from moonviz.specs.precision import PrecisionSpec


@dataclass(slots=True)
class _Errors:
    """What the seeds gave for one method at one depth and dtype."""

    to_truth: list[float] = field(default_factory=list)
    to_backprop: list[float] = field(default_factory=list)
    refusal: PrecisionPoint | None = None


def measure_precision(
    spec: PrecisionSpec, observer: Observer | None = None, limit_bytes: int | None = None
) -> PrecisionReport:
    """Errors by depth, dtype and method, each a median over the spec's seeds, on the CPU.

    Args:
        spec: Network, depths, dtypes, methods, seeds.
        observer: Told of each depth and dtype; what it raises ends the measurement.
        limit_bytes: Most tensor bytes that one gradient may take. None: no limit.

    Returns:
        One point for each depth, dtype and method, in that order; refused and failed ones keep their places.

    Raises:
        InvalidSpec: If the network does not fit together, or would not fit the limit.
    """
    watch = observer or Nobody()
    settings = [(depth, dtype) for depth in spec.depths for dtype in spec.dtypes]
    points = []
    for done, (depth, dtype) in enumerate(settings):
        watch.stage("precision", done, len(settings), f"{depth} blocks, {dtype}")
        network = spec.network.with_depth(depth).changed(dtype=dtype)
        points += _measure(network, spec, watch, limit_bytes)
    return PrecisionReport(environment=environment("cpu"), spec=spec.model_dump(mode="json"), points=tuple(points))


def _measure(
    network: NetworkSpec, spec: PrecisionSpec, watch: Observer, limit_bytes: int | None
) -> list[PrecisionPoint]:
    methods = [choice.resolved for choice in spec.methods]
    found = {options.label: _Errors() for options in methods}
    needed = dry_run(network.changed(dtype="float64"), BackpropOptions()).peak_bytes
    if limit_bytes is not None and needed > limit_bytes:
        raise InvalidSpec(
            f"{network.depth} blocks need {needed / 2**20:,.0f} MiB to check in float64, and "
            f"{limit_bytes / 2**20:,.0f} MiB are allowed. Take smaller depths or a smaller batch."
        )
    for seed in range(spec.seeds):
        net = build(network.changed(seed=network.seed + seed))
        x, target = net.batch(seed)
        torch.manual_seed(seed)
        truth = find_truth(net, x, target, limit_bytes)
        torch.manual_seed(seed)
        backprop = pass_through(net, BackpropOptions(), x, target).by_name
        for options in methods:
            watch.tick()
            torch.manual_seed(seed)
            errors = found[options.label]
            if errors.refusal is None:
                grads = _gradient(net, options, x, target, errors)
                if grads is not None and truth is not None:
                    errors.to_truth.append(_or_infinite(relative_error(grads, truth.by_name)))
                    errors.to_backprop.append(_or_infinite(relative_error(grads, backprop)))
    return [_point(network, options, found[options.label]) for options in methods]


def _gradient(net: torch.nn.Module, options: MethodOptions, x: Tensor, target: Tensor, errors: _Errors) -> Grads | None:
    try:
        return pass_through(net, options, x, target).by_name
    except (UnsupportedPair, SingularLayer) as error:
        status = "refused" if isinstance(error, UnsupportedPair) else "failed"
        errors.refusal = PrecisionPoint(label=options.label, depth=0, dtype="", status=status, message=str(error))
        return None


def _point(network: NetworkSpec, options: MethodOptions, errors: _Errors) -> PrecisionPoint:
    place = {"depth": network.depth, "dtype": network.dtype}
    if errors.refusal is not None:
        return errors.refusal.model_copy(update=place)
    dry = dry_run(network, options)
    return PrecisionPoint(
        label=options.label,
        relative_error=_or_none(median(errors.to_truth)),
        relative_error_to_backprop=_or_none(median(errors.to_backprop)),
        peak_bytes=dry.peak_bytes,
        activation_peak_bytes=dry.activation_peak_bytes,
        **place,
    )


def _or_infinite(error: float | None) -> float:
    # NaN has no place in a median: a gradient that overflowed is further off than any number
    return float("inf") if error is None or error != error else error


def _or_none(error: float) -> float | None:
    return None if error == float("inf") else error
