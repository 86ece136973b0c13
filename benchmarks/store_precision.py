"""Make the stored precision reports of moonviz/data/stored_precision: run it, then commit what changed.

    python benchmarks/store_precision.py          # all of them
    python benchmarks/store_precision.py anchors  # some

Every number in them is measured here and now; the machine is written beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import moonviz
from moonviz.runs import measure_precision
from moonviz.runs.environment import set_flags
from moonviz.specs import preset
from moonviz.specs.precision import PrecisionSpec

STORED = Path(moonviz.__file__).parent / "data" / "stored_precision"
THREE = [{"name": "backprop"}, {"name": "revbackprop"}, {"name": "moonwalk-mixed"}]
ANCHORS = [{"name": "moonwalk-mixed", "options": {"anchor_every": every}} for every in (16, 8, 4, 2)]

# Name: preset, settings, and the question.
QUESTIONS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "couplings": ("digits-revnet", {"channels": 8, "batch": 32}, {"depths": [8, 32, 128], "methods": THREE}),
    "dense-gentle": ("digits-dense", {"slope": 0.5}, {"depths": [8, 16, 32, 64], "methods": THREE}),
    "dense-harsh": ("digits-dense", {"slope": 0.1}, {"depths": [4, 8, 16], "methods": THREE}),
    "anchors": (
        "digits-dense",
        {"slope": 0.1},
        {"depths": [32], "methods": [{"name": "backprop"}, {"name": "moonwalk-mixed"}, *ANCHORS]},
    ),
    "formats": (
        "digits-dense",
        {"slope": 0.5},
        {"depths": [16], "dtypes": ["float64", "float32", "float16", "bfloat16"], "methods": THREE},
    ),
}


def main() -> None:
    set_flags()
    STORED.mkdir(exist_ok=True)
    for name in sys.argv[1:] or QUESTIONS:
        network, settings, question = QUESTIONS[name]
        spec = PrecisionSpec.read(
            {"network": preset(network, **settings).model_dump(), "seeds": 5 if name != "couplings" else 3} | question
        )
        report = measure_precision(spec)
        (STORED / f"{name}.json").write_text(report.to_json() + "\n", encoding="utf-8")
        for point in report.points:
            print(name, point.label, point.depth, point.dtype, point.status, point.relative_error, point.message or "")


if __name__ == "__main__":
    main()
