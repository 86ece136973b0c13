"""Moving layers of a draft: a step up or down, or to where the pointer showed. No Streamlit here."""

from __future__ import annotations

from moonviz.building import Place, edits
from moonviz.errors import InvalidSpec
from moonviz.figures.stack import places
from moonviz.specs import NetworkSpec
from moonviz.specs.layers import LayerSpec

Edit = tuple[NetworkSpec, str | None]
"""A network after an edit, and the key of the row to choose."""
_Unit = tuple[tuple[LayerSpec, ...], int, int]
"""Layers that move together, how often they are repeated, and the block they come from."""


def step(network: NetworkSpec, place: Place, down: bool) -> Edit:
    """One place up or down. A repeated block of a single layer moves whole, and is passed in one step.

    Raises:
        InvalidSpec: If there is nothing to move past.
    """
    flat = places(network)
    at = flat.index(place)
    if _whole(network, place):
        return _carried(network, place.block, down=down)
    beyond = flat[at + 1 if down else at - 1] if 0 <= (at + 1 if down else at - 1) < len(flat) else None
    after = _out(network, place, down)
    if after is None and beyond is not None:
        after = _below(network, place, beyond) if down else _above(network, place, beyond)
    if after is None:
        raise InvalidSpec(f"there is nothing {'below' if down else 'above'} to move past")
    return _moved(network, place, after)


def drop(network: NetworkSpec, place: Place, behind: Place | None) -> Edit:
    """To the gap behind a row; null: behind the input. Between two parts the layer stays in its own.

    Raises:
        InvalidSpec: If the layer cannot stand there.
    """
    flat = places(network)
    at = flat.index(behind) if behind else -1
    follows = flat[at + 1] if at + 1 < len(flat) else None
    at_seam = behind is None or (behind.part != place.part and follows is not None and follows.part == place.part)
    if _whole(network, place):
        return _carried(network, place.block, behind=None if at_seam else behind)
    if behind is None or at_seam:
        return _moved(network, place, Place(part=follows.part if follows else "body"))
    ends = behind.part == "body" and (follows is None or (follows.part, follows.block) != ("body", behind.block))
    if ends and network.body[behind.block].repeat > 1 and place.block != behind.block:
        return _moved(network, place, _behind_block(network, behind.block))
    return _moved(network, place, behind)


def _whole(network: NetworkSpec, place: Place) -> bool:
    """Whether a place is all of a repeated block."""
    return place.part == "body" and network.body[place.block].repeat > 1 and len(network.body[place.block].layers) == 1


def _behind_block(network: NetworkSpec, block: int) -> Place:
    return Place(part="body", block=block, layer=len(network.body[block].layers))


def _out(network: NetworkSpec, place: Place, down: bool) -> Place | None:
    """Where the last or first layer of a repeated block goes when it leaves it; null where it stays inside."""
    if place.part != "body" or network.body[place.block].repeat == 1:
        return None
    if down and place.layer == len(network.body[place.block].layers) - 1:
        return _behind_block(network, place.block)
    if not down and place.layer == 0 and place.block:
        return _behind_block(network, place.block - 1)
    return None


def _below(network: NetworkSpec, place: Place, beyond: Place) -> Place:
    """Past the next layer; into a repeated block of several, as its first; into the next part, as its first."""
    if beyond.part != place.part:
        return Place(part=beyond.part)
    block = network.body[beyond.block]
    if beyond.part != "body" or beyond.block == place.block or block.repeat == 1:
        return beyond
    return Place(part="body", block=beyond.block, layer=-1 if len(block.layers) > 1 else 1)


def _above(network: NetworkSpec, place: Place, before: Place) -> Place:
    """Past the layer before; into a repeated block of several, as its last; into the part before, as its last."""
    if before.part != place.part:
        return _behind_block(network, before.block) if before.part == "body" else before
    block = network.body[before.block]
    if before.part == "body" and before.block != place.block and block.repeat > 1:
        if len(block.layers) > 1:
            return before
        return _behind_block(network, before.block - 1) if before.block else Place(part="body")
    return before.model_copy(update={"layer": before.layer - 1})


def _moved(network: NetworkSpec, place: Place, after: Place) -> Edit:
    """The network after a move, and where the layer then stands, counted along the rows."""
    flat, order = places(network), ("stem", "body", "head")

    def spot(one: Place) -> tuple[int, int, int]:
        return order.index(one.part), one.block, one.layer

    gap = sum(spot(one) <= spot(after) for one in flat)
    new = edits.move(network, place, after)
    return new, places(new)[gap - (flat.index(place) < gap)].key


def _carried(network: NetworkSpec, block: int, down: bool = False, behind: Place | str | None = "") -> Edit:
    """A repeated block moved whole: a step, or behind a place; blocks that it parts come apart.

    Args:
        network: The draft.
        block: Which block.
        down: Which way a step goes.
        behind: The place; null for the body's beginning; empty text for a step.
    """
    units = _units(network)
    at = next(n for n, unit in enumerate(units) if unit[2] == block)
    if isinstance(behind, str):
        to = at + (1 if down else -1)
    elif behind is None:
        to = 0
    elif behind.part != "body":
        raise InvalidSpec("a repeated block stays in the body")
    else:
        owner = [n for n, unit in enumerate(units) if unit[2] == behind.block]
        to = owner[min(behind.layer, len(owner) - 1)] + 1
        to -= at < to
    if not 0 <= to < len(units):
        raise InvalidSpec("a repeated block stays in the body")
    moved = units.pop(at)
    units.insert(to, moved)
    body: list[_Unit] = []
    for unit in units:
        if body and body[-1][1:] == unit[1:]:
            body[-1] = (body[-1][0] + unit[0], *unit[1:])
        else:
            body.append(unit)
    new = network.changed(
        body=[{"layers": [one.model_dump() for one in layers], "repeat": times} for layers, times, _ in body]
    )
    return new, Place(part="body", block=next(n for n, unit in enumerate(body) if unit[2] == block), layer=0).key


def _units(network: NetworkSpec) -> list[_Unit]:
    """What may be parted: repeated blocks whole, all other layers one by one."""
    units: list[_Unit] = []
    for n, block in enumerate(network.body):
        parts = [block.layers] if block.repeat > 1 else [(one,) for one in block.layers]
        units += [(part, block.repeat, n) for part in parts]
    return units
