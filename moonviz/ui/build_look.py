"""A look inside a layer of the draft: its Jacobian, measured; where that is too large, of its small twin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moonviz.building import Check, LayerFacts
from moonviz.building.small import small_twin
from moonviz.building.words import layers_of
from moonviz.figures.inside import inside, inside_words
from moonviz.jobs.engine import Final
from moonviz.jobs.messages import Cancelled, Failed, Probe, ProbeLayer, ResultMessage
from moonviz.probing import LayerProbe
from moonviz.ui.engine import engine
from moonviz.ui.state import Tab


@dataclass
class Look:
    """A look inside a layer.

    Attributes:
        key: The layer's row.
        job: Who measures.
        shown: What the stack shows.
        facts: What is known of the layer.
        twin: Whether it is the same layer on a smaller input that is looked at.
        done: Whether it was measured.
    """

    key: str
    job: str
    shown: dict[str, Any]
    facts: LayerFacts
    twin: bool = False
    done: bool = False


def look_inside(here: Tab, check: Check | None, key: str) -> Look | None:
    """Have the Jacobian of a layer measured; null where nothing is known of it."""
    facts = next((one for one in check.layers if one.place.key == key), None) if check else None
    if facts is None:
        return None
    job = engine().submit(Probe(network=here.draft.present, number=facts.number), here.id)
    return Look(key, job, inside_words(key, "Measuring the Jacobian at the first example of the batch."), facts)


def looked(here: Tab, look: Look | None) -> bool:
    """Hear what was measured. Returns whether it still is."""
    if look is None or look.done:
        return False
    end = engine().final(look.job)
    if end is None:
        return True
    if isinstance(end, Failed) and not look.twin and (job := _of_twin(here, look)):
        look.twin, look.job = True, engine().submit(job, here.id)
        return True
    look.done = True
    if isinstance(end, ResultMessage):
        probe = LayerProbe.model_validate(end.data)
        look.shown = inside(probe, look.key, look.facts if look.twin else None)
    else:
        look.shown = inside_words(look.key, said(end))
    return False


def _of_twin(here: Tab, look: Look) -> ProbeLayer | None:
    """A look at the same layer on a smaller input, where it has one."""
    place, shape = look.facts.place, look.facts.in_shape
    layer = layers_of(here.draft.present, place)[place.layer]
    twin = small_twin(layer, shape) if shape else None
    return ProbeLayer(layer=twin[0], in_shape=twin[1]) if twin else None


def said(end: Final) -> str:
    """Why a job gave nothing."""
    return "It was stopped." if isinstance(end, Cancelled) else end.error.message
