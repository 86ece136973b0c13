"""A draft network as rows for the stack: what each layer is, what it means for the walk, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moonviz.building import Check, LayerFacts, Place
from moonviz.building.words import layers_of, subtitle, title
from moonviz.figures.badges import MISFIT, layer_badge
from moonviz.figures.build_headline import capital
from moonviz.figures.fields import NETWORK, form_of, forms, values_of
from moonviz.figures.folding import folded
from moonviz.figures.style import bytes_text, flops_text
from moonviz.specs import SOURCES, NetworkSpec
from moonviz.specs.layers import LayerSpec
from moonviz.specs.sources import is_own

INPUT = "input"
"""Key of the first row: the data and the network's own settings."""
_LOCAL = "Its gradient is one local step, whatever the method."


def places(network: NetworkSpec) -> list[Place]:
    """Every written layer's place, from stem to head."""
    stem = [Place(part="stem", layer=n) for n in range(len(network.stem))]
    body = [Place(part="body", block=b, layer=n) for b, one in enumerate(network.body) for n in range(len(one.layers))]
    return [*stem, *body, *(Place(part="head", layer=n) for n in range(len(network.head)))]


def payload(network: NetworkSpec, check: Check | None, **more: Any) -> dict[str, Any]:
    """What the stack is fed, as strict JSON data.

    Args:
        network: The draft.
        check: What is known of it; null while nothing is.
        **more: What else the stack wants: `ack`, `choose`, `notice`, `undo`, `redo`, `waiting`, `tick`, `probes`,
            `inside`, `hint`.
    """
    offers = check.offers if check else {}
    return {
        "rows": folded([_input(network, check), *_rows(network, check)]),
        "fields": forms(),
        "offers": {
            after: [
                {"n": n, "kind": one.kind, "words": one.says, "repair": one.repair or "", "title": one.says}
                for n, one in enumerate(listed)
            ]
            for after, listed in offers.items()
        },
        **more,
    }


def seams(network: NetworkSpec, place: Place | None, number: int = 0) -> tuple[str, str, dict[str, str] | None]:
    """Where a layer is added when a row is chosen.

    Args:
        network: The draft.
        place: Of the chosen layer; null for the input.
        number: The layer's number, as the row shows it.

    Returns:
        The key of the place after which it is added, that place in words, and the other place at a seam of two parts.
    """
    if place is None:
        stem = {"key": "stem.0.-1", "words": "to the stem"}
        if network.stem:
            return stem["key"], "first in the stem", None
        return "body.0.-1", "first in the body", stem
    if place.part == "head":
        return place.key, f"to the head, after its layer {place.layer + 1}", None
    if place.part == "stem":
        last = place.layer == len(network.stem) - 1
        body = {"key": "body.0.-1", "words": "first in the body"} if last else None
        return place.key, f"to the stem, after its layer {place.layer + 1}", body
    block = network.body[place.block]
    ends = place.layer == len(block.layers) - 1
    words = f"after layer {number}"
    if ends and place.block == len(network.body) - 1:
        return place.key, words, {"key": "head.0.-1", "words": "first in the head"}
    if ends and block.repeat > 1:
        return place.key, f"{words}, repeated with it", {"key": _behind(network, place), "words": "after the repeats"}
    return place.key, words, None


def _behind(network: NetworkSpec, place: Place) -> str:
    return Place(part="body", block=place.block, layer=len(network.body[place.block].layers)).key


def _number(network: NetworkSpec, place: Place) -> int:
    return 1 + place.layer + sum(len(one.layers) * one.repeat for one in network.body[: place.block])


def _input(network: NetworkSpec, check: Check | None) -> dict[str, Any]:
    card = SOURCES[network.data]
    # What is missing before the first layer is told, and mended, at the input.
    missing = check.problem if check and check.problem and check.problem.place.layer < 0 else None
    about = f"{card.examples:,} examples, {card.classes} classes, {network.dtype}"
    after, into, seam = seams(network, None)
    own = network.model_dump(mode="json", include={"name", "data", "batch", "dtype", "seed"})
    return _row(INPUT, "input") | {
        "title": "Input",
        "subtitle": f"{'your own data' if is_own(network.data) else network.data}, batch {network.batch:,}",
        "shape": list(card.shape),
        "reason": capital(missing.message) if missing else about,
        "badge": MISFIT.plain() if missing else None,
        "tone": MISFIT.tone if missing else "",
        "repairs": _repairs(check, missing.place, needed=True) if missing else [],
        "editable": True,
        "form": NETWORK,
        "values": values_of(own),
        "after": after,
        "into": into,
        "seam": seam,
    }


def _row(key: str, part: str) -> dict[str, Any]:
    """A row with nothing to say."""
    empty = dict.fromkeys(("shape", "badge", "group", "seam", "form"))
    texts = dict.fromkeys(("label", "title", "subtitle", "reason", "facts", "tone"), "")
    flags = dict.fromkeys(("dim", "movable", "removable", "editable", "probed"), False)
    return {"key": key, "part": part, "repairs": [], "values": {}, "above": 0, **empty, **texts, **flags}


def _rows(network: NetworkSpec, check: Check | None) -> Iterator[dict[str, Any]]:
    known = {one.place.key: one for one in check.layers} if check else {}
    problem = check.problem if check else None
    for place in places(network):
        layer, facts = layers_of(network, place)[place.layer], known.get(place.key)
        misfit = problem is not None and problem.place == place
        badge = MISFIT if misfit else layer_badge(facts, network)
        number = facts.number if facts else _number(network, place)
        after, into, seam = seams(network, place, number)
        label = place.part if place.part != "body" else f"{number:,}"
        yield _row(place.key, place.part) | {
            "label": label,
            "title": facts.title if facts else title(layer),
            "subtitle": facts.subtitle if facts else subtitle(layer),
            "shape": list(facts.out_shape) if facts and facts.out_shape else None,
            "badge": badge.plain(),
            "tone": badge.tone,
            "reason": capital(problem.message) if misfit and problem else _reason(place, facts),
            "repairs": _repairs(check, place, misfit or badge.tone == "warn"),
            "dim": facts is None,
            "movable": True,
            "removable": True,
            "above": _above(network, place),
            "editable": bool(_editable(layer)) or place.part == "body",
            "form": form_of(layer.kind),
            "values": values_of(layer.model_dump(mode="json")),
            "group": _group(network, place),
            "facts": _facts(facts),
            "probed": place.part == "body" and facts is not None and facts.capability is not None,
            "after": after,
            "into": into,
            "seam": seam,
        }


def _reason(place: Place, facts: LayerFacts | None) -> str:
    if facts is None:
        return ""
    return facts.reason or (_LOCAL if place.part != "body" else "")


def _editable(layer: LayerSpec) -> list[dict[str, Any]]:
    return forms()[form_of(layer.kind)]


def _repairs(check: Check | None, place: Place, needed: bool) -> list[dict[str, Any]]:
    listed = {one.says: n for n, one in reversed(list(enumerate(check.repairs))) if one.place == place} if check else {}
    shown = sorted((n, says) for says, n in listed.items())[: 2 if needed else 1]
    return [{"n": n, "says": says, "needed": needed and not at} for at, (n, says) in enumerate(shown)]


def _group(network: NetworkSpec, place: Place) -> dict[str, Any] | None:
    """How a row of the body belongs to a block that is repeated."""
    if place.part != "body":
        return None
    block = network.body[place.block]
    size = len(block.layers) if block.repeat > 1 else 1
    edge = "alone" if size == 1 else "top" if place.layer == 0 else "bottom" if place.layer == size - 1 else "mid"
    first = block.repeat == 1 or place.layer == 0
    return {"repeat": block.repeat, "size": size, "edge": edge, "first": first}


def _above(network: NetworkSpec, place: Place) -> int:
    """How many layers right above may be repeated together with one: those of blocks that are not repeated yet."""
    if place.part != "body":
        return 0
    count = place.layer
    for block in reversed(network.body[: place.block]):
        if block.repeat > 1:
            break
        count += len(block.layers)
    return count


def _facts(facts: LayerFacts | None) -> str:
    """A layer's numbers in one line."""
    if facts is None or facts.out_shape is None:
        return ""
    said = [f"{'×'.join(map(str, facts.in_shape))} in" if facts.in_shape else ""]
    said.append(f"{facts.parameters:,} weights" if facts.parameters else "no weights")
    if facts.residual_bytes is not None and facts.capability != "outside the walk":
        said.append(f"keeps {bytes_text(facts.residual_bytes)} on the way" if facts.residual_bytes else "keeps nothing")
    said.append(flops_text(facts.flops) if facts.flops else "")
    return " · ".join(one for one in said if one)
