"""What can be added to a draft at a place: every kind of layer, with numbers that were tried there and fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from moonviz.building import edits
from moonviz.building.facts import Offer, Place
from moonviz.building.words import NAMES, title
from moonviz.errors import InvalidSpec
from moonviz.layers.base import Shape
from moonviz.networks.candidates import MOST_CHANNELS, WIDTHS, layer_at, written
from moonviz.networks.checking import Walked, walk
from moonviz.networks.repairs import as_data, working
from moonviz.specs import NetworkSpec
from moonviz.specs import layers as specs

_Made = Callable[[int, Shape], list[specs.LayerSpec]]
DEAREST = 4.0
"""What the dearest repair may cost that an offer is made with: nothing is taken away for it."""


def offers_after(network: NetworkSpec, walked: Walked, after: Place) -> tuple[Offer, ...]:
    """Every layer that can be put after a place, in the order of a menu; none behind a misfit or where no place is."""
    try:
        edits.insert(network, after, specs.ReLU())
    except InvalidSpec:  # there is no such place, or it has no room
        return ()
    shape = walked.shape_after(network, after)
    if shape is None:
        return ()
    offers = (_offer(network, walked, after, kind, shape) for kind in NAMES)
    return tuple(offer for offer in offers if offer)


def _offer(network: NetworkSpec, walked: Walked, after: Place, kind: str, shape: Shape) -> Offer | None:
    """The first of a kind's layers that fits as it is, else the first that fits with a repair."""
    place, tried = edits.landing(network, after), []
    for layer in _fitting(kind, shape):
        made = edits.insert(network, after, layer)
        found = walk(made)
        if _as_good(network, walked, made, found):
            return Offer(kind=kind, layer=_plain(layer), says=title(layer, shape), network=as_data(made))
        tried.append((layer, made, found))
    for layer, made, found in tried if walked.problem is None else ():
        for one in working(made, found):
            if one.cost < DEAREST and _there(one.network, place, layer.kind) and walk(one.network).problem is None:
                words = one.says if one.says.startswith("add") else f"with {one.says}"
                return Offer(
                    kind=kind, layer=_plain(layer), says=title(layer, shape), network=as_data(one.network), repair=words
                )
    return None


def _as_good(network: NetworkSpec, walked: Walked, made: NetworkSpec, found: Walked) -> bool:
    """Whether all fits that fitted before."""
    if found.problem is None or walked.problem is None:
        return found.problem is None
    before, now = written(network), written(made)
    if walked.problem.place not in before or found.problem.place not in now:
        return walked.problem.layer_name == found.problem.layer_name
    return len(now) - now.index(found.problem.place) <= len(before) - before.index(walked.problem.place)


def _there(network: NetworkSpec, place: Place, kind: str) -> bool:
    """Whether a layer of this kind is still at the place, or behind what was put before it."""
    order = written(network)
    at = order.index(place) if place in order else len(order)
    return any(layer_at(network, one).kind == kind for one in order[at : at + 2])


def _fitting(kind: str, shape: Shape) -> Iterator[specs.LayerSpec]:
    """Layers of a kind that may fit a shape, those first that change least."""
    channels = min(shape[0], MOST_CHANNELS)
    made = _LISTS.get(kind)
    if made:
        yield from made(channels, shape)
    elif kind in WIDTHS:
        yield edits.read_layer({"kind": kind, WIDTHS[kind]: channels})
    else:
        yield edits.read_layer({"kind": kind})


def _convs(channels: int, shape: Shape) -> list[specs.LayerSpec]:
    if len(shape) == 1:
        return []
    small = min(shape[1:]) < 3
    first = [] if small else [specs.Conv(channels=channels, bounded=True)]
    return [*first, specs.Conv(channels=channels, kernel=1, padding=0)]


def _couplings(channels: int, shape: Shape) -> list[specs.LayerSpec]:
    conv, mlp = specs.Coupling(), specs.Coupling(inside=specs.MlpInside())
    return [mlp, conv] if len(shape) == 1 else [conv, mlp]


def _squeezes(channels: int, shape: Shape) -> list[specs.LayerSpec]:
    return [specs.Squeeze(factor=factor) for factor in (2, 3, 5)] if len(shape) > 1 else []


def _pools(kind: str) -> _Made:
    def pools(channels: int, shape: Shape) -> list[specs.LayerSpec]:
        if len(shape) == 1:
            return []
        return [specs.Pool(kind=kind), specs.Pool(kind=kind, kernel=3, stride=1, padding=1)]

    return pools


def _images_only(layer: specs.LayerSpec) -> _Made:
    return lambda channels, shape: [layer] if len(shape) > 1 else []


_LISTS: dict[str, _Made] = {
    "conv": _convs,
    "coupling": _couplings,
    "squeeze": _squeezes,
    "max_pool": _pools("max_pool"),
    "mean_pool": _pools("mean_pool"),
    "conv1x1": _images_only(specs.Conv1x1()),
    "global_mean_pool": _images_only(specs.GlobalMeanPool()),
    "flatten": _images_only(specs.Flatten()),
}


def _plain(layer: specs.LayerSpec) -> dict[str, object]:
    return layer.model_dump(mode="json")
