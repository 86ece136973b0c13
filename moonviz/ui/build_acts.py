"""What the stack tells, done to a draft. Plain data in and out: no Streamlit here, so it is tested alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moonviz.building import Check, Place, edits
from moonviz.building.history import History
from moonviz.building.reading import read_layer
from moonviz.building.words import layers_of
from moonviz.errors import InvalidSpec
from moonviz.figures.fields import with_value
from moonviz.figures.stack import INPUT, places
from moonviz.specs import NetworkSpec
from moonviz.ui.build_moves import Edit, drop, step

STALE = "The network had changed meanwhile; nothing was done. Try again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act.

    Attributes:
        history: The draft after it, with its past.
        choose: Key of the row to choose; null for the one that stands where the chosen one stood.
        notice: Why nothing was done; empty if something was.
    """

    history: History
    choose: str | None = None
    notice: str = ""


def perform(history: History, act: Mapping[str, Any], check: Check | None) -> Outcome:
    """Do what was told.

    Args:
        history: The draft.
        act: What to do: `do` and what that needs.
        check: What was on the page, for offers and repairs.
    """
    do = act.get("do")
    if do in ("undo", "redo"):
        return Outcome(history.undo() if do == "undo" else history.redo())
    try:
        network, choose = _EDITS[str(do)](history.present, act, check)
    except InvalidSpec as error:
        return Outcome(history, notice=f"{str(error)[:1].upper()}{str(error)[1:]}")
    except (KeyError, IndexError, TypeError, ValueError):
        # What was told does not fit the draft: it was told of another one.
        return Outcome(history, notice=STALE)
    return Outcome(history.then(network), choose)


def follow(before: NetworkSpec, after: NetworkSpec, chosen: str | None) -> str:
    """Key of the row that stands where the chosen one stood; of the last one where there are fewer."""
    old, new = ([INPUT, *(place.key for place in places(one))] for one in (before, after))
    at = old.index(chosen) if chosen in old else len(new)
    return new[min(at, len(new) - 1)]


def _insert(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    listed = check.offers.get(str(act["after"]), ()) if check else ()
    offer = listed[act["n"]] if act["n"] < len(listed) else None
    if offer is None or offer.kind != act["kind"]:
        raise InvalidSpec(STALE)
    after = Place.of(act["after"])
    if offer.repair:
        new = NetworkSpec.read(offer.network)
        return new, _found(network, new, offer.layer) or edits.landing(network, after).key
    return edits.insert(network, after, read_layer(offer.layer)), edits.landing(network, after).key


def _found(before: NetworkSpec, after: NetworkSpec, layer: dict[str, Any]) -> str | None:
    """Where the new layer stands: the first place from which on the two networks differ and that holds it."""
    old, new = places(before), places(after)
    wanted = read_layer(layer)
    for n, place in enumerate(new):
        at = layers_of(after, place)[place.layer]
        same = n < len(old) and layers_of(before, old[n])[old[n].layer] == at and old[n].part == place.part
        if not same and at == wanted:
            return place.key
    return None


def _repair(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    if check is None or act["n"] >= len(check.repairs):
        raise InvalidSpec(STALE)
    repair = check.repairs[act["n"]]
    return NetworkSpec.read(repair.network), None


def _remove(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    return edits.remove(network, Place.of(act["place"])), None


def _duplicate(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    place = Place.of(act["place"])
    return edits.duplicate(network, place), edits.landing(network, place).key


def _change(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    key, path = act["place"], act["path"]
    if key == INPUT:
        return edits.settings(network, **{path: act["value"]}), INPUT
    place = Place.of(key)
    layers = layers_of(network, place)
    spec = layers[place.layer].model_dump(mode="json") if 0 <= place.layer < len(layers) else {}
    return edits.change(network, place, **with_value(spec, path, act["value"])), key


def _repeat(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    """Repeat a block that is repeated already, or one layer, with some above it, as a new block."""
    place, times, above = Place.of(act["place"]), act["times"], int(act.get("above", 0))
    block = network.body[place.block] if place.part == "body" and place.block < len(network.body) else None
    if block is None or block.repeat > 1 or (len(block.layers) == 1 and not above):
        return edits.repeat(network, place.block, times), place.key
    flat = [one for one in places(network) if one.part == "body"]
    at = flat.index(place)
    first = flat[max(0, at - above)]
    grouped = edits.group(network, first, place)
    number = first.block + (first.layer > 0)
    return edits.repeat(grouped, number, times), Place(part="body", block=number, layer=min(above, at)).key


def _ungroup(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    place = Place.of(act["place"])
    return edits.ungroup(network, place.block), place.key


def _step(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    return step(network, Place.of(act["place"]), act["do"] == "down")


def _move(network: NetworkSpec, act: Mapping[str, Any], check: Check | None) -> Edit:
    behind = act["behind"]
    return drop(network, Place.of(act["place"]), None if behind == INPUT else Place.of(behind))


_EDITS: dict[str, Callable[[NetworkSpec, Mapping[str, Any], Check | None], Edit]] = {
    "insert": _insert,
    "repair": _repair,
    "remove": _remove,
    "duplicate": _duplicate,
    "change": _change,
    "repeat": _repeat,
    "ungroup": _ungroup,
    "up": _step,
    "down": _step,
    "move": _move,
}
