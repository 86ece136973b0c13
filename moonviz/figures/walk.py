"""What the walk's view is fed: a walk with the sentence and formula of each event. Plain data, strict JSON."""

from __future__ import annotations

import re
from typing import Any

from moonviz.figures.badges import SIGNS
from moonviz.figures.captions import Speaker
from moonviz.figures.playing_sweeps import sweep_starts
from moonviz.specs.methods import MethodOptions
from moonviz.walking import Frame, LayerAt, WalkPage, WalkSpec

AT_INPUT = {
    "forward": "The input goes in.",
    "tangent": "Start at the input.",
    "reverse": "Back at the input: the walk ends.",
    "advance": "Start once more at the input.",
}
"""Walks have no stem, so the first and last step are only that."""
PLACE = re.compile(r"\{i([+-]\d+)?\}")


def walk_payload(page: WalkPage) -> dict[str, Any]:
    """A walk for the component.

    Attributes of the result: `id` (changes with anything but input and weights), `method`, `label`, `exact`, `apart`,
    `x`, `target`, `layers`, `quantities`, `frames`, `sweeps` (first event and words), `grid`, `peak` in bytes.
    """
    spec = WalkSpec.read(page.spec)
    options = spec.method.resolved
    last = page.layers[-1].card.index
    speaker = Speaker(options, last, (page.layers[0].card, *(layer.card for layer in page.layers)))
    records = [frame.record for frame in page.frames]
    said = [speaker.words(key) for key in speaker.keys(records)]
    return {
        "id": walk_id(spec),
        "network": spec.network.name,
        "method": options.method,
        "label": page.label,
        "exact": page.exact,
        "apart": page.apart,
        "x": spec.x,
        "target": spec.target,
        "last": last,
        "layers": [_layer(layer) for layer in page.layers],
        "quantities": page.quantities,
        "frames": [
            _frame(frame, say, formula) for frame, (say, formula) in zip(page.frames, said, strict=True)
        ],
        "sweeps": _sweeps(options, page, last),
        "grid": page.grid,
        "peak": max(frame.record.live_bytes for frame in page.frames),
        "done": speaker.done()[0],
    }  # fmt: skip


def walk_id(spec: WalkSpec) -> str:
    """The same for walks that differ only in their numbers: a place in one is a place in the other."""
    return f"{spec.network.canonical()}|{spec.method.label}|{spec.target}"


def filled(words: str, layer: int) -> str:
    """A sentence of the captions with the layer's number put in."""
    return PLACE.sub(lambda found: str(layer + int(found[1] or 0)), words)


def _layer(layer: LayerAt) -> dict[str, Any]:
    card = layer.card
    return {
        "number": card.index,
        "kind": layer.kind,
        "name": "head and loss" if layer.kind == "head" else card.kind,
        "sign": SIGNS.get(card.capability, ""),
        "capability": card.capability,
        "reason": card.reason,
        "inputs": card.in_shape[0],
        "outputs": card.out_shape[0],
        "weights": layer.weights,
        "labels": layer.labels,
        "slope": layer.slope,
        "bits": layer.bits,
    }


def _frame(frame: Frame, say: str, formula: str) -> dict[str, Any]:
    record = frame.record
    return {
        "phase": record.phase,
        "layer": record.layer,
        "loop": frame.loop,
        "say": AT_INPUT.get(record.phase, say) if record.layer == 0 else filled(say, record.layer),
        "formula": formula,
        "lines": [line.model_dump() for line in frame.lines],
        "values": frame.values,
        "held": [one.model_dump() for one in frame.held],
        "dropped": frame.dropped,
        "bytes": record.live_bytes,
    }


def _sweeps(options: MethodOptions, page: WalkPage, last: int) -> list[tuple[int, str]]:
    return [(at, words) for at, words in sweep_starts(options, [frame.record for frame in page.frames], last)]
