"""What a user's own modules would take to train, by a dry run of each method on copies without memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from moonviz.networks.given import Modules
from moonviz.networks.modules import Own, own_network
from moonviz.results import LayerCard, Result
from moonviz.runs.entrants import Entrant, measured, unfinished
from moonviz.runs.trace import Trace, finish, most_numbers, trace
from moonviz.specs.methods import METHODS, MethodOptions, method_options

if TYPE_CHECKING:
    from torch import Tensor

AS_WRITTEN = ("backprop", "checkpointing")
"""Methods that ask nothing of a layer, and so train the modules themselves."""
Asked = str | tuple[str, Mapping[str, Any]]


def estimate_module(
    module: Modules, batch: Tensor | Sequence[int], methods: Iterable[Asked] | None = None
) -> list[Result]:
    """What one training step of your own modules would take by each method: bytes and FLOPs, nothing computed.

    The real schedules run on copies of the modules on torch's meta device. Your modules are not run, moved or changed,
    and no hook is called. A training step ends in mean cross-entropy of the last layer's output `[N, classes, *]`.

    Backprop and checkpointing train the modules as they are written, with what torch's CPU kernels keep (a GPU's
    attention may keep something else). The other methods train this package's layers of the same weights, which work
    in place where they can; what has no counterpart here stays as it is.

    Args:
        module: An `nn.Sequential` (nested ones are opened), `nn.ModuleList`, or list of modules that run in order.
        batch: An example input `[N, *]`, of which only shape and type are read; or its shape.
        methods: Names, or (name, options); all of `moonviz.METHODS` if left out.

    Returns:
        A `Result` marked `predicted` for each method, in order. One that cannot train these modules is `refused`, and
        names the layer and the remedy.

    Raises:
        InvalidSpec: If the order of the modules is not known, one does not take what the one before it gives, there is
            nothing to train, or a method or option is unknown.
    """
    chosen = [_options(asked) for asked in (METHODS if methods is None else methods)]
    own = own_network(module, batch)
    return [_result(own, options) for options in chosen]


def check_module(module: Modules, batch: Tensor | Sequence[int]) -> tuple[LayerCard, ...]:
    """What each of your own modules can do in a walk, and why; arguments and errors as in `estimate_module`.

    Returns:
        A card for each module that computes anything, in order; `name` is its path, `index` 0 in the stem, 1…L in the
        body that a method walks, L+1 in the head.

    Raises:
        InvalidSpec: As in `estimate_module`.
    """
    return own_network(module, batch).cards


def _options(asked: Asked) -> MethodOptions:
    name, options = (asked, {}) if isinstance(asked, str) else asked
    return method_options(name, options)


def _result(own: Own, options: MethodOptions) -> Result:
    written = options.method in AS_WRITTEN
    network, batch = (own.written, own.written_batch) if written else (own.network, own.batch)
    entrant = Entrant(options)
    ends: list[int] = []

    def dry_runs() -> None:
        if written:
            with own.fake:
                entrant.traced = finish(trace(network, options, *batch))
            return
        entrant.traced = _dry(own, options, None)
        if entrant.traced.has_fragments and any(layer.data_dependent for layer in network.body):
            ends.extend(_dry(own, options, numbers).peak_bytes for numbers in (0, most_numbers(network)))

    entrant.attempt(dry_runs)
    if entrant.traced is None or entrant.failure:
        return unfinished(entrant)
    result = measured(options, entrant.traced, network, batch)
    found = {"predicted": True, "parameter_bytes": own.parameter_bytes, "peak_bytes_range": tuple(ends) or None}
    return result.model_copy(update=found)


def _dry(own: Own, options: MethodOptions, numbers: int | None) -> Trace:
    for layer in own.network.body:
        layer.dry_numbers = numbers
    return finish(trace(own.network, options, *own.batch))
