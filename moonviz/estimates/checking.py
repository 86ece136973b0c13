"""All that is known of a draft network, for the page on which it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from moonviz.building.facts import Check, LayerFacts, Place, Repair
from moonviz.building.words import layers_of, subtitle, title
from moonviz.errors import UnsupportedPair
from moonviz.methods import require
from moonviz.networks import build
from moonviz.networks.checking import Row, Walked, walk
from moonviz.networks.offers import offers_after
from moonviz.networks.repairs import better_layers, repairs_of
from moonviz.runs.numbers import numbers
from moonviz.runs.trace import trace
from moonviz.specs.methods import METHODS, MethodOptions, method_options
from moonviz.specs.network import NetworkSpec

MOST_DRY_LAYERS = 2_048
"""The most passes through a layer in a prediction of a peak: a page that follows every edit cannot wait for more."""
OUTSIDE = "Its gradient is one local step, whatever the method."


def check(
    spec: NetworkSpec,
    after: Place | None = None,
    methods: Iterable[str] = (),
    tick: Callable[[], None] = lambda: None,
) -> Check:
    """Say what each written layer is and takes, or which one does not fit, what would mend it, and what can be added.

    Args:
        spec: The draft; it need not fit together.
        after: The place for which offers are wanted.
        methods: Those whose peaks are predicted: the slow part. Which ones refuse the network is told of every method.
        tick: Called often, so that whoever waits no longer can stop the work by raising.

    Raises:
        InvalidSpec: If there is no such method.
    """
    asked = {name: method_options(name) for name in methods}
    found = _known(spec, tick)
    walked = walk(spec)
    tick()
    offers = {after.key: offers_after(spec, walked, after)} if after else {}
    if found.problem:
        return found.model_copy(update={"offers": offers})
    able = {name: options for name, options in asked.items() if found.refusals[name] is None}
    peaks = dict.fromkeys(asked) | {name: _peak(spec, options, tick) for name, options in able.items()}
    return found.model_copy(update={"offers": offers, "peaks": peaks})


def _known(spec: NetworkSpec, tick: Callable[[], None]) -> Check:
    """All but offers and peaks, part by part, so that whoever waits no longer is heard in between."""
    walked = walk(spec)
    tick()
    repairs = _repairs(spec)
    tick()
    layers = _layers(spec)
    tick()
    refusals = {} if walked.problem else _refusals(spec)
    return Check(
        network=spec.model_dump(mode="json"),
        layers=layers,
        problem=walked.problem,
        repairs=repairs,
        refusals=dict(refusals),
    )


# A page asks of one draft for one after the other: facts, offers elsewhere, peaks.
@lru_cache(maxsize=8)
def _repairs(spec: NetworkSpec) -> tuple[Repair, ...]:
    walked = walk(spec)
    return repairs_of(spec, walked) if walked.problem else better_layers(spec, walked)


@lru_cache(maxsize=8)
def _layers(spec: NetworkSpec) -> tuple[LayerFacts, ...]:
    return tuple(_facts(spec, walk(spec)))


def _peak(spec: NetworkSpec, options: MethodOptions, tick: Callable[[], None]) -> int | None:
    """Predicted peak bytes of a step; null where it takes too long to predict."""
    layers = sum(len(block.layers) * block.repeat for block in spec.body)
    # forward mode pushes each layer's tangents through all layers behind it
    if (layers**2 if options.method == "forward" else layers) > MOST_DRY_LAYERS:
        return None
    network = build(spec, "meta")
    records = trace(network, options, *network.batch())
    while True:
        tick()
        try:
            next(records)
        except StopIteration as end:
            return end.value.peak_bytes


@lru_cache(maxsize=8)
def _refusals(spec: NetworkSpec) -> dict[str, str | None]:
    """Why each method cannot train a network that fits together; null where it can."""
    network = build(spec, "meta")
    refusals: dict[str, str | None] = {}
    for name in METHODS:
        try:
            require(method_options(name), network)
        except UnsupportedPair as error:
            refusals[name] = str(error)
        else:
            refusals[name] = None
    return refusals


def _facts(spec: NetworkSpec, walked: Walked) -> Iterator[LayerFacts]:
    rows: list[Row | None] = [*walked.rows, *[None] * (2 + len(spec.body) - len(walked.rows))]
    yield from _of_row(spec, Place(part="stem"), rows[0], 0)
    # the halves of a body that begins with a coupling are made by the stem
    start = rows[1]
    number = 0 if start and start.glued[:1] == (True,) and start.first[0].takes_pair else 1
    for at, (block, row) in enumerate(zip(spec.body, rows[1:-1], strict=True)):
        yield from _of_row(spec, Place(part="body", block=at), row, number)
        number += row.modules if row and not row.misfit else len(block.layers) * block.repeat
    yield from _of_row(spec, Place(part="head"), rows[-1], number)


def _of_row(spec: NetworkSpec, start: Place, row: Row | None, number: int) -> Iterator[LayerFacts]:
    """The facts of the layers of a part or block, whose first module has this number."""
    inside = start.part == "body"
    for at, layer in enumerate(layers_of(spec, start)):
        place = start.model_copy(update={"layer": at})
        judged = row.first[at] if row and at < len(row.first) else None
        if judged is None:
            yield LayerFacts(place=place, number=number + inside * at, title=title(layer), subtitle=subtitle(layer))
            continue
        number += row.glued[at] if inside else 0
        weakest = row.weakest[at] if inside else judged
        taken = numbers(layer, judged.in_shape, spec.batch, spec.dtype)
        most = taken if weakest is judged else numbers(layer, weakest.in_shape, spec.batch, spec.dtype)
        later = "" if weakest is judged else "In a later repeat: "
        yield LayerFacts(
            place=place,
            number=number + inside * at,
            title=title(layer, judged.in_shape),
            subtitle=subtitle(layer),
            in_shape=judged.in_shape,
            out_shape=judged.out_shape,
            parameters=judged.parameters,
            residual_bytes=taken.residual_bytes if inside else None,
            fragment=most.fragment if inside else None,
            flops=taken.flops,
            capability=weakest.capability if inside else "outside the walk",
            reason=later + weakest.reason if inside else OUTSIDE,
        )
