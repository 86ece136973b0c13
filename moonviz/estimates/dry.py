"""What a method would take on a network, by a dry run of the method itself."""

from __future__ import annotations

from typing import Any

from moonviz.errors import UnsupportedPair
from moonviz.methods import require
from moonviz.networks import build, describe
from moonviz.results import Failure, NetworkCard, Report, Result
from moonviz.runs.entrants import measured
from moonviz.runs.environment import environment
from moonviz.runs.trace import dry_run, finish, most_numbers, trace
from moonviz.specs.methods import MethodOptions, method_options
from moonviz.specs.network import NetworkSpec
from moonviz.specs.run import RunSpec


def estimate(spec: NetworkSpec, method: str, **options: Any) -> Result:
    """What one training step would take: bytes and FLOPs of the real schedule, no seconds, no gradient.

    Args:
        spec: The network.
        method: One of `moonviz.METHODS`.
        **options: The method's options.

    Returns:
        A `Result` marked `predicted`.

    Raises:
        InvalidSpec: If the method or an option is unknown, or the network does not fit together.
        UnsupportedPair: If the method cannot train a layer of this network.
    """
    return _dry(spec, method_options(method, options))


def estimate_methods(spec: RunSpec) -> Report:
    """Estimate every method of a run; refused ones keep their places.

    Raises:
        InvalidSpec: If the network does not fit together.
    """
    cards = describe(spec.network)
    return Report(
        environment=environment("meta"),
        network=NetworkCard(spec=spec.network.model_dump(mode="json"), layers=cards),
        results=tuple(_place(spec.network, choice.resolved) for choice in spec.methods),
    )


def _place(spec: NetworkSpec, options: MethodOptions) -> Result:
    try:
        return _dry(spec, options)
    except UnsupportedPair as error:
        return Result(
            method=options.method,
            options=options.model_dump(),
            label=options.label,
            status="refused",
            error=Failure(message=str(error), layer=error.layer, remedy=error.remedy),
        )


def _dry(spec: NetworkSpec, options: MethodOptions) -> Result:
    network = build(spec, "meta")
    require(options, network)
    batch = network.batch()
    traced = finish(trace(network, options, *batch))
    result = measured(options, traced, network, batch).model_copy(update={"predicted": True})
    if not (traced.has_fragments and any(layer.data_dependent for layer in network.body)):
        return result
    ends = tuple(dry_run(spec, options, numbers).peak_bytes for numbers in (0, most_numbers(network)))
    return result.model_copy(update={"peak_bytes_range": ends})
